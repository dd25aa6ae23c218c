"""The memory plan: how many bytes of a GPU a recipe needs, part by part, and whether they fit.

Counted from the model's configuration and the recipe alone: no torch, no GPU, no weights.
"""

from dataclasses import dataclass, replace
from typing import Literal

from finetune_studio.catalog.layers import Architecture
from finetune_studio.hardware.activations import WIDE
from finetune_studio.hardware.overhead import context_bytes, fragmentation_bytes, library_bytes
from finetune_studio.hardware.peak import fullest
from finetune_studio.hardware.setup import Setup
from finetune_studio.hardware.weights import (
    adapter_bytes,
    state_bytes,
    trainable_parameters,
    weight_bytes,
)

Verdict = Literal["fits", "tight", "does-not-fit"]
FITS, TIGHT = 0.9, 1.0
"""Shares of the free memory up to which a plan fits, and is tight."""


@dataclass(frozen=True)
class MemoryPlan:
    """What a run needs at its fullest moment.

    Attributes:
        parts: Bytes by what they are for: `weights`, `adapter`, `optimizer`, `gradients`,
            `activations`, `logits`, `buffers`, `libraries`, `fragmentation`, `context`.
        moment: When that is: `forward`, `loss`, `backward`, `end of backward`, `embedding` or
            `step`.
        parameters: Distinct parameters of the model.
        trainable: How many of them, or beside them, are trained.
        setup: What was planned for.
    """

    parts: dict[str, int]
    moment: str
    parameters: int
    trainable: int
    setup: Setup

    @property
    def total(self) -> int:
        """All bytes: what the driver reports as used by the run at its peak."""
        return sum(self.parts.values())

    def verdict(self, free: int) -> Verdict:
        """Whether the run fits into `free` bytes: up to 90 % it does, up to 100 % it is tight."""
        if self.total <= FITS * free:
            return "fits"
        return "tight" if self.total <= TIGHT * free else "does-not-fit"


def plan_memory(model: Architecture, setup: Setup) -> MemoryPlan:
    """Plan a run of this model.

    Raises:
        RefusedError: The recipe names layers for the adapter that the model does not have.
    """
    moment = fullest(model, setup)
    lasting = {
        "weights": weight_bytes(model, setup),
        "adapter": adapter_bytes(model, setup),
        "optimizer": state_bytes(model, setup),
    }
    passing = {
        "gradients": moment.gradients,
        "activations": moment.activations,
        "logits": moment.logits,
        "buffers": moment.buffers,
    }
    around = {
        "libraries": library_bytes(setup),
        "fragmentation": fragmentation_bytes(moment, WIDE * model.embedding, setup),
        "context": context_bytes(setup),
    }
    parts = {name: round(size) for name, size in (lasting | passing | around).items()}
    trainable = trainable_parameters(model, setup)
    return MemoryPlan(parts, moment.name, model.parameters, trainable, setup)


def layers_that_fit(model: Architecture, setup: Setup, free: int) -> int:
    """How many layers may keep their activations within 90 % of `free` bytes; 0 without room.

    Raises:
        RefusedError: The recipe names layers for the adapter that the model does not have.
    """
    fitting = 0
    for count in range(1, len(model.layers) + 1):
        kept = replace(setup, checkpointing=True, kept_layers=count)
        if plan_memory(model, kept).total > FITS * free:
            break
        fitting = count
    return fitting
