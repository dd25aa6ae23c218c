"""Equal rows: found by a hash of what is in them, in 8 bytes a row."""

import hashlib
import unicodedata
from typing import Any

import numpy as np

from finetune_studio.data.quality.flat import Texts, whole


def hashes(texts: Texts) -> "np.ndarray[Any, Any]":
    """A 64-bit hash of each row: equal for rows that differ only in normal form or outer blanks."""
    found = (_hash(text) for text in whole(texts).to_pylist())
    return np.fromiter(found, np.uint64, texts.count)


def later_ones(keys: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """For each row whether an equal one stands before it."""
    first = np.unique(keys, return_index=True)[1]
    again = np.ones(len(keys), dtype=bool)
    again[first] = False
    return again


def _hash(text: str) -> int:
    plain = text if text.isascii() else unicodedata.normalize("NFC", text)
    made = hashlib.blake2b(plain.encode("utf-8", "replace"), digest_size=8)
    return int.from_bytes(made.digest(), "little")
