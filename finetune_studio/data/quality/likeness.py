"""Rows that are nearly equal: MinHash finds the pairs that may be, `overlap` decides by the texts.

Two rows are near-duplicates where the sets of their five-letter pieces share at least 0.8 of their
union (Jaccard); short rows only where their digits agree too, for “12번” is not “13번”. A row is
sketched by 64 minima. 60 of them in 12 bands bring pairs together: one as alike as 0.8 meets with a
probability of 0.99. The last byte of each minimum sorts most of the others out before texts are
read. Needs 112 bytes a row.
"""

from array import array
from typing import Any

import numpy as np

from finetune_studio.data.quality.letters import Letters

PIECE = 5
ALIKE = 0.8
BANDS, DEPTH = 12, 5
SLOTS = 64
WIDTH = BANDS + SLOTS // 4
MAYBE = 0.65
"""Pairs that agree in fewer of their minima are not looked at: 0.8 less three standard deviations
of the estimate, sqrt(0.8 * 0.2 / 64) = 0.05."""
SEED = 42
FACTORS = np.array([pow(0x9E3779B97F4A7C15, n, 1 << 64) for n in range(PIECE)], np.uint64)
BLOCK = 1 << 14  # numbers that stay in a core's own memory

Array = np.ndarray[Any, Any]


def sketch(found: Letters) -> Array:
    """The sketch of each row: `[rows, WIDTH]`, 32-bit numbers: its bands, then a byte a minimum.

    The bands of rows without letters are zero, and meet none.
    """
    from rensa import RMinHash

    hashes, starts = pieces(found)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(
        hashes, starts.astype(np.uint64), SLOTS, SEED
    )
    count = len(starts) - 1
    values = array("I")  # the quickest way out of lists
    for row in matrix.to_rows():
        values.fromlist(row)
    slots = np.frombuffer(values, np.uint32).reshape(count, SLOTS)
    banded = slots[:, : BANDS * DEPTH].reshape(count, BANDS, DEPTH).astype(np.uint64)
    key = np.zeros((count, BANDS), np.uint64)
    for place in range(DEPTH):
        key = mixed(key ^ banded[:, :, place])
    bands = (key >> np.uint64(32)).astype(np.uint32) | np.uint32(1)
    bands[np.diff(starts) == 0] = 0
    return np.concatenate([bands, slots.astype(np.uint8).view(np.uint32)], axis=1)


def pieces(found: Letters) -> "tuple[Array, Array]":
    """The hashes of each row's pieces of five letters, shorter at its end, and where rows start."""
    count = len(found.points)
    points = np.concatenate([found.points, np.zeros(PIECE, np.uint32)]).astype(np.uint64)
    hashes = points[:count].copy()
    for start in range(0, count, BLOCK):
        part = hashes[start : start + BLOCK]
        for step in range(1, PIECE):
            part += points[start + step : start + step + len(part)] * FACTORS[step]
    ends = found.starts[1:]
    for back in range(1, PIECE):  # the last pieces of a row reach into the next one: take it out
        last = ends[found.counts >= back]
        for step in range(back, PIECE):
            hashes[last - back] -= points[last - back + step] * FACTORS[step]
    for start in range(0, count, BLOCK):
        hashes[start : start + BLOCK] = mixed(hashes[start : start + BLOCK])
    return hashes, found.starts


def pairs(sketches: Array) -> Array:
    """Pairs of rows that may be alike: `[pairs, 2]`, the earlier row first, ordered by the later.

    Each row is paired with the first and the previous one that it meets.
    """
    found = [np.zeros((0, 2), np.int64)]
    for number in range(BANDS):
        keys = sketches[:, number]
        order = np.argsort(keys, kind="stable")
        order = order[keys[order] > 0]
        if not len(order):
            continue
        opens = np.concatenate([[True], keys[order][1:] != keys[order][:-1]])
        first = order[np.flatnonzero(opens)[np.cumsum(opens) - 1]]
        later = np.flatnonzero(~opens)
        found.append(np.stack([first[later], order[later]], axis=1))
        found.append(np.stack([order[later - 1], order[later]], axis=1))
    every = _likely(np.concatenate(found), sketches)
    return every[np.lexsort((every[:, 0], every[:, 1]))]


def crossing(sketches: Array, measured: Array) -> Array:
    """Pairs of a row to learn from and a measured one that may be alike: `[pairs, 2]`."""
    found = [np.zeros((0, 2), np.int64)]
    for number in range(BANDS):
        keys = sketches[:, number]
        order = np.lexsort((measured, keys))
        order = order[keys[order] > 0]
        if not len(order):
            continue
        opens = np.concatenate([[True], keys[order][1:] != keys[order][:-1]])
        first = order[np.flatnonzero(opens)[np.cumsum(opens) - 1]]
        held = ~measured[first] & measured[order]
        found.append(np.stack([first[held], order[held]], axis=1))
    return _likely(np.concatenate(found), sketches)


def leftovers(alike: Array, count: int) -> Array:
    """Flags the rows to leave out so that each of them has a twin that stays."""
    out = np.zeros(count, dtype=bool)
    for earlier, later in alike.tolist():
        if not out[earlier]:
            out[later] = True
    return out


def _likely(found: Array, sketches: Array) -> Array:
    """The different ones of the pairs whose minima mostly agree."""
    if not len(found):
        return found
    order = np.lexsort((found[:, 1], found[:, 0]))
    new = np.concatenate([[True], (np.diff(found[order], axis=0) != 0).any(axis=1)])
    every = found[order[new]]
    kept = [np.zeros((0, 2), np.int64)]
    for start in range(0, len(every), 100_000):
        part = every[start : start + 100_000]
        first, second = (
            np.ascontiguousarray(sketches[part[:, side], BANDS:]).view(np.uint8) for side in (0, 1)
        )
        kept.append(part[(first == second).mean(axis=1) >= MAYBE])
    return np.concatenate(kept)


def mixed(values: Array) -> Array:
    """Spread every bit over the whole number (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))
