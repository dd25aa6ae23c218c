"""One module a kind of file: each yields rows or Arrow batches, never the whole file.

A reader of rows yields `(row, size)`: the row as a dictionary, and about how many characters it
took.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from finetune_studio.data import encoding
from finetune_studio.data.files import kind_of
from finetune_studio.data.readers.objects import read_json
from finetune_studio.data.readers.plain import read_markdown, read_text
from finetune_studio.data.readers.table import read_table

BY_ROW = {
    "json": read_json,
    "table": read_table,
    "text": read_text,
    "markdown": read_markdown,
}
CHUNK_ROWS = 20_000
CHUNK_SIZE = 8 << 20  # characters; about 100 MB as Python objects


def find_encoding(path: Path) -> str:
    """The text encoding of a file; `binary` for formats that have none."""
    return encoding.detect(path) if kind_of(path) in BY_ROW else "binary"


def read_chunks(path: Path, found: str) -> Iterator[Any]:
    """The file's content in order: lists of rows, or Arrow record batches.

    Args:
        path: A readable file.
        found: Its encoding, from `find_encoding`.
    """
    kind = kind_of(path) or ""
    if kind in BY_ROW:
        yield from _in_chunks(BY_ROW[kind](path, found))
    else:
        yield from _batches(kind, path)


def read_rows(path: Path, found: str) -> Iterator[dict[str, Any]]:
    """The file's rows one by one; nothing is read beyond the row that is asked for."""
    kind = kind_of(path) or ""
    if kind in BY_ROW:
        yield from (row for row, _ in BY_ROW[kind](path, found))
    else:
        for batch in _batches(kind, path):
            yield from batch.to_pylist()


def _batches(kind: str, path: Path) -> Iterator[Any]:
    # Here, since pyarrow takes as long to import as a whole estimate of a CSV file.
    from finetune_studio.data.readers.columnar import read_arrow, read_parquet

    yield from (read_parquet if kind == "parquet" else read_arrow)(path)


def _in_chunks(rows: Iterator[tuple[dict[str, Any], int]]) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    filled = 0
    for row, size in rows:
        chunk.append(row)
        filled += size
        if filled >= CHUNK_SIZE or len(chunk) >= CHUNK_ROWS:
            yield chunk
            chunk, filled = [], 0
    if chunk:
        yield chunk
