"""A few rows as a task reads them, at once and without the cache: for a preview of a mapping."""

from collections.abc import Mapping, Sequence
from typing import Any

from finetune_studio.data import turns
from finetune_studio.data.mapping import FORMS, PROBLEM, Canonical
from finetune_studio.i18n import tr


def read_as(
    rows: Sequence[Mapping[str, Any]], shape: str, mapping: Mapping[str, str], kind: str
) -> list[dict[str, Any]]:
    """The rows in the task's columns, with `problem`: why a row is left out, or an empty text.

    Args:
        rows: As they stand in the files.
        shape: One of the shapes that the task can be trained on; any other gives nothing.
        mapping: The column of each role.
        kind: The task's kind.
    """
    if shape not in FORMS.get(kind, ()) or not mapping:
        return []
    columns = {name: [row.get(name) for row in rows] for name in mapping.values()}
    made = Canonical(shape, dict(mapping), kind, None)(columns)
    codes = made.pop(PROBLEM)
    problems = [tr(turns.REASONS[code]) if code else "" for code in codes]
    return [
        {**dict(zip(made, values, strict=True)), PROBLEM: problem}
        for values, problem in zip(zip(*made.values(), strict=True), problems, strict=True)
    ]
