"""What an adapter does to the matrices of its base model: B·A·scale, and DoRA's lengths.

Knows the adapter's folder alone, not the model that it is put into.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from finetune_studio.catalog.weights import read_header
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

FILE = "adapter_model.safetensors"
PREFIX = "base_model.model."
A, B, LENGTHS = ".lora_A.weight", ".lora_B.weight", ".lora_magnitude_vector"
OTHERS = (
    *("rank_pattern", "alpha_pattern", "fan_in_fan_out", "lora_bias", "target_parameters"),
    *("megatron_config", "use_qalora"),
)
"""Settings of an adapter that change a matrix in another way."""


@dataclass(frozen=True)
class Delta:
    """What is done to one matrix `[out, in]`.

    Attributes:
        a: `[rank, in]`.
        b: `[out, rank]`.
        scale: What their product is multiplied by.
        lengths: The length that each row of the sum gets, `[out]`, for DoRA; None leaves it.
    """

    a: torch.Tensor
    b: torch.Tensor
    scale: float
    lengths: torch.Tensor | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """That of the matrix."""
        return self.b.shape[0], self.a.shape[1]

    def put(self, rows: torch.Tensor, first: int) -> None:
        """Change some whole rows `[count, in]` in fp32 where they are.

        Args:
            rows: The rows.
            first: The place of the first one in the matrix.
        """
        last = first + len(rows)
        rows.addmm_(self.b[first:last], self.a, alpha=self.scale)
        if self.lengths is not None:
            now = torch.linalg.vector_norm(rows, dim=1)
            rows.mul_((self.lengths[first:last] / now)[:, None])


@dataclass(frozen=True)
class Adapter:
    """An adapter as its folder holds it.

    Attributes:
        deltas: By the name of the tensor they change.
        learned: Tensors that were learned whole, such as the head of a classification: the name in
            the model, and the name in the file.
    """

    deltas: dict[str, Delta]
    learned: dict[str, str]


def read_adapter(folder: Path) -> Adapter | None:
    """The adapter of a folder; None where it does something else to the model, too."""
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    if any(config.get(name) for name in OTHERS) or config.get("bias", "none") != "none":
        return None
    if config.get("peft_type") != "LORA":
        return None
    heads = tuple(config.get("modules_to_save") or ())
    found: dict[str, dict[str, torch.Tensor]] = {}
    learned = {}
    with safe_open(folder / FILE, framework="pt") as opened:
        for key in opened.keys():  # noqa: SIM118  (no mapping)
            name, part = _divided(key)
            if part:
                found.setdefault(f"{name}.weight", {})[part] = opened.get_tensor(key).float()
            elif name.rpartition(".")[0].endswith(heads) and heads:
                learned[name] = key
            else:
                return None
    wanted = {A, B, LENGTHS} if config.get("use_dora") else {A, B}
    if any(set(each) != wanted for each in found.values()):
        return None
    scale = scale_of(config)
    deltas = {n: Delta(each[A], each[B], scale, each.get(LENGTHS)) for n, each in found.items()}
    return Adapter(deltas, learned)


def _divided(key: str) -> tuple[str, str]:
    """The module that a tensor of the adapter belongs to, and which of its parts it is."""
    name = key.removeprefix(PREFIX)
    part = next((each for each in (A, B, LENGTHS) if key.endswith(each)), "")
    return name.removesuffix(part), part


def scale_of(config: dict[str, Any]) -> float:
    """What an adapter's product is multiplied by: alpha / rank, or alpha / √rank for rsLoRA."""
    rank = config["r"]
    return float(config["lora_alpha"] / (math.sqrt(rank) if config.get("use_rslora") else rank))


def check_adapter(folder: Path) -> None:
    """Look whether an adapter is whole.

    Raises:
        RefusedError: Its file is torn, or holds values that are no numbers.
    """
    file = folder / FILE
    try:
        read_header(file)
    except RefusedError as error:
        raise _damaged(file, error.detail.rstrip(".")) from error
    with safe_open(file, framework="pt") as opened:
        for name in opened.keys():  # noqa: SIM118  (no mapping)
            if not torch.isfinite(opened.get_tensor(name)).all():
                raise _damaged(file, tr("it holds values that are no numbers"))


def _damaged(file: Path, why: str) -> RefusedError:
    return RefusedError(
        tr("The adapter of this run is damaged."),
        tr("“{name}”: {why}.").format(name=file.name, why=why),
        tr("Take it from a checkpoint of the run again, or train again."),
    )
