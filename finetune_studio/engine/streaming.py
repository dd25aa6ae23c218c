"""Merges a LoRA adapter tensor by tensor: read one, add B·A·scale in fp32, write it.

What is in memory is a few tensors, never the model, so that a model of any size is merged in the
time the disk takes. Only where each adapter matrix has its own tensor in the base model's files;
`plan` says None elsewhere, and the model is loaded whole (merge.py).
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from finetune_studio.catalog.weights import INDEX, Tensor, read_header, weight_files
from finetune_studio.engine.shards import Entry, write_shards
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

PREFIX = "base_model.model."
PARTS = (".lora_A.weight", ".lora_B.weight")
FLOATS = {"F64", "F32", "F16", "BF16"}
LARGEST_FP16 = torch.finfo(torch.float16).max
Pairs = dict[str, tuple[torch.Tensor, torch.Tensor]]


@dataclass(frozen=True)
class Source:
    """A tensor of the base model, and the file it is in."""

    file: Path
    tensor: Tensor


@dataclass(frozen=True)
class Plan:
    """What is to be written.

    Attributes:
        sources: Every tensor of the base model, in the order of its files.
        pairs: `A` `[rank, in]` and `B` `[out, rank]` by the name of the tensor they change.
        scale: What their product is multiplied by.
    """

    sources: list[Source]
    pairs: Pairs
    scale: float

    def entries(self, dtype: torch.dtype) -> list[Entry]:
        """Names, types and shapes as they will be written.

        A tensor that the base model keeps in fp32 among 16-bit ones stays so: it was meant.
        """
        counts: dict[str, int] = {}
        for each in self.sources:
            counts[each.tensor.dtype] = counts.get(each.tensor.dtype, 0) + each.tensor.count
        main = max(counts, key=lambda name: counts[name])
        return [
            Entry(
                each.tensor.name,
                dtype if _changes(each.tensor.dtype, main) else None,
                each.tensor.dtype,
                each.tensor.shape,
            )
            for each in self.sources
        ]

    def values(self, entries: list[Entry]) -> Iterator[torch.Tensor]:
        """The merged tensors, in order."""
        opened: tuple[Path, Any] | None = None
        for source, entry in zip(self.sources, entries, strict=True):
            if opened is None or opened[0] != source.file:
                opened = (source.file, safe_open(source.file, framework="pt"))
            value = opened[1].get_tensor(entry.name)
            if entry.name in self.pairs:
                value = _added(value, *self.pairs[entry.name], self.scale)
            if entry.dtype is torch.float16:
                _refuse_too_large(entry.name, value)
            yield value if entry.dtype is None else value.to(entry.dtype)


def plan(base: Path, adapter: Path) -> Plan | None:
    """How to merge the adapter of a folder into the base model's files; None where it cannot be so.

    Raises:
        RefusedError: The adapter was trained on another model.
    """
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    if not _is_plain(config) or _brings_code(base):
        return None
    pairs = read_pairs(adapter)
    sources = _sources(base)
    shapes = {each.tensor.name: each for each in sources}
    if pairs is None or not set(pairs) <= set(shapes):
        return None
    for name, (a, b) in pairs.items():
        if shapes[name].tensor.dtype not in FLOATS:
            return None
        if shapes[name].tensor.shape != (b.shape[0], a.shape[1]):
            raise RefusedError(
                tr("The base model is not the one that this run was trained on."),
                tr("The adapter in {folder} does not fit it.").format(folder=adapter),
                tr("Bring back the model that the run's recipe.yaml names, or train again."),
            )
    return Plan(sources, pairs, scale_of(config))


def whole(folder: Path) -> Plan:
    """How to write a model that needs no merging in another type."""
    return Plan(_sources(folder), {}, 0.0)


def write(planned: Plan, folder: Path, dtype: torch.dtype) -> None:
    """Write the weights, in shards with an index where they are many.

    Raises:
        RefusedError: A value is too large for fp16.
        OSError: The disk is full.
    """
    entries = planned.entries(dtype)
    write_shards(folder, entries, planned.values(entries))


def check_adapter(adapter: Path) -> None:
    """Look whether an adapter is whole.

    Raises:
        RefusedError: Its file is torn, or holds values that are no numbers.
    """
    file = adapter / "adapter_model.safetensors"
    try:
        read_header(file)
    except RefusedError as error:
        raise damaged_adapter(file, error.detail.rstrip(".")) from error
    with safe_open(file, framework="pt") as opened:
        for name in opened.keys():  # noqa: SIM118  (no mapping)
            if not torch.isfinite(opened.get_tensor(name)).all():
                raise damaged_adapter(file, tr("it holds values that are no numbers"))


def scale_of(config: dict[str, Any]) -> float:
    """What an adapter's product is multiplied by: alpha / rank, or alpha / √rank for rsLoRA."""
    rank = config["r"]
    return float(config["lora_alpha"] / (math.sqrt(rank) if config.get("use_rslora") else rank))


def read_pairs(adapter: Path) -> Pairs | None:
    """The matrices of an adapter by the tensor they change; None where it holds others too."""
    found: dict[str, dict[str, torch.Tensor]] = {}
    with safe_open(adapter / "adapter_model.safetensors", framework="pt") as opened:
        for key in opened.keys():  # noqa: SIM118  (no mapping)
            part = next((each for each in PARTS if key.endswith(each)), None)
            if part is None or not key.startswith(PREFIX):
                return None
            value = opened.get_tensor(key)
            name = key.removeprefix(PREFIX).removesuffix(part) + ".weight"
            found.setdefault(name, {})[part] = value
    if any(set(each) != set(PARTS) for each in found.values()):
        return None
    return {name: (each[PARTS[0]], each[PARTS[1]]) for name, each in found.items()}


def damaged_adapter(file: Path, why: str) -> RefusedError:
    """The refusal of an adapter that is damaged."""
    return RefusedError(
        tr("The adapter of this run is damaged."),
        tr("“{name}”: {why}.").format(name=file.name, why=why),
        tr("Take it from a checkpoint of the run again, or train again."),
    )


def _is_plain(config: dict[str, Any]) -> bool:
    """Whether nothing but a product is to be added to each matrix."""
    others = ("use_dora", "modules_to_save", "rank_pattern", "alpha_pattern", "fan_in_fan_out",
              "lora_bias", "target_parameters", "megatron_config", "use_qalora")  # fmt: skip
    if any(config.get(name) for name in others) or config.get("bias", "none") != "none":
        return False
    return bool(config.get("peft_type") == "LORA" and config.get("task_type") != "SEQ_CLS")


def _brings_code(base: Path) -> bool:
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    return bool(config.get("auto_map")) or bool(config.get("quantization_config"))


def _sources(base: Path) -> list[Source]:
    index = base / INDEX
    if index.is_file():
        places = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        files = [base / name for name in sorted(set(places.values()))]
    else:
        whole = base / "model.safetensors"
        files = [whole] if whole.is_file() else weight_files(base)
    return [Source(file, tensor) for file in files for tensor in read_header(file)]


def _changes(stored: str, main: str) -> bool:
    return stored in FLOATS and not (stored == "F32" and main in ("F16", "BF16"))


def _added(value: torch.Tensor, a: torch.Tensor, b: torch.Tensor, scale: float) -> torch.Tensor:
    return torch.addmm(value.float(), b.float(), a.float(), alpha=scale)


def _refuse_too_large(name: str, value: torch.Tensor) -> None:
    if value.abs().max() > LARGEST_FP16:
        raise RefusedError(
            tr("This model does not fit into fp16."),
            tr("“{name}” has values beyond {largest:,.0f}.").format(
                name=name, largest=LARGEST_FP16
            ),
            tr("Export it in bf16 or fp32."),
        )
