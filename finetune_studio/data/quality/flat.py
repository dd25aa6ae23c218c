"""The texts of canonical rows as one flat Arrow array, and back; knows nothing of what is wrong.

A row has one text, or one for each turn of its conversation.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datasets import Dataset

BATCH = 10_000
"""Rows taken at once, where they are short."""
MIXED = 5_000
"""Rows taken at once where they are picked out one by one."""
SIZE = 8 << 20
"""Bytes that the rows taken at once may have; what is worked out of them takes 50 times that."""


@dataclass(frozen=True)
class Texts:
    """The texts of a batch of rows.

    Attributes:
        values: Every text, an Arrow array of strings.
        rows: For each text the row it stands in, counted within the batch.
        roles: For each text its turn's role, an Arrow array; None where rows are no conversations.
        count: Rows in the batch.
    """

    values: Any
    rows: "np.ndarray[Any, Any]"
    roles: Any
    count: int

    def any_row(self, flags: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        """For each row whether one of its texts is flagged."""
        found = np.zeros(self.count, dtype=bool)
        found[self.rows[flags]] = True
        return found


def batches(rows: "Dataset") -> "Iterator[Any]":
    """The rows in order as Arrow tables of one chunk a column."""
    size = at_once(rows, BATCH if rows._indices is None else MIXED)
    for table in rows.with_format("arrow").iter(batch_size=size):
        yield table.combine_chunks()


def at_once(rows: "Dataset", most: int) -> int:
    """How many rows to take at once: `most`, or fewer where an average row is large."""
    average = rows.data.nbytes / max(1, rows.data.num_rows)  # of all, whichever are chosen
    return max(1, min(most, int(SIZE / max(1.0, average))))


def flatten(table: Any) -> Texts:
    """The texts of a table with a column `messages` or `text`."""
    if "messages" not in table.column_names:
        values = _one(table["text"])
        return Texts(values, np.arange(len(values)), None, len(values))
    lists = _one(table["messages"])
    turns = lists.flatten()
    parents = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    return Texts(turns.field("content"), parents, turns.field("role"), len(lists))


def replaced(table: Any, values: Any) -> Any:
    """The table with other texts, in the order and number of `flatten`."""
    if "messages" not in table.column_names:
        return _with(table, "text", values.cast(pa.string()))
    lists = _one(table["messages"])
    sizes = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    fields = [values if f.name == "content" else lists.flatten().field(f.name)
              for f in lists.type.value_type]  # fmt: skip
    turns = pa.StructArray.from_arrays(fields, fields=list(lists.type.value_type))
    made = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), turns)
    return _with(table, "messages", made.cast(lists.type))


def whole(texts: Texts) -> Any:
    """One string a row: its text, or its turns with their roles, joined by control characters."""
    trimmed = pc.utf8_trim_whitespace(texts.values)
    if texts.roles is None:
        return trimmed
    turns = pc.binary_join_element_wise(texts.roles, trimmed, "\x1f")
    sizes = np.bincount(texts.rows, minlength=texts.count)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), turns)
    return pc.binary_join(lists, "\x1e")


def _one(column: Any) -> Any:
    if isinstance(column, pa.ChunkedArray):
        return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    return column


def _with(table: Any, name: str, values: Any) -> Any:
    place = table.column_names.index(name)
    return table.set_column(place, table.schema.field(name), values)
