"""A classification's guesses: the confusion table, and whether its confidence can be believed."""

from typing import Any

import numpy as np

from finetune_studio.evaluation.result import Bin, Classes, Guesses

BINS = 10

Array = np.ndarray[Any, Any]


def classes(labels: list[str], truth: Array, base: Array, tuned: Array) -> Classes:
    """More about both models' guesses.

    Args:
        labels: Their names.
        truth: `[rows]`, the right labels' numbers.
        base: `[rows, labels]`, the base model's probabilities.
        tuned: The tuned model's.
    """
    most = np.bincount(truth, minlength=len(labels)).max(initial=0)
    return Classes(
        labels=labels,
        majority=float(most / max(1, len(truth))),
        base=guesses(truth, base),
        tuned=guesses(truth, tuned),
    )


def guesses(truth: Array, probabilities: Array) -> Guesses:
    """The confusion table and the calibration of one model's guesses."""
    count = probabilities.shape[1]
    guess, confidence = probabilities.argmax(1), probabilities.max(1)
    table = np.bincount(truth * count + guess, minlength=count**2).reshape(count, count)
    places = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    bins = [_bin(n, confidence, guess == truth, places == n) for n in range(BINS)]
    apart = sum(each.rows * abs(each.confidence - each.accuracy) for each in bins)
    return Guesses(
        confusion=table.tolist(), calibration_error=float(apart / max(1, len(truth))), bins=bins
    )


def _bin(number: int, confidence: Array, right: Array, inside: Array) -> Bin:
    rows = int(inside.sum())
    return Bin(
        low=number / BINS,
        high=(number + 1) / BINS,
        rows=rows,
        confidence=float(confidence[inside].mean()) if rows else 0.0,
        accuracy=float(right[inside].mean()) if rows else 0.0,
    )
