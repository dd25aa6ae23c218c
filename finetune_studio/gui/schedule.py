"""The learning rate by step, as the trainer's schedules will set it. Pure arithmetic."""

import numpy as np
from numpy.typing import NDArray

from finetune_studio.recipe.training import Schedule

DECAY_SHARE = 0.2  # of the steps, in which warm-up-stable-decay goes down
Curve = NDArray[np.float64]


def warmup_steps(ratio: float, total: int) -> int:
    """Steps over which the rate rises."""
    return round(ratio * total)


def rate(schedule: Schedule, peak: float, ratio: float, total: int, steps: Curve) -> Curve:
    """The learning rate at each of `steps`.

    Args:
        schedule: Its shape after the warm-up.
        peak: The highest rate, which the recipe calls the learning rate.
        ratio: The share of the steps spent warming up.
        total: Steps of the whole run.
        steps: Where the rate is asked for, from 0 to `total`.
    """
    warm = warmup_steps(ratio, total)
    after = np.clip((steps - warm) / max(1, total - warm), 0.0, 1.0)
    rising = steps / max(1, warm)
    return peak * np.where(steps < warm, rising, _shape(schedule, after, steps, total))


def _shape(schedule: Schedule, after: Curve, steps: Curve, total: int) -> Curve:
    if schedule == "linear":
        return 1.0 - after
    if schedule == "constant":
        return np.ones_like(after)
    if schedule == "warmup-stable-decay":
        decay = max(1, round(DECAY_SHARE * total))
        gone = np.clip((steps - (total - decay)) / decay, 0.0, 1.0)
        return 0.5 * (1.0 + np.cos(np.pi * gone))
    return 0.5 * (1.0 + np.cos(np.pi * after))
