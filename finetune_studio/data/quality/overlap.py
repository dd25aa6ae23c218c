"""Which pairs of rows are truly alike: how many of their pieces are the same, and their digits.

Pieces are compared by 51 bits of their hashes, sorted: of two rows of 100,000 pieces, two that
differ meet with a probability of 1e-5. Knows no sketches.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from finetune_studio.data.quality.letters import SCRIPTS, Letters
from finetune_studio.data.quality.likeness import ALIKE, mixed, pieces

SHORT = 100  # letters
AT_ONCE = 4_000  # pairs whose texts are in memory; both rows' numbers fit in the upper 13 bits
TOGETHER = 1 << 20  # pieces that are compared at once
BITS = np.uint64(51)
MASK = np.uint64((1 << 51) - 1)

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Pieces:
    """The different pieces of some rows.

    Attributes:
        values: 51 bits of each, in order, of all rows one after another.
        starts: Where each row begins in `values`, and where the last one ends.
        digits: For each row a hash of its digits in their order; 0 where it is not short.
    """

    values: Array
    starts: Array
    digits: Array

    @property
    def counts(self) -> Array:
        """How many each row has."""
        return np.diff(self.starts)


def verified(candidates: Array, read: Callable[[Array], Iterator[Letters]]) -> Array:
    """The pairs that are truly alike, in their order.

    Args:
        candidates: `[pairs, 2]`, from `likeness.pairs` or `likeness.crossing`.
        read: The letters of the rows with the given numbers, ascending, in batches.
    """
    kept = [candidates[:0]]
    for start in range(0, len(candidates), AT_ONCE):
        part = candidates[start : start + AT_ONCE]
        rows, places = np.unique(part, return_inverse=True)
        kept.append(part[_alike(places.reshape(part.shape), _read(read(rows)))])
    return np.concatenate(kept)


def _read(batches: Iterator[Letters]) -> Pieces:
    values, counts, digits = [], [], []
    for found in batches:
        hashes, starts = pieces(found)
        row = np.repeat(np.arange(len(starts) - 1, dtype=np.uint64), np.diff(starts))
        every = np.sort(row << BITS | hashes >> (np.uint64(64) - BITS))
        different = every[np.concatenate([every[:1] == every[:1], every[1:] != every[:-1]])]
        values.append(different & MASK)
        counts.append(np.bincount((different >> BITS).astype(np.int64), minlength=len(starts) - 1))
        digits.append(_digits(found))
    ends = np.cumsum(np.concatenate(counts))
    return Pieces(np.concatenate(values), np.concatenate([[0], ends]), np.concatenate(digits))


def _digits(found: Letters) -> Array:
    """A hash of each short row's digits in their order."""
    flags = found.scripts == SCRIPTS.index("digits")
    bounds = np.concatenate([[0], np.cumsum(flags)])[found.starts]
    places = np.arange(bounds[-1]) - np.repeat(bounds[:-1], np.diff(bounds))
    hashes = mixed(found.points[flags] | (places.astype(np.uint64) + 1) << np.uint64(32))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(hashes)])[bounds]
    return np.where(found.counts < SHORT, np.diff(sums), np.uint64(0))


def _alike(places: Array, found: Pieces) -> Array:
    """Flags the pairs of places in `found` that are alike."""
    counts = found.counts[places]
    common = np.zeros(len(places), np.int64)
    part = np.cumsum(counts.sum(axis=1)) // TOGETHER
    for number in np.unique(part):
        own = np.flatnonzero(part == number)
        common[own] = _common(places[own], found)
    union = np.maximum(counts.sum(axis=1) - common, 1)
    same = found.digits[places]
    return np.asarray((common >= ALIKE * union) & (same[:, 0] == same[:, 1]))


def _common(places: Array, found: Pieces) -> Array:
    """How many pieces of each pair are in both rows."""
    both = []
    for side in (0, 1):
        rows = places[:, side]
        counts = found.counts[rows]
        pair = np.repeat(np.arange(len(rows)), counts)
        before = np.cumsum(counts) - counts
        within = np.arange(len(pair)) + np.repeat(found.starts[rows] - before, counts)
        both.append(pair.astype(np.uint64) << BITS | found.values[within])
    every = np.sort(np.concatenate(both))
    twice = every[1:][every[1:] == every[:-1]]
    return np.bincount((twice >> BITS).astype(np.int64), minlength=len(places))
