"""Rows to a file a person keeps: JSON, JSONL, CSV or Parquet, by its ending.

The file appears under its name only when it is whole. CSV starts with a byte order mark, so that
spreadsheets show Hangul; lists become JSON in it.
"""

import csv
import json
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from finetune_studio.data.arrow import write_arrow
from finetune_studio.data.columns import to_text
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import tr

Rows = Iterator[dict[str, Any]]
CHUNK = 2_000


def write_rows(rows: Rows, out: Path) -> int:
    """Write the rows and return how many they were; no file is left where there are none.

    Raises:
        RefusedError: The file exists, its folder does not, or its ending is none of `WRITERS`.
        StudioError: The disk is full or not writable.
    """
    writer = writer_for(out)
    part = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        count = writer(rows, part)
        if count:
            os.replace(part, out)
    except OSError as error:
        raise StudioError(
            tr("“{name}” could not be written.").format(name=out.name),
            str(error.strerror or error),
            tr("Choose another place."),
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return count


def writer_for(out: Path) -> Callable[[Rows, Path], int]:
    """The function that writes files like `out`.

    Raises:
        RefusedError: As `write_rows`.
    """
    ending = out.suffix.lower()
    if ending not in WRITERS:
        raise RefusedError(
            tr("“{name}” ends in no format that can be written.").format(name=out.name),
            hint=tr("Give it one of the endings {names}.").format(names=", ".join(WRITERS)),
        )
    if out.exists():
        raise RefusedError(
            tr("{path} exists already.").format(path=out),
            hint=tr("Choose another name."),
        )
    if not out.absolute().parent.is_dir():
        raise RefusedError(
            tr("There is no folder “{name}”.").format(name=out.parent),
            hint=tr("Make the folder first, or choose another one."),
        )
    return WRITERS[ending]


def _jsonl(rows: Rows, part: Path) -> int:
    count = 0
    with part.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, default=to_text) + "\n")
            count += 1
    return count


def _json(rows: Rows, part: Path) -> int:
    count = 0
    with part.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write("[\n" if count == 0 else ",\n")
            file.write(json.dumps(row, ensure_ascii=False, default=to_text))
            count += 1
        file.write("\n]\n")
    return count


def _csv(rows: Rows, part: Path) -> int:
    count = 0
    with part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        for row in rows:
            if count == 0:
                writer.writerow(row)
            writer.writerow([to_text(value) for value in row.values()])
            count += 1
    return count


def _parquet(rows: Rows, part: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrow = part.with_suffix(".arrow")
    try:
        count = write_arrow(_chunks(rows), arrow)
        if count:
            with pa.memory_map(str(arrow)) as source:
                reader = pa.ipc.open_stream(source)
                with pq.ParquetWriter(part, reader.schema, compression="zstd") as writer:
                    for batch in reader:
                        writer.write_batch(batch)
    finally:
        arrow.unlink(missing_ok=True)
    return count


def _chunks(rows: Rows) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


WRITERS = {".jsonl": _jsonl, ".json": _json, ".csv": _csv, ".parquet": _parquet}
