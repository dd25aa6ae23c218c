"""The shape and mapping to use: what the person said, completed by what is recognised."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from finetune_studio.data.mapping import check_mapping
from finetune_studio.data.shapes import ROLES, Recognition, recognise, suggest
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

if TYPE_CHECKING:
    from datasets import Dataset

SAMPLE = 200
"""Rows that the shape is recognised from."""


def settle(rows: "Dataset", shape: str, mapping: Mapping[str, str]) -> Recognition:
    """The shape and mapping to use; an empty mapping where it stays open which column is meant.

    A role that the person maps to nothing (`input: ""`) is left out, whatever is recognised.

    Raises:
        RefusedError: The shape does not exist, or it has no such role, or there is no such column.
    """
    found = recognise(rows.column_names, rows.select(range(min(SAMPLE, len(rows)))).to_list())
    if shape in ("auto", found.shape) and not mapping:
        return found
    if shape == "auto":
        shape = _shape_with(mapping, found.shape)
    if shape not in ROLES:
        raise RefusedError(
            tr("There is no shape “{shape}”.").format(shape=shape),
            hint=tr("The shapes are {names}.").format(names=", ".join(ROLES)),
        )
    known = found.mapping if found.shape == shape else suggest(shape, rows.column_names)
    whole = {role: column for role, column in {**known, **mapping}.items() if column}
    check_mapping(rows.column_names, shape, whole)
    return Recognition(shape, 1.0, tr("Chosen by you."), whole)


def mapped_so_far(
    rows: "Dataset", shape: str, mapping: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The columns of a shape's roles as far as they are known, and the roles that lack theirs.

    Where nothing is open there are no such roles, and `settle` refuses neither role nor column.

    Args:
        rows: What is laid out.
        shape: One of `shapes.ROLES`; for any other, `auto` among them, nothing is open.
        mapping: The columns that the person says; one that is not there counts as none.
    """
    if shape not in ROLES:
        return dict(mapping), ()
    needed, optional = ROLES[shape]
    found = recognise(rows.column_names, rows.select(range(min(SAMPLE, len(rows)))).to_list())
    known = found.mapping if found.shape == shape else suggest(shape, rows.column_names)
    said = {role: column for role, column in {**known, **mapping}.items() if column}
    there = {role: column for role, column in said.items() if column in rows.column_names}
    lacking = [role for role in (*needed, *optional) if role in said and role not in there]
    open_ = [role for role in needed if role not in said]
    return there, (*open_, *lacking)


def _shape_with(mapping: Mapping[str, str], found: str) -> str:
    """The shape that has all the roles which the person mapped, the recognised one if it does."""
    fitting = [name for name, (need, may) in ROLES.items() if set(mapping) <= {*need, *may}]
    needing = [name for name in fitting if set(ROLES[name][0]) <= set(mapping)]
    return found if found in fitting or not fitting else (needing or fitting)[0]
