"""What files hold, counted in a process beside the window: rows, shape, columns, what is wrong.

The functions here run there; what they give is plain values. Knows no widget.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finetune_studio.i18n import mark
from finetune_studio.recipe.findings import Finding
from finetune_studio.recipe.schema import Recipe

if TYPE_CHECKING:
    from finetune_studio.data.fixes import Fixed
    from finetune_studio.data.sources import Opened
    from finetune_studio.data.usable import Usable

UNSUITED = {
    "chat": mark(
        "A chat is learned from questions with answers, or from conversations. Choose the shape "
        "and the columns of these rows, or another task."
    ),
    "text": mark(
        "Text is learned from one column of it. Choose the shape and the column, or another task."
    ),
    "classify": mark(
        "Labels are learned from a column of text and one of labels. Choose the shape and the "
        "columns of these rows, or another task."
    ),
}
"""What is said of rows that a task cannot learn from."""
SEED = 7  # of the questions that are watched
SHOWN = 50  # rows kept for the page of the data


@dataclass(frozen=True)
class DataFacts:
    """What the files hold.

    Attributes:
        rows: Rows in the files.
        training: Rows that are learned from.
        validation: Rows that are measured on.
        shape: How they are laid out.
        why: Why that is so, in a sentence.
        mapping: The column of each role.
        columns: The columns there are.
        encoding: The encodings of text that were found.
        first: The first rows, as they stand in the files.
        findings: What is to be known about them.
        fixed: What each fix of the recipe did.
        read: The first rows as the task reads them; none where it cannot.
        targets: The shapes that the rows can be saved in.
        questions: A few of the held-out rows' questions.
    """

    rows: int
    training: int
    validation: int
    shape: str
    why: str
    mapping: Mapping[str, str]
    columns: tuple[str, ...]
    encoding: str
    first: tuple[Mapping[str, Any], ...]
    findings: tuple[Finding, ...]
    fixed: "tuple[Fixed, ...]" = ()
    read: tuple[Mapping[str, Any], ...] = ()
    targets: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


def peeked(files: tuple[str, ...]) -> tuple[Mapping[str, Any], ...]:
    """The first rows of files, which takes no longer for large ones.

    Raises:
        StudioError: They cannot be read.
    """
    from finetune_studio.data.sources import first_rows

    return tuple(first_rows(files, SHOWN))


def count_rows(recipe: Recipe) -> DataFacts:
    """Open the recipe's files, recognise them and split them as the trainer will.

    Raises:
        StudioError: They cannot be read or do not fit together.
    """
    from finetune_studio.data.layout import mapped_so_far
    from finetune_studio.data.sources import open_rows

    asked = recipe.data
    opened = open_rows(asked.files)
    mapping, open_roles = mapped_so_far(opened.dataset, asked.shape, asked.mapping)
    if open_roles:
        return _unmapped(opened, asked.shape, mapping)
    return _examined(recipe)


def _examined(recipe: Recipe) -> DataFacts:
    """Rows whose columns are known."""
    from finetune_studio.data.check import Closely, examine
    from finetune_studio.data.questions import questions
    from finetune_studio.data.reading import read_as
    from finetune_studio.data.saving import targets

    asked = recipe.data
    closely = Closely(data=asked, every_row=False)
    report = examine(asked.files, asked.shape, asked.mapping, closely=closely)
    found, rows = report.recognition, report.opened.dataset
    findings, usable = report.findings, None
    if not any(each.level == "error" for each in findings):
        usable, more = _usable(recipe, found.shape)
        findings += more
    first = rows.select(range(min(SHOWN, len(rows)))).to_list()
    return DataFacts(
        report.rows,
        len(usable.train) if usable else 0,
        len(usable.validation) if usable else 0,
        found.shape,
        found.why,
        found.mapping,
        tuple(rows.column_names),
        report.encoding,
        tuple(first),
        findings,
        usable.fixed if usable else (),
        tuple(read_as(first, found.shape, found.mapping, recipe.task.kind)),
        targets(found.shape) if found.mapping else (),
        questions(usable.validation, recipe.task.kind, SEED) if usable else (),
    )


def _unmapped(opened: "Opened", shape: str, mapping: Mapping[str, str]) -> DataFacts:
    """Rows of a shape whose columns are still to be chosen: what there is to choose from."""
    rows = opened.dataset
    text = mark("Choose the columns that this shape is read from, under the shape.")
    return DataFacts(
        len(rows),
        0,
        0,
        shape,
        "",
        mapping,
        tuple(rows.column_names),
        opened.encoding,
        tuple(rows.select(range(min(SHOWN, len(rows)))).to_list()),
        (Finding("error", "columns-open", "data.mapping", text),),
    )


def _usable(recipe: Recipe, shape: str) -> "tuple[Usable | None, tuple[Finding, ...]]":
    """Rows to learn from and to measure on; a task that cannot use them is a finding."""
    from finetune_studio.data.check import TASKS
    from finetune_studio.data.mapping import FORMS
    from finetune_studio.data.usable import read_rows

    if shape not in FORMS[recipe.task.kind]:
        fix = {"task.kind": TASKS.get(shape, "chat")}
        text = UNSUITED[recipe.task.kind]
        return None, (Finding("error", "task-unsuited", "task.kind", text, fix=fix),)
    return read_rows(recipe.data, recipe.task.kind), ()
