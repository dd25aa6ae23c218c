"""The figures of a run by step, kept in plain arrays, thinned out before they are drawn.

A run of days has more points than a screen has columns: what is drawn keeps the lowest and the
highest of every column, so that no spike is lost. The smoothed loss has no spikes to keep: of it
the mean of every column is drawn, which is read, and painted, more easily.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from finetune_studio.runs.events import Metrics

Values = NDArray[np.float64]
Thinning = Callable[[Values, Values, int], tuple[Values, Values]]
NAMES = ("loss", "learning_rate", "grad_norm", "tokens_per_second", "token_accuracy")
SMOOTH = "smooth"
COLUMNS = ("step", *NAMES, SMOOTH)
SLOWEST = 20  # steps that the smoothed loss looks back on, about
PART = 0.125  # of the steps so far, that it looks back on at most: else it lags in a short run
QUICKEST = 3  # steps
FIRST = 1024  # rows
JOINED = 64  # pieces of a thinned curve, after which they are joined


class Series:
    """Figures by step, in the order they came."""

    def __init__(self) -> None:
        self._rows: Values = np.full((FIRST, len(COLUMNS)), np.nan)
        self._count = 0
        self._mean = self._mass = 0.0
        self._kept: dict[tuple[str, int], tuple[int, list[Values], list[Values]]] = {}

    def __len__(self) -> int:
        return self._count

    def add(self, metrics: Metrics) -> None:
        """Take in one step; a step that was there already takes the place of what came after."""
        if self._count and metrics.step <= self._rows[self._count - 1, 0]:
            self.cut(metrics.step - 1)
        if self._count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.full_like(self._rows, np.nan)])
        figures = (getattr(metrics, name) for name in NAMES)
        row = [metrics.step, *(math.nan if each is None else each for each in figures)]
        self._rows[self._count] = (*row, self._smooth(row[1], self._count))
        self._count += 1

    def cut(self, step: int) -> None:
        """Forget what came after a step: the trainer went back there."""
        self._kept.clear()
        self._count = int(np.searchsorted(self._rows[: self._count, 0], step, side="right"))
        self._mean = self._mass = 0.0
        first = max(0, self._count - 200)
        for index, loss in enumerate(self._rows[first : self._count, 1], first):
            self._smooth(float(loss), index)

    def line(self, name: str, columns: int) -> tuple[Values, Values]:
        """Steps and values to draw, at most about two for each of `columns` columns.

        Blocks that are full are thinned once and kept: a long run costs no more to draw again than
        what came since. The last value of all is always among them.
        """
        block = 1
        while self._count > block * max(1, columns):
            block *= 2
        at = COLUMNS.index(name)
        if block < 4:
            return thin(self._rows[: self._count, 0], self._rows[: self._count, at], self._count)
        few = averaged if name == SMOOTH else thin
        kept = self._kept.get((name, block)) or (0, [], [])
        done, xs, ys = kept
        whole = (self._count - 1) // block * block  # the newest is always told as it is
        if whole > done:
            new = self._rows[done:whole]
            x, y = few(new[:, 0], new[:, at], len(new) // block)
            xs, ys = [*xs, x], [*ys, y]
            if len(xs) > JOINED:
                xs, ys = [np.concatenate(xs)], [np.concatenate(ys)]
            self._kept[name, block] = (whole, xs, ys)
        x, y = self._newest(whole, at, few)
        return np.concatenate([*xs, x]), np.concatenate([*ys, y])

    def _newest(self, first: int, at: int, few: Thinning) -> tuple[Values, Values]:
        """What came after the last full block, in one column, and its last value."""
        rest = self._rows[first : self._count]
        rest = rest[np.isfinite(rest[:, at])]
        if not len(rest):
            return rest[:, 0], rest[:, at]
        x, y = few(rest[:-1, 0], rest[:-1, at], 1)
        return np.append(x, rest[-1, 0]), np.append(y, rest[-1, at])

    def last(self, name: str) -> float | None:
        """The newest value that is a number."""
        values = self._rows[: self._count, COLUMNS.index(name)]
        known = values[-50:][np.isfinite(values[-50:])]
        return float(known[-1]) if known.size else None

    def table(self) -> tuple[tuple[str, ...], Values]:
        """Every figure as it came: the names of the columns, and the rows."""
        return COLUMNS, self._rows[: self._count].copy()

    def _smooth(self, loss: float, before: int) -> float:
        """An exponential mean that is not drawn towards 0 at its start, nor back in a short run."""
        if math.isfinite(loss):
            new = 1 / min(SLOWEST, max(QUICKEST, PART * before))
            self._mean += new * (loss - self._mean)
            self._mass += new * (1 - self._mass)
        return self._mean / self._mass if self._mass else math.nan


def thin(x: Values, y: Values, columns: int) -> tuple[Values, Values]:
    """The lowest and the highest of each column, in the order they came.

    Args:
        x: Where, rising.
        y: The values; NaN is passed over.
        columns: Into how many columns the points are put.
    """
    known = np.isfinite(y)
    if not known.all():
        x, y = x[known], y[known]
    per = math.ceil(len(y) / max(1, columns))
    if per <= 2:
        return x.copy(), y.copy()
    whole = len(y) // per * per
    blocks = y[:whole].reshape(-1, per)
    base = np.arange(len(blocks)) * per
    picks = np.sort(np.stack([base + blocks.argmin(1), base + blocks.argmax(1)]), axis=0)
    chosen = np.unique(np.concatenate([picks.T.ravel(), np.arange(whole, len(y))]))
    return x[chosen], y[chosen]


def averaged(x: Values, y: Values, columns: int) -> tuple[Values, Values]:
    """The mean of each column, at the column's last place; arguments as of `thin`."""
    known = np.isfinite(y)
    x, y = x[known], y[known]
    per = math.ceil(len(y) / max(1, columns))
    if per <= 1:
        return x.copy(), y.copy()
    firsts = np.arange(0, len(y), per)
    lasts = np.minimum(firsts + per, len(y)) - 1
    return x[lasts], np.add.reduceat(y, firsts) / (lasts - firsts + 1)
