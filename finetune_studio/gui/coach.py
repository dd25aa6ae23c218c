"""What a run's figures mean, in one sentence with one action. Pure arithmetic."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from finetune_studio.runs.state import Point

RISES = 2  # evaluations in a row above the best, before overfitting is named
MARGIN = 0.005  # share by which a loss must differ to count as different
FLAT = 3  # evaluations in a row that hardly differ, before a plateau is named
BLOWN = 1.5  # times the lowest smoothed loss, above which a run diverges
SETTLES = 20  # steps in which the loss may jump about

SLOW = 0.02  # share by which the validation loss falls at most where it is called slow
AHEAD = 4.0  # times that share, by which the training loss then falls in the same steps

Kind = Literal["diverges", "overfits", "flat", "slows", "falls", "near"]


@dataclass(frozen=True)
class Remark:
    """What the coach says.

    Attributes:
        kind: What it is about: the training loss runs away; the validation loss rises, hardly
            moves, falls much more slowly than the training loss, falls, or is near its lowest.
        step: The step since when it is so, or the best one.
        value: The figure that shows it.
    """

    kind: Kind
    step: int
    value: float


def remark(
    steps: Sequence[float], smooth: Sequence[float], validation: Sequence[Point]
) -> Remark | None:
    """What is to be said of a run; None while there is too little to judge.

    Args:
        steps: Steps with a loss, rising.
        smooth: The smoothed training loss at each of them.
        validation: Loss on held-out rows, by step.
    """
    return (
        _diverges(steps, smooth)
        or _overfits(validation)
        or _flat(validation)
        or _slows(steps, smooth, validation)
        or _falls(validation)
    )


def _diverges(steps: Sequence[float], smooth: Sequence[float]) -> Remark | None:
    if len(smooth) < SETTLES:
        return None
    lowest = min(range(len(smooth)), key=lambda index: smooth[index])
    last = smooth[-1]
    if not math.isfinite(last) or (last > BLOWN * smooth[lowest] and lowest < len(smooth) - 1):
        return Remark("diverges", int(steps[lowest]), last)
    return None


def _overfits(validation: Sequence[Point]) -> Remark | None:
    known = [(step, loss) for step, loss in validation if loss is not None]
    if len(known) <= RISES:
        return None
    best = min(range(len(known)), key=lambda index: known[index][1])
    since = known[best + 1 :]
    limit = known[best][1] * (1 + MARGIN)
    if len(since) >= RISES and all(loss > limit for _, loss in since[-RISES:]):
        return Remark("overfits", known[best][0], known[best][1])
    return None


def _flat(validation: Sequence[Point]) -> Remark | None:
    known = [(step, loss) for step, loss in validation if loss is not None][-FLAT - 1 :]
    if len(known) <= FLAT:
        return None
    losses = [loss for _, loss in known]
    if max(losses) - min(losses) <= MARGIN * abs(losses[0]):
        return Remark("flat", known[0][0], losses[-1])
    return None


def _slows(
    steps: Sequence[float], smooth: Sequence[float], validation: Sequence[Point]
) -> Remark | None:
    """Whether the training loss runs ahead: the model begins to learn its rows by heart."""
    known = [(step, loss) for step, loss in validation if loss is not None]
    if not smooth or len(known) <= RISES or known[-1] != min(known, key=lambda each: each[1]):
        return None
    (before, was), (last, now) = known[-2:]
    fell = (was - now) / abs(was or 1.0)
    trained = [smooth[bisect_right(steps, step) - 1] for step in (before, last) if step]
    if len(trained) < 2 or trained[1] >= now or not 0 <= fell <= SLOW:
        return None
    ahead = (trained[0] - trained[1]) / abs(trained[0] or 1.0)
    return Remark("slows", last, now) if ahead > AHEAD * max(fell, MARGIN) else None


def _falls(validation: Sequence[Point]) -> Remark | None:
    known = [(step, loss) for step, loss in validation if loss is not None]
    if len(known) < 2 or known[-1][1] >= known[0][1]:
        return None
    step, lowest = min(known, key=lambda each: each[1])
    return Remark("falls" if step == known[-1][0] else "near", step, lowest)
