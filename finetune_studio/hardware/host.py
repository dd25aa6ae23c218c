"""What a run needs of the machine around the GPU: main memory and disk."""

from dataclasses import dataclass

from finetune_studio.catalog.layers import Architecture
from finetune_studio.hardware.memory import MemoryPlan
from finetune_studio.hardware.weights import trained_bytes
from finetune_studio.recipe.schema import Recipe

GIB = 2**30
PROCESS = 3 * GIB
"""A trainer with torch, transformers and the CUDA libraries loaded."""
SHARD = 5_000_000_000
"""Bytes of a weight file at most, which passes through main memory while it is loaded."""
TOKENS = 1 * GIB
"""Tokenised rows and the run's own files, generously."""


@dataclass(frozen=True)
class HostNeeds:
    """Bytes of main memory while training, and of disk afterwards."""

    ram: int
    disk: int


def host_needs(
    model: Architecture, plan: MemoryPlan, recipe: Recipe, missing_download: int
) -> HostNeeds:
    """What a run needs beside the GPU.

    Args:
        model: What is trained.
        plan: The run's memory plan.
        recipe: What the person decided.
        missing_download: Bytes of the model that are not on the disk yet.
    """
    setup = plan.setup
    stored = 2 * model.parameters
    ram = PROCESS + min(SHARD, stored) if setup.on_gpu else plan.total
    if setup.offloaded and setup.checkpointing:
        ram += setup.tokens * setup.compute_bytes * model.hidden * len(model.layers)
    if setup.optimizer.startswith("paged"):
        ram += 2 * plan.trainable
    trained = trained_bytes(setup) * plan.trainable
    states = plan.parts["optimizer"]
    kept = recipe.checkpoints.keep + 2  # the best, and the one being written before one is deleted
    result = trained + (stored if "merged" in recipe.export.formats else 0)
    disk = missing_download + kept * (trained + states) + result + TOKENS
    return HostNeeds(int(ram), int(disk))
