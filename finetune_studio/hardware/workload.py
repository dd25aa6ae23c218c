"""How much there is to learn from: rows, and about how many tokens a row has. Reads no tokenizer.

Small files are counted; of large ones a beginning is read and the rest inferred from their size.
"""

import itertools
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune_studio.data.containers import locate
from finetune_studio.data.readers import find_encoding, read_rows

COUNTED = 8 << 20
"""Bytes of data up to which every row is counted."""
SAMPLE = 2000
"""Rows that are read of larger data."""
HANGUL_TOKENS, OTHER_TOKENS = 0.65, 0.27
"""Tokens a character, in Hangul and elsewhere. Source: means over current tokenizers, which take
1.58 characters of Korean for a token, and about 4 of English."""
WORST_TOKENS, TEMPLATE_TOKENS = 2.1, 200
"""Tokens a character with the worst tokenizer (byte-level English on Korean: 2.09), and of a long
chat template around them."""
HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")


@dataclass(frozen=True)
class Workload:
    """What there is to learn from.

    Attributes:
        rows: How many rows.
        exact: Whether every row was read.
        lengths: About how many tokens each sampled row has, sorted.
        bound: Tokens that no sampled row exceeds, whatever the tokenizer.
    """

    rows: int
    exact: bool
    lengths: tuple[int, ...]
    bound: int

    def mean(self, limit: int) -> float:
        """Tokens of an average row, cut at `limit`."""
        return sum(min(each, limit) for each in self.lengths) / max(1, len(self.lengths))

    def cut(self, limit: int) -> float:
        """The share of rows that are cut at `limit` tokens."""
        return sum(each > limit for each in self.lengths) / max(1, len(self.lengths))


def measure(files: Sequence[str], max_rows: int = 0) -> Workload:
    """Count the rows of these files and guess their tokens.

    Args:
        files: Names of files, folders and datasets, as in a recipe.
        max_rows: Only so many rows are used; 0 uses all.

    Raises:
        RefusedError: A file is missing, empty, broken or of an unknown kind.
    """
    found = locate(files)
    size = sum(path.stat().st_size for path in found)
    stored = _stored_count(found)
    whole = size <= COUNTED
    lengths, written, longest = [], 0, 0
    for row in _rows(found) if whole else itertools.islice(_rows(found), SAMPLE):
        texts = "".join(_texts(row))
        written += len(json.dumps(row, ensure_ascii=False, default=str).encode())
        longest = max(longest, len(texts))
        lengths.append(_tokens(texts))
    rows = stored or (len(lengths) if whole else round(size / max(1, written) * len(lengths)))
    bound = round(WORST_TOKENS * longest) + TEMPLATE_TOKENS
    counted = min(rows, max_rows) if max_rows else rows
    return Workload(counted, whole, tuple(sorted(lengths)), bound)


def _stored_count(found: Sequence[Path]) -> int:
    """The rows of Parquet files, which say it themselves; 0 where there are others."""
    if any(path.suffix.lower() != ".parquet" for path in found):
        return 0
    from pyarrow import parquet

    return sum(int(parquet.read_metadata(os.fspath(path)).num_rows) for path in found)


def _rows(found: Sequence[Path]) -> Iterator[dict[str, Any]]:
    for path in found:
        yield from read_rows(path, find_encoding(path))


def _tokens(text: str) -> int:
    """About how many tokens a row with these texts has."""
    hangul = len(HANGUL.findall(text))
    return round(hangul * HANGUL_TOKENS + (len(text) - hangul) * OTHER_TOKENS) + 8


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
