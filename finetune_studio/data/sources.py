"""Files of a person to memory-mapped rows. Knows files and the cache, not what rows mean.

Rows are converted once, in chunks, into one Arrow file in the cache, under a name made of the
files' paths, sizes and times; memory does not grow with the data.
"""

import hashlib
import itertools
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune_studio import paths
from finetune_studio.data.containers import locate
from finetune_studio.data.readers import find_encoding, read_chunks, read_rows
from finetune_studio.data.readers.table import Ragged
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

if TYPE_CHECKING:
    from datasets import Dataset

FORMAT = 3
"""Part of the cache's names: raise it when the same file gives other rows."""


SHOWN = 10
"""Rows that fit no header, of which more is kept than their count."""
LONGEST = 300
"""Characters that are kept of one of them."""


@dataclass
class Misfits:
    """Rows of tables that do not fit their header; they are empty.

    Attributes:
        count: How many.
        rows: The numbers of the first few, from 0.
        said: What stands in them.
        line: The line of the first one in its file, from 1.
        found: How many fields that one has.
        expected: How many its header has.
    """

    count: int = 0
    rows: list[int] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    line: int = 0
    found: int = 0
    expected: int = 0

    def add(self, number: int, row: Ragged) -> None:
        """Take one more in."""
        if not self.count:
            self.line, self.found, self.expected = row.line, row.found, len(row)
        self.count += 1
        if len(self.rows) < SHOWN:
            self.rows.append(number)
            self.said.append(row.said[:LONGEST])


@dataclass(frozen=True)
class Opened:
    """Files, opened.

    Attributes:
        dataset: Their rows, memory-mapped.
        encoding: The text encodings found, joined by commas; `binary` for formats without one.
        files: The files that the rows come from, in order.
        misfits: Rows of tables that do not fit their header.
    """

    dataset: "Dataset"
    encoding: str
    files: tuple[str, ...]
    misfits: Misfits


def open_rows(files: Sequence[str]) -> Opened:
    """Open files and folders as one table of rows.

    Raises:
        RefusedError: A file is missing, empty, broken or of an unknown kind, or holds no row.
        StudioError: The cache cannot be written.
    """
    found = locate(files)
    key = _key(found)
    target = paths.cache() / "data" / f"{key}.arrow"
    about = target.with_suffix(".json")
    if not (target.is_file() and about.is_file()):
        _convert(found, target, about)
    known = json.loads(about.read_text(encoding="utf-8"))
    names = tuple(str(path) for path in found)
    return Opened(_mapped(target, key), known["encoding"], names, Misfits(**known["misfits"]))


def first_rows(files: Sequence[str], count: int) -> list[dict[str, Any]]:
    """The first rows, read from the files' beginnings alone; types are as in the file.

    Raises:
        RefusedError: As `open_rows`, as far as it is read.
    """
    found: list[dict[str, Any]] = []
    for path in locate(files):
        rows = read_rows(path, find_encoding(path))
        found.extend(itertools.islice(rows, count - len(found)))
        if len(found) >= count:
            break
    return found


def _key(found: Sequence[Path]) -> str:
    made_of = [FORMAT]
    facts = [(str(f.resolve()), f.stat().st_size, f.stat().st_mtime_ns) for f in found]
    text = json.dumps([made_of, facts])
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:24]


def _convert(found: Sequence[Path], target: Path, about: Path) -> None:
    from finetune_studio.data.arrow import write_arrow

    encodings: dict[str, None] = {}
    misfits = Misfits()
    if not write_arrow(_noting(_chunks(found, encodings), misfits), target):
        raise RefusedError(
            tr("“{name}” holds no row.").format(name=found[0].name),
            hint=tr("Choose a file with rows in it."),
        )
    part = about.with_name(f"{about.name}.{os.getpid()}.part")
    known = {"encoding": ", ".join(encodings), "misfits": asdict(misfits)}
    part.write_text(json.dumps(known), encoding="utf-8")
    os.replace(part, about)


def _noting(chunks: Iterator[Any], misfits: Misfits) -> Iterator[Any]:
    """The chunks, while rows that fit no header are noted."""
    start = 0
    for chunk in chunks:
        if isinstance(chunk, list):
            for place, row in enumerate(chunk):
                if type(row) is Ragged:
                    misfits.add(start + place, row)
        yield chunk
        start += len(chunk) if isinstance(chunk, list) else chunk.num_rows


def _chunks(found: Sequence[Path], encodings: dict[str, None]) -> Iterator[Any]:
    first: set[str] = set()
    for path in found:
        encoding = find_encoding(path)
        encodings[encoding] = None
        for chunk in read_chunks(path, encoding):
            columns = set(chunk[0]) if isinstance(chunk, list) else set(chunk.schema.names)
            if not columns:
                raise _without_columns(path)
            first = first or columns
            if not columns & first:
                raise _unlike(found[0], path, first, columns)
            yield chunk


def _without_columns(path: Path) -> RefusedError:
    return RefusedError(
        tr("The rows of “{name}” name no value.").format(name=path.name),
        hint=tr('Each row should look like {"question": "…", "answer": "…"}.'),
    )


def _unlike(first: Path, other: Path, expected: set[str], found: set[str]) -> RefusedError:
    return RefusedError(
        tr("The files do not hold the same kind of rows."),
        tr("“{first}” has the columns {expected}; “{other}” has {found}.").format(
            first=first.name,
            expected=", ".join(sorted(expected)),
            other=other.name,
            found=", ".join(sorted(found)),
        ),
        tr("Choose one of them, or give their columns the same names."),
    )


def _mapped(target: Path, key: str) -> "Dataset":
    from datasets import Dataset
    from datasets.table import MemoryMappedTable

    return Dataset(MemoryMappedTable.from_file(str(target)), fingerprint=key)
