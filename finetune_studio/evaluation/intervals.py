"""How sure a figure is: the bootstrap over rows, both models on the same rows. Knows no model.

Rows are drawn anew, with replacement, as often as `TIMES`; a metric is worked out each time, for
both models of the same draw, so that what makes a row hard for both cancels out (paired bootstrap;
Efron and Tibshirani 1993, ch. 13; Koehn 2004 for text metrics). An interval reaches from the 2.5th
to the 97.5th percentile. The same seed draws the same.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from finetune_studio.evaluation.result import Change, Interval, Metrics

TIMES = 1000
LEVEL = (2.5, 97.5)  # percentiles
AT_ONCE = 4_000_000  # draws that are in memory: 32 MB

Array = np.ndarray[Any, Any]
Metric = Callable[[Array], Array]
"""Weights of rows, `[times, rows]`, to values, `[times]`."""


@dataclass(frozen=True)
class Compared:
    """Both models' metrics, each with its interval, and what changed."""

    base: Metrics
    tuned: Metrics
    base_intervals: dict[str, Interval]
    tuned_intervals: dict[str, Interval]
    changes: dict[str, Change]


def compare(
    base: Mapping[str, Metric], tuned: Mapping[str, Metric], rows: int, seed: int
) -> Compared:
    """Every metric of both models over the same `rows` rows."""
    whole = np.ones((1, rows))
    drawn: dict[str, list[tuple[Array, Array]]] = {name: [] for name in base}
    for weights in draws(rows, seed):
        for name in base:
            drawn[name].append((base[name](weights), tuned[name](weights)))
    found = Compared({}, {}, {}, {}, {})
    for name, parts in drawn.items():
        first = np.concatenate([each for each, _ in parts])
        second = np.concatenate([each for _, each in parts])
        found.base[name] = float(base[name](whole)[0])
        found.tuned[name] = float(tuned[name](whole)[0])
        found.base_intervals[name] = interval(first)
        found.tuned_intervals[name] = interval(second)
        between = interval(second - first)
        change = found.tuned[name] - found.base[name]
        found.changes[name] = Change(value=change, low=between.low, high=between.high)
    return found


def draws(rows: int, seed: int) -> Iterator[Array]:
    """How often each row was drawn: `[times, rows]`, in parts that fit memory."""
    chance = np.random.default_rng(seed)
    size = max(1, AT_ONCE // max(1, rows))
    for start in range(0, TIMES, size):
        times = min(size, TIMES - start)
        chosen = chance.integers(0, rows, (times, rows))
        flat = (chosen + np.arange(times)[:, None] * rows).ravel()
        yield np.bincount(flat, minlength=times * rows).reshape(times, rows).astype(float)


def interval(values: Array) -> Interval:
    """From the 2.5th to the 97.5th percentile."""
    low, high = np.percentile(values, LEVEL)
    return Interval(low=float(low), high=float(high))


def ratio(sums: Array, counts: Array) -> Metric:
    """A metric that is a sum over rows divided by another, such as loss by tokens."""
    return lambda weights: np.asarray(weights @ sums / np.maximum(weights @ counts, 1e-12))


def mean(values: Array) -> Metric:
    """A metric that is the mean of a row's own values."""
    return ratio(values, np.ones(len(values)))


def exponential(metric: Metric) -> Metric:
    """Perplexity from a loss; what is beyond any float stays a number."""
    return lambda weights: np.exp(np.minimum(metric(weights), 700))


def macro_f1(truth: Array, guess: Array, labels: int) -> Metric:
    """The mean over the labels that occur of 2 TP / (2 TP + FP + FN)."""
    cells = truth * labels + guess

    def of(weights: Array) -> Array:
        return np.array([_macro_f1(np.bincount(cells, row, labels**2), labels) for row in weights])

    return of


def _macro_f1(counts: Array, labels: int) -> float:
    table = counts.reshape(labels, labels)
    right = np.diag(table)
    occurring = table.sum(0) + table.sum(1)
    found = occurring > 0
    return float((2 * right[found] / occurring[found]).mean()) if found.any() else 0.0
