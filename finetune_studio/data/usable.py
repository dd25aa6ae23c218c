"""The rows that are learned from and measured on: the one way from a recipe's files to them.

The trainer, the pre-flight and the reports on data read through here, so they see the same rows.
Knows no tokenizer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finetune_studio.data.fixes import Fixed, repaired, without_leakage
from finetune_studio.data.layout import settle
from finetune_studio.data.mapping import Dropped
from finetune_studio.data.sources import open_rows
from finetune_studio.data.split import parted, sides
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.recipe.schema import Data

if TYPE_CHECKING:
    import numpy as np
    from datasets import Dataset


@dataclass(frozen=True)
class Part:
    """The rows of some files, as a task takes them.

    Attributes:
        rows: In the task's columns: `messages`, `text`, or `text` and `label`.
        numbers: For each row its number in the files, from 0.
        shape: How the files' rows are laid out.
        mapping: The column of each role.
        dropped: Rows that the task cannot use.
        fixed: What each fix of the recipe did.
    """

    rows: "Dataset"
    numbers: "np.ndarray[Any, Any]"
    shape: str
    mapping: dict[str, str]
    dropped: tuple[Dropped, ...]
    fixed: tuple[Fixed, ...]


@dataclass(frozen=True)
class Usable:
    """A recipe's rows.

    Attributes:
        train: Rows to learn from.
        validation: Rows to measure on; of no overlap with `train`.
        numbers: For each row of `train` its number in the files, from 0.
        shape: How the files' rows are laid out.
        mapping: The column of each role.
        dropped: Rows that the task cannot use, of all files.
        fixed: What each fix of the recipe did, in all files.
    """

    train: "Dataset"
    validation: "Dataset"
    numbers: "np.ndarray[Any, Any]"
    shape: str
    mapping: dict[str, str]
    dropped: tuple[Dropped, ...]
    fixed: tuple[Fixed, ...]


def read_rows(data: Data, kind: str) -> Usable:
    """Read, repair and split the rows of a recipe.

    Args:
        data: The recipe's data.
        kind: The task's kind: `chat`, `text` or `classify`.

    Raises:
        RefusedError: The files cannot be read, or hold no row that this task can use, or too few.
        StudioError: The cache cannot be written.
    """
    part = read_part(data, data.files, kind)
    train, in_files, dropped, fixed = part.rows, part.numbers, part.dropped, part.fixed
    if data.validation_files:
        apart = read_part(data, data.validation_files, kind)
        validation, numbers = apart.rows, apart.numbers
        dropped, fixed = dropped + apart.dropped, fixed + apart.fixed
    else:
        train, validation, in_files, numbers = split_part(data, part)
    validation, leaked = without_leakage(train, validation, data.fixes, numbers)
    if data.split.validation and not len(validation):
        raise RefusedError(
            tr("Every row to measure on is nearly equal to one that is learned."),
            hint=tr("Take the fix “leakage” out of data.fixes, or bring other validation files."),
        )
    return Usable(train, validation, in_files, part.shape, part.mapping, dropped, fixed + leaked)


def read_part(data: Data, files: Sequence[str], kind: str) -> Part:
    """The usable rows of some of the recipe's files, repaired and not split.

    Raises:
        RefusedError: As `read_rows`.
        StudioError: As `read_rows`.
    """
    rows = open_rows(files).dataset
    if data.max_rows:
        rows = rows.select(range(min(data.max_rows, len(rows))))
    found = settle(rows, data.shape, data.mapping)
    group = None if data.validation_files else data.split.group or None
    after, dropped = repaired(rows, found.shape, found.mapping, kind, group, data.fixes)
    left_out = sum(each.count for each in dropped)
    if left_out == len(rows):
        raise _nothing(len(rows), kind, dropped)
    if not len(after.rows):
        raise RefusedError(
            tr("The fixes leave none of the {count} rows.").format(count=len(rows) - left_out),
            hint=tr("Take fixes out of data.fixes."),
        )
    mapping = dict(found.mapping)
    return Part(after.rows, after.numbers, found.shape, mapping, tuple(dropped), after.fixed)


def split_part(
    data: Data, part: Part
) -> "tuple[Dataset, Dataset, np.ndarray[Any, Any], np.ndarray[Any, Any]]":
    """The rows to learn from, those to measure on, and the numbers of each in the files.

    Raises:
        RefusedError: There are too few rows to keep some aside.
    """
    split = data.split
    learned, measured = sides(part.rows, split.validation, split.group or None, split.seed)
    if split.validation and not (learned.any() and measured.any()):
        raise RefusedError(
            tr("{count} usable rows are too few to keep some aside.").format(count=len(part.rows)),
            hint=tr("Bring more rows, or set data.split.validation to 0."),
        )
    halves = parted(part.rows, learned, measured)
    return *halves, part.numbers[learned], part.numbers[measured]


def _nothing(count: int, kind: str, dropped: Sequence[Dropped]) -> RefusedError:
    return RefusedError(
        tr("None of the {count} rows can train the task {task}.").format(count=count, task=kind),
        tr("The reason: {why}.").format(why=dropped[0].reason) if dropped else "",
        tr("Set data.shape and data.mapping, or choose another task."),
    )
