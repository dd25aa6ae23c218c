"""Equal rows, found by a hash of what is in them, in 8 bytes a row."""

import hashlib
import unicodedata
from collections.abc import Iterable
from typing import Any

import numpy as np

from finetune_studio.data.quality.flat import Texts, whole

Array = np.ndarray[Any, Any]


def hashes(texts: Texts, seed: int = 0) -> Array:
    """A 64-bit hash of each row: equal for rows that differ only in normal form or outer blanks."""
    return hashed(whole(texts).to_pylist(), seed)


def hashed(values: Iterable[str], seed: int = 0) -> Array:
    """A 64-bit hash of each text in normal form C."""
    key = str(seed).encode()[:64]
    return np.fromiter((hash_of(value, key) for value in values), np.uint64)


def hash_of(text: str, key: bytes) -> int:
    """A 64-bit hash of a text in normal form C."""
    plain = text if text.isascii() else unicodedata.normalize("NFC", text)
    made = hashlib.blake2b(plain.encode("utf-8", "replace"), digest_size=8, key=key)
    return int.from_bytes(made.digest(), "little")


def later_ones(keys: Array) -> Array:
    """For each row whether an equal one stands before it."""
    first = np.unique(keys, return_index=True)[1]
    again = np.ones(len(keys), dtype=bool)
    again[first] = False
    return again


def in_conflict(keys: Array, labels: Array) -> Array:
    """For each row whether an equal one has another label."""
    _, place, counts = np.unique(keys, return_inverse=True, return_counts=True)
    if not (counts > 1).any():
        return np.zeros(len(keys), dtype=bool)
    several = np.flatnonzero(counts[place] > 1)
    order = several[np.lexsort((labels[several], keys[several]))]
    differs = (keys[order][1:] == keys[order][:-1]) & (labels[order][1:] != labels[order][:-1])
    bad = np.unique(keys[order][1:][differs])
    return np.isin(keys, bad)
