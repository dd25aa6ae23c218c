"""Texts as letters and digits alone: code points in one array, their scripts, and how many a row.

Case, blanks, punctuation and signs are gone, so texts that differ in them alone are equal here.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow.compute as pc

from finetune_studio.i18n import mark

FAR = 1_000_000
"""Characters of a text that are looked at: a thick book."""
SCRIPTS = (
    mark("none"),
    mark("hangul"),
    mark("latin"),
    mark("han"),
    mark("kana"),
    mark("cyrillic"),
    mark("arabic"),
    mark("other"),
    mark("digits"),
)
RANGES = {
    "hangul": ((0x1100, 0x11FF), (0x3131, 0x318E), (0xA960, 0xA97C), (0xAC00, 0xD7FB)),
    "latin": ((0x41, 0x24F), (0x1E00, 0x1EFF), (0xFF21, 0xFF5A)),
    "han": ((0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3400, 0x9FFF), (0xF900, 0xFAFF),
            (0x20000, 0x323AF)),
    "kana": ((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9D)),
    "cyrillic": ((0x400, 0x52F),),
    "arabic": ((0x600, 0x6FF), (0x750, 0x77F), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC)),
}  # fmt: skip
"""Unicode blocks by script (Unicode 16, Blocks.txt), as far as they are told apart."""


@dataclass(frozen=True)
class Letters:
    """The letters and digits of a batch of rows.

    Attributes:
        points: Their code points, of all rows one after another.
        starts: Where each row begins in `points`, and where the last one ends.
        scripts: For each code point its script's place in `SCRIPTS`.
    """

    points: "np.ndarray[Any, Any]"
    starts: "np.ndarray[Any, Any]"
    scripts: "np.ndarray[Any, Any]"

    @property
    def counts(self) -> "np.ndarray[Any, Any]":
        """How many letters and digits each row has."""
        return np.diff(self.starts)

    @property
    def script_counts(self) -> "np.ndarray[Any, Any]":
        """How many letters of each script each row has: `[rows, scripts]`."""
        width, count = len(SCRIPTS), len(self.starts) - 1
        row = np.repeat(np.arange(count), self.counts)
        return np.bincount(row * width + self.scripts, minlength=count * width).reshape(-1, width)


def letters(rows: Any) -> Letters:
    """The letters of an Arrow array of strings, one string a row; of its first `FAR` characters."""
    longest = pc.max(pc.binary_length(rows)).as_py() or 0
    lowered = pc.utf8_lower(pc.utf8_slice_codeunits(rows, 0, FAR) if longest > FAR else rows)
    sizes = pc.utf8_length(lowered).to_numpy(zero_copy_only=False)
    points = np.frombuffer(_joined(lowered).encode("utf-32-le"), np.uint32)
    scripts = _table().take(points, mode="clip")  # quicker; no code point is beyond the table
    kept = np.flatnonzero(scripts)
    starts = np.searchsorted(kept, np.concatenate([[0], np.cumsum(sizes)]))
    return Letters(points.take(kept), starts, scripts.take(kept))


def _joined(texts: Any) -> str:
    """All texts of an Arrow array as one: they lie one after another in its memory."""
    _, offsets, values = texts.buffers()
    if values is None:
        return ""
    first, last = np.frombuffer(offsets, np.int32)[[texts.offset, texts.offset + len(texts)]]
    return str(memoryview(values)[first:last], "utf-8")


@cache
def _table() -> "np.ndarray[Any, Any]":
    """The script of every code point."""
    known = np.fromiter(map(str.isalnum, map(chr, range(0x110000))), bool, 0x110000)
    digits = np.fromiter(map(str.isnumeric, map(chr, range(0x110000))), bool, 0x110000)
    table = np.where(known, SCRIPTS.index("other"), 0).astype(np.uint8)
    table[digits] = SCRIPTS.index("digits")
    for name, blocks in RANGES.items():
        for first, last in blocks:
            part = table[first : last + 1]
            part[part == SCRIPTS.index("other")] = SCRIPTS.index(name)
    return table
