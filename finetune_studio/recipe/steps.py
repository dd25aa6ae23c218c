"""Rows, batches, epochs and steps: the arithmetic that page, plan and trainer share."""

import math
from dataclasses import dataclass

from finetune_studio.recipe.schema import Recipe

CHUNK = 128 << 20
"""Bytes of 32-bit logits that a loss in chunks makes at once: enough places for a head's product
to be worth its start, few enough to be nothing beside a layer's activations."""


@dataclass(frozen=True)
class Steps:
    """The length of a run.

    Attributes:
        per_epoch: Optimiser steps in one pass over the rows.
        total: Optimiser steps of the whole run.
        batch: Effective batch size, in rows (or packed sequences) a step.
    """

    per_epoch: int
    total: int
    batch: int

    def every(self, interval: float) -> int:
        """Steps between two evaluations or checkpoints: a share of the run, or a number."""
        return interval_of(interval, self.total)


def count_steps(recipe: Recipe, rows: int, devices: int = 1) -> Steps:
    """How many steps `rows` rows (or packed sequences) make on `devices` devices."""
    training = recipe.training
    batches = math.ceil(rows / (training.batch_size * devices))
    per_epoch = max(1, math.ceil(batches / training.accumulation))
    total = training.max_steps or max(1, math.ceil(per_epoch * training.epochs))
    return Steps(per_epoch, total, training.batch_size * training.accumulation * devices)


def interval_of(interval: float, total: int) -> int:
    """Steps between two evaluations of a run of `total` steps: a share of them, or a number."""
    return max(1, round(interval * total) if interval < 1 else int(interval))


def chunk_places(vocabulary: int) -> int:
    """Places whose logits a loss in chunks makes at once."""
    return max(16, CHUNK // (4 * vocabulary))
