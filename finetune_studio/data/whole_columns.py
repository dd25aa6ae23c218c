"""Columns of plain text to a task's columns, a whole Arrow batch at a time.

A value is plain where it is text whose first sign is no blank and opens no conversation written as
text. What `turns` makes of a row of such values is known without a look at each; rows with other
values are left to it. Knows nothing of what is wrong with a row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

PLAIN = r"^[^\pZ\pC\s\[<]"
"""How plain text begins (RE2): not with a blank of Python's, `[` or `<`."""
UNTRIMMED = r"^[\pZ\pC\s]|[\pZ\pC\s]$"
CHATS = {
    "question-answer": (("question", "context"), "answer"),
    "prompt-completion": (("prompt", ""), "completion"),
    "alpaca": (("instruction", "input"), "output"),
}
"""By shape: the role that asks, the one that stands beside it, and the one that answers."""
FIRST = "context"
"""What stands beside a question before it; anything else follows."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Plain:
    """The plain rows of a batch.

    Attributes:
        flags: Which rows of the batch they are.
        columns: The task's columns of these rows, as Arrow arrays.
    """

    flags: Array
    columns: dict[str, Any]


def plain(table: Any, shape: str, mapping: Mapping[str, str], kind: str) -> Plain | None:
    """The plain rows of an Arrow table; None where its columns cannot hold any.

    Args:
        table: A batch of rows as they were opened.
        shape: One of `shapes.ROLES`.
        mapping: The column of each role.
        kind: The task's kind.
    """
    if kind == "chat":
        return _chats(table, shape, mapping) if shape in CHATS else None
    roles = ("text", "label") if kind == "classify" else ("text",)
    values = {role: _text(table, mapping[role], number=role == "label") for role in roles}
    if any(each is None for each in values.values()):
        return None
    flags = _flags(values["text"], PLAIN)
    if kind == "classify":
        label = values["label"]
        flags &= _flags(label, r".") & ~_flags(label, UNTRIMMED)
    return Plain(flags, {role: each.filter(pa.array(flags)) for role, each in values.items()})


def _chats(table: Any, shape: str, mapping: Mapping[str, str]) -> Plain | None:
    (asks, beside), answers = CHATS[shape]
    values = {role: _text(table, mapping[role]) for role in mapping}
    if any(each is None for each in values.values()):
        return None
    flags = _flags(values[asks], PLAIN) & _flags(values[answers], PLAIN)
    there: dict[str, Array] = {}
    for role in {beside, "system"} & set(values):  # either may be missing
        there[role] = _flags(values[role], PLAIN)
        flags &= there[role] | _flags(pc.equal(pc.fill_null(values[role], ""), ""))
    values = {role: each.filter(pa.array(flags)) for role, each in values.items()}
    there = {role: each[flags] for role, each in there.items()}
    asked = values[asks]
    if beside in there:
        asked = _with_beside(asked, values[beside], there[beside], first=beside == FIRST)
    spoken = {"user": asked, "assistant": values[answers]}
    if "system" in there:
        spoken = {"system": values["system"], **spoken}
    return Plain(flags, {"messages": _turns(spoken, there.get("system"))})


def _with_beside(asked: Any, beside: Any, there: Array, *, first: bool) -> Any:
    """What is asked with what stands beside it, where that is there."""
    parts = (beside, asked) if first else (asked, beside)
    joined = pc.binary_join_element_wise(*parts, "\n\n", null_handling="replace")
    return pc.if_else(pa.array(there), joined, asked)


def _turns(spoken: Mapping[str, Any], with_system: Array | None) -> Any:
    """A conversation a row, of what each role says; the first role says nothing in some rows."""
    count, width = len(spoken["user"]), len(spoken)
    contents = pa.concat_arrays(list(spoken.values()))
    order = np.arange(count * width).reshape(width, count).T  # row by row
    said = np.ones(order.shape, dtype=bool)
    if with_system is not None:
        said[:, 0] = with_system
    roles = np.broadcast_to(np.arange(width), order.shape)[said]
    turns = pa.StructArray.from_arrays(
        [pa.array(list(spoken)).take(pa.array(roles)), contents.take(pa.array(order[said]))],
        names=["role", "content"],
    )
    offsets = np.concatenate([[0], np.cumsum(said.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), turns)


def _text(table: Any, column: str, *, number: bool = False) -> Any:
    """A column as one array of strings; None where it is of another type."""
    values = table[column].combine_chunks()
    if isinstance(values, pa.ChunkedArray):  # in the versions in which one chunk stays chunked
        values = pa.concat_arrays(values.chunks or [pa.array([], values.type)])
    kind = values.type
    whole = number and pa.types.is_integer(kind)
    if not (whole or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return None
    return values.cast(pa.string())


def _flags(values: Any, pattern: str = "") -> Array:
    held = pc.match_substring_regex(values, pattern) if pattern else values
    return np.asarray(held.fill_null(False).to_numpy(zero_copy_only=False), dtype=bool)
