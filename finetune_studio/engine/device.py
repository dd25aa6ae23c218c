"""Which device computes, in which precision, and which of several processes this is."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.recipe.checks import FP8_CAPABILITY
from finetune_studio.recipe.methods import Full
from finetune_studio.recipe.schema import Recipe

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
"""The torch type of each precision that is computed in."""


@dataclass(frozen=True)
class Device:
    """The device of this process.

    Attributes:
        kind: `cuda` or `cpu`.
        index: The GPU of this process.
        rank: Which process this is; only rank 0 writes events and files.
        world: How many processes train together.
        precision: What products are computed in: bf16, fp16 or fp32.
    """

    kind: str
    index: int
    rank: int
    world: int
    precision: str

    @property
    def dtype(self) -> torch.dtype:
        """The torch type of `precision`."""
        return DTYPES[self.precision]

    @property
    def place(self) -> torch.device:
        """Where this process's tensors go."""
        return torch.device("cuda", self.index) if self.kind == "cuda" else torch.device("cpu")

    @property
    def first(self) -> bool:
        """Whether this process speaks for all."""
        return self.rank == 0


def find_device(recipe: Recipe) -> Device:
    """The device for this process, with the precision the recipe asks for or the best it has.

    bf16 needs compute capability 8.0 or a newer GPU; older ones take fp16 with loss scaling. A CPU
    computes in fp32.

    Raises:
        RefusedError: The device does not compute in what is asked for, or cannot train in it.
    """
    kind = "cuda" if torch.cuda.is_available() else "cpu"
    has_bf16 = kind == "cpu" or torch.cuda.is_bf16_supported(including_emulation=False)
    asked: str = recipe.method.base_precision
    if asked == "fp8":
        _refuse_without_fp8(kind)
    if asked in ("auto", "fp8"):
        asked = "fp32" if kind == "cpu" else "bf16" if has_bf16 else "fp16"
    _refuse(asked, kind, has_bf16, recipe)
    return Device(
        kind,
        int(os.environ.get("LOCAL_RANK", "0")),
        int(os.environ.get("RANK", "0")),
        int(os.environ.get("WORLD_SIZE", "1")),
        asked,
    )


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread computes: small pieces take less time than several threads wait for each other.

    Measured on two cores with other programs beside, pieces of half a millisecond: a third of the
    CPU time, 2.4 times the speed.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def release() -> None:
    """Give back the memory of what nobody holds any more, for other processes; the GPU's, too."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _refuse(precision: str, kind: str, has_bf16: bool, recipe: Recipe) -> None:
    """Refuse what would fail in the first step, or be emulated many times slower."""
    method = recipe.method
    if precision == "fp16" and kind == "cpu":
        why = tr("A processor does not train in fp16.")
    elif precision == "bf16" and not has_bf16:
        why = tr("This GPU does not compute in bf16.")
    elif precision == "fp16" and isinstance(method, Full) and not method.master_weights:
        raise RefusedError(
            tr("Weights held in fp16 alone cannot be trained: their gradients vanish unscaled."),
            hint=tr("Set method.master_weights to true, or choose LoRA."),
        )
    else:
        return
    raise RefusedError(why, hint=tr("Set method.base_precision to auto."))


def _refuse_without_fp8(kind: str) -> None:
    """Refuse GPUs whose products know no 8-bit floats; a CPU does the same in plain operations."""
    if kind == "cuda" and torch.cuda.get_device_capability() < FP8_CAPABILITY:
        raise RefusedError(
            tr("This GPU does not compute in 8-bit floats."),
            tr("They need compute capability 8.9, such as an RTX 40 or H100."),
            tr("Set method.base_precision to auto, or choose qlora with 8 bits."),
        )
