"""Parquet and Arrow files as record batches, as they are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from finetune_studio.data.compression import open_bytes
from finetune_studio.data.readers.limits import two_of_a_name
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

BATCH = 5_000


def read_parquet(path: Path) -> Iterator[Any]:
    """The file's record batches.

    Raises:
        RefusedError: It is cut off, damaged or no Parquet file, or two columns have one name.
    """
    try:
        with _whole(path) as source:
            for batch in pq.ParquetFile(source).iter_batches(batch_size=BATCH):
                yield _sound(batch, path)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, "Parquet", error) from error


def read_arrow(path: Path) -> Iterator[Any]:
    """The record batches of an Arrow file or stream.

    Raises:
        RefusedError: It is cut off, damaged or no Arrow file, or two columns have one name.
    """
    try:
        with _whole(path) as source:
            if source.read(6) == b"ARROW1":
                reader = pa.ipc.open_file(source)
                batches = (reader.get_batch(i) for i in range(reader.num_record_batches))
            else:
                source.seek(0)
                batches = iter(pa.ipc.open_stream(source))
            for batch in batches:
                for start in range(0, batch.num_rows, BATCH):
                    yield _sound(batch.slice(start, BATCH), path)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, "Arrow", error) from error


def _whole(path: Path) -> Any:
    if path.suffix.lower() in (".parquet", ".arrow", ".feather"):
        return pa.memory_map(str(path))
    with open_bytes(path) as file:  # both formats keep their index at the end
        return pa.BufferReader(file.read())


def _sound(batch: Any, path: Path) -> Any:
    """The batch with text that is Unicode: bytes that are none become U+FFFD."""
    names = batch.schema.names
    if len(set(names)) < len(names):
        raise two_of_a_name(path, next(name for name in names if names.count(name) > 1))
    for place, column in enumerate(batch.columns):
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            if not pa.types.is_string(column.type):
                raise
            texts = [each and each.decode("utf-8", "replace") for each in _bytes(column)]
            batch = batch.set_column(place, names[place], pa.array(texts, pa.string()))
    return batch


def _bytes(column: Any) -> list[bytes | None]:
    found: list[bytes | None] = column.cast(pa.binary()).to_pylist()
    return found


def _damaged(path: Path, kind: str, error: Exception) -> RefusedError:
    return RefusedError(
        tr("“{name}” is no whole {kind} file.").format(name=path.name, kind=kind),
        tr("It says: {why}").format(why=str(error).splitlines()[0][:200]),
        tr("Download or copy the file again."),
    )
