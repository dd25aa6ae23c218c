"""Chunks of rows to one Arrow file on disk, in the memory of a chunk.

A chunk of another type starts a new piece; pieces are brought to their common types at the end. The
file appears under its name only when it is whole.
"""

import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from finetune_studio.data.columns import as_text, cast, common_schema, of_batch, to_table
from finetune_studio.errors import StudioError
from finetune_studio.i18n import tr


def write_arrow(chunks: Iterable[Any], target: Path) -> int:
    """Write lists of rows, or Arrow record batches, to `target` as an Arrow stream.

    Returns:
        The rows written.

    Raises:
        StudioError: The disk is full or not writable.
    """
    pieces = Pieces(target)
    try:
        for chunk in chunks:
            pieces.add(to_table(chunk) if isinstance(chunk, list) else of_batch(chunk))
        return pieces.finish()
    except OSError as error:
        raise StudioError(
            tr("The rows could not be written to the cache."),
            f"{target.parent}: {error.strerror or error}",
            tr("Make room on that disk, or set FINETUNE_STUDIO_HOME to another one."),
        ) from error
    finally:
        pieces.clear()


class Pieces:
    """Arrow streams of one schema each, beside the target."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._stem = f"{target.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._schemas: list[Any] = []
        self._writer: Any = None
        self._rows = 0
        target.parent.mkdir(parents=True, exist_ok=True)

    def add(self, table: Any) -> None:
        """Append a table, to the last piece where its types fit into that."""
        fitted = self._fitted(table)
        if fitted is None:
            self._close()
            fitted = table.replace_schema_metadata(None)
            self._schemas.append(fitted.schema)
            self._writer = pa.ipc.new_stream(self._piece(len(self._schemas) - 1), fitted.schema)
        self._writer.write_table(fitted)
        self._rows += table.num_rows

    def finish(self) -> int:
        """Bring the pieces together under the target's name; returns the rows."""
        self._close()
        if not self._schemas:
            return 0
        if len(self._schemas) == 1:
            os.replace(self._piece(0), self._target)
            return self._rows
        schema = common_schema(self._schemas)
        while inexact := self._join(schema):
            schema = as_text(schema, inexact)
        os.replace(self._piece(-1), self._target)
        return self._rows

    def clear(self) -> None:
        """Delete what is left of an unfinished file."""
        self._close()
        for number in range(-1, len(self._schemas)):
            Path(self._piece(number)).unlink(missing_ok=True)

    def _piece(self, number: int) -> str:
        return str(self._target.with_name(f"{self._stem}.{number + 1}.part"))

    def _fitted(self, table: Any) -> Any:
        if self._writer is None:
            return None
        schema = self._schemas[-1]
        if common_schema([schema, table.schema]) != schema:
            return None
        try:
            return cast(table, schema)
        except pa.ArrowException:
            return None

    def _join(self, schema: Any) -> set[str]:
        """Write all pieces with one schema; returns the columns that do not fit it."""
        with pa.ipc.new_stream(self._piece(-1), schema) as writer:
            for number in range(len(self._schemas)):
                with pa.memory_map(self._piece(number)) as source:
                    for batch in pa.ipc.open_stream(source):
                        table = pa.table(batch)
                        try:
                            writer.write_table(cast(table, schema))
                        except pa.ArrowException:
                            return _inexact(table, schema)
        return set()

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _inexact(table: Any, schema: Any) -> set[str]:
    names = set()
    for field in schema:
        try:
            cast(table, pa.schema([field]))
        except pa.ArrowException:
            names.add(field.name)
    return names
