"""Where an axis has its marks, and what stands there. Pure arithmetic."""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ticks:
    """The range of an axis and its marks: place and words."""

    low: float
    high: float
    marks: tuple[tuple[float, str], ...]


def steps_axis(total: int, count: int = 4) -> Ticks:
    """An axis of steps from 0 to `total`, which is always marked."""
    total = max(1, total)
    stride = max(1, round(_nearest(total / count)))
    # One too near the end would touch its words.
    places = [place for place in range(0, total, stride) if total - place > 0.75 * stride]
    return Ticks(0, total, tuple((place, f"{place:,}") for place in (*places, total)))


def open_end(step: int) -> int:
    """Where an axis ends whose last step is not known: a little further, so that it stands still.

    It is `step` in its two first digits, rounded up.
    """
    stride = int(10 ** max(0, len(str(step)) - 2))
    return -(-step // stride) * stride


def values_axis(
    low: float,
    high: float,
    count: int = 4,
    words: Callable[[float], str] = lambda value: f"{value:g}",
) -> Ticks:
    """An axis of values that holds everything from `low` to `high`."""
    if not math.isfinite(low) or not math.isfinite(high):
        low, high = 0.0, 1.0
    if high - low < 1e-12 + 1e-6 * abs(high):
        low, high = (low - abs(low) * 0.5, high + abs(high) * 0.5) if high else (0.0, 1.0)
    stride = nice((high - low) / count)
    first, last = math.floor(low / stride + 1e-9), math.ceil(high / stride - 1e-9)
    places = [float(f"{number * stride:.6g}") for number in range(first, last + 1)]
    return Ticks(places[0], places[-1] + stride * 0.12, tuple((at, words(at)) for at in places))


def _nearest(value: float) -> float:
    """The nearest of 1, 2, 5, 10, 20 …, by their ratio."""
    above = nice(value)
    below = next(base for base in (above / 2, above / 2.5) if nice(base * 0.999) >= base * 0.9999)
    return above if above / value <= value / below else below


def nice(value: float) -> float:
    """The next of 1, 2, 5, 10, 20 … that is not smaller."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(base * power for base in (1, 2, 5, 10) if base * power >= value * (1 - 1e-9))
