"""How many sequences rows fill when they are packed, and how much batches waste without.

Knows lengths and counts, no tokens.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.int64]]


def best_fit(values: Sequence[int] | Array, counts: Sequence[int] | Array, length: int) -> int:
    """How many sequences of `length` hold the rows: best fit, the longest first.

    Rows are taken by length, not one by one, so that millions take no longer than thousands. The
    trainer packs 1,000 rows at a time, and so fills up to one sequence more for each thousand.
    """
    room: Counter[int] = Counter()  # sequences by the places they have left
    known: list[int] = []  # the same places, in order
    made = 0

    def add(left: int, many: int) -> None:
        if many and not room[left]:
            insort(known, left)
        room[left] += many

    pairs = zip(np.asarray(values).tolist(), np.asarray(counts).tolist(), strict=True)
    for size, many in sorted(pairs, reverse=True):
        while many and size and (at := bisect_left(known, size)) < len(known):
            left = known[at]
            each = left // size  # the fullest is filled first, so one sequence takes them all
            moved = min(many // each, room[left]) or 1
            each = min(each, many)
            room[left] -= moved
            many -= moved * each
            if not room[left]:
                known.pop(at)
            add(left - each * size, moved)
        if many and size:
            each = length // size
            whole, rest = divmod(many, each)
            add(length - each * size, whole)
            add(length - rest * size, int(rest > 0))
            made += whole + (rest > 0)
    return made


def expected_longest(values: Array, counts: Array, batch_size: int) -> float:
    """The mean length of the longest row in a batch of rows drawn at random."""
    reached = np.cumsum(counts) / counts.sum()
    share = np.diff(reached**batch_size, prepend=0.0)
    return float(values @ share)
