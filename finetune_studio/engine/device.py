"""Which device computes, in which precision, and which of several processes this is."""

import os
from dataclasses import dataclass

import torch

from finetune_studio.recipe.schema import Recipe

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


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
    def first(self) -> bool:
        """Whether this process speaks for all."""
        return self.rank == 0


def find_device(recipe: Recipe) -> Device:
    """The device for this process, with the precision the recipe asks for or the best it has.

    bf16 needs compute capability 8.0 or a newer GPU; older ones take fp16 with loss scaling. A CPU
    computes in fp32.
    """
    kind = "cuda" if torch.cuda.is_available() else "cpu"
    asked = recipe.method.base_precision
    if asked == "auto":
        if kind == "cpu":
            asked = "fp32"
        else:
            asked = "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    return Device(
        kind,
        int(os.environ.get("LOCAL_RANK", "0")),
        int(os.environ.get("RANK", "0")),
        int(os.environ.get("WORLD_SIZE", "1")),
        asked,
    )
