"""Rows of any values to Arrow columns, without a crash where the types of a column differ.

A column whose values agree on a type keeps it; one that mixes types becomes text, with nested
values as JSON. Lone surrogates, which are no text, become U+FFFD.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import pyarrow as pa

from finetune_studio.data.written import sound

CLASHES = (pa.ArrowException, OverflowError, UnicodeEncodeError)


def to_table(rows: Sequence[dict[str, Any]]) -> Any:
    """The rows as a `pyarrow.Table`; a value that a row lacks is null."""
    names = dict.fromkeys(name for row in rows for name in row)
    arrays = {sound(name): to_array([row.get(name) for row in rows]) for name in names}
    return pa.table(arrays)


def of_batch(batch: Any) -> Any:
    """A record batch as a `pyarrow.Table`; what no file of ours keeps, as text."""
    table = pa.table(batch)
    for place, field in enumerate(table.schema):
        if not _is_kept(field.type):
            values = pa.array([to_text(v) for v in table[place].to_pylist()], pa.string())
            table = table.set_column(place, field.name, values)
    return table


def to_array(values: Sequence[Any]) -> Any:
    """The values as an Arrow array, of their common type or as text."""
    try:
        array = pa.array(values)
        if not _is_hollow(array.type):
            return array
    except CLASHES:
        pass
    return pa.array([to_text(value) for value in values], pa.string())


def to_text(value: Any) -> str | None:
    """A value as text: JSON for nested ones, `true` and `false`, whole numbers without a point."""
    if value is None or isinstance(value, str):
        return None if value is None else sound(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (dict, list, bool)):
        return sound(json.dumps(value, ensure_ascii=False, default=str))
    return str(value)


def common_schema(schemas: Sequence[Any]) -> Any:
    """The schema that holds the columns of all: the wider type, or text where they do not agree."""
    fields: dict[str, Any] = {}
    for schema in schemas:
        for field in schema:
            known = fields.get(field.name)
            fields[field.name] = field if known is None else _common(known, field)
    return pa.schema([pa.field(name, field.type) for name, field in fields.items()])


def cast(table: Any, schema: Any) -> Any:
    """The table with the columns and types of `schema`.

    Raises:
        pyarrow.ArrowInvalid: A number does not fit the wider type exactly.
    """
    arrays = []
    for field in schema:
        if field.name not in table.column_names:
            arrays.append(pa.nulls(table.num_rows, field.type))
            continue
        column = table[field.name]
        if column.type == field.type:
            arrays.append(column)
        elif field.type == pa.string() and not pa.types.is_null(column.type):
            arrays.append(pa.array([to_text(v) for v in column.to_pylist()], pa.string()))
        else:
            arrays.append(column.cast(field.type))
    return pa.table(arrays, schema=schema)


def as_text(schema: Any, names: set[str]) -> Any:
    """The schema with the named columns as text."""
    return pa.schema([pa.field(f.name, pa.string() if f.name in names else f.type) for f in schema])


def _common(first: Any, second: Any) -> Any:
    if first.type == second.type:
        return first
    pair = [pa.schema([pa.field(each.name, each.type)]) for each in (first, second)]
    try:
        return pa.unify_schemas(pair, promote_options="permissive").field(0)
    except pa.ArrowException:
        return pa.field(first.name, pa.string())


def _is_kept(kind: Any) -> bool:
    """Whether the cache keeps a type: not maps, unions and the like."""
    inner = [kind.field(place).type for place in range(kind.num_fields)]
    known = not pa.types.is_nested(kind) or any(
        holds(kind)
        for holds in (
            pa.types.is_struct,
            pa.types.is_list,
            pa.types.is_large_list,
            pa.types.is_fixed_size_list,
        )
    )
    return known and not pa.types.is_interval(kind) and all(map(_is_kept, inner))


def _is_hollow(kind: Any) -> bool:
    """Whether a type has an object without any name in it, which no file can keep."""
    if pa.types.is_struct(kind):
        return kind.num_fields == 0 or any(_is_hollow(field.type) for field in kind)
    return pa.types.is_list(kind) and _is_hollow(kind.value_type)
