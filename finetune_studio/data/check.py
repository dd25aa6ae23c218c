"""What files hold, in one report: rows, encoding, shape, mapping and findings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from finetune_studio.data.fixes import EMPTY, Repaired, repaired, with_fix
from finetune_studio.data.layout import settle
from finetune_studio.data.mapping import FORMS, Dropped
from finetune_studio.data.shapes import Recognition
from finetune_studio.data.sources import Misfits, Opened, open_rows
from finetune_studio.data.usable import read_part
from finetune_studio.i18n import mark
from finetune_studio.recipe.findings import LEVELS, Finding, Level
from finetune_studio.recipe.schema import Data

if TYPE_CHECKING:
    from datasets import Dataset

TASKS = {"text": "text", "labelled-text": "classify"}
"""The task that a shape suggests; any other suggests chat."""


@dataclass(frozen=True)
class Report:
    """What is known of files before anything is trained on them.

    Attributes:
        recognition: The shape with its confidence, reason and mapping, the person's where given.
        rows: How many rows the files hold.
        encoding: The text encodings found.
        findings: What is to be known, the most serious first.
        opened: The rows themselves.
    """

    recognition: Recognition
    rows: int
    encoding: str
    findings: tuple[Finding, ...]
    opened: Opened

    def as_dict(self) -> dict[str, Any]:
        """The report as the command line's contract prints it."""
        return {
            "shape": self.recognition.shape,
            "confidence": self.recognition.confidence,
            "why": self.recognition.why,
            "mapping": dict(self.recognition.mapping),
            "rows": self.rows,
            "encoding": self.encoding,
            "files": list(self.opened.files),
            "columns": list(self.opened.dataset.column_names),
            "findings": [finding.as_dict() for finding in self.findings],
        }


def examine(
    files: Sequence[str],
    shape: str = "auto",
    mapping: Mapping[str, str] | None = None,
    *,
    closely: "Closely | None" = None,
) -> Report:
    """Open files, recognise their shape (or take the person's) and look for what is wrong.

    Args:
        files: Files and folders.
        shape: One of `shapes.ROLES`, or `auto`.
        mapping: The columns that the person says.
        closely: How to look at the quality of every row too; None leaves that out.

    Raises:
        RefusedError: The files cannot be read, or the shape or a column asked for is not there.
        StudioError: The cache cannot be written.
    """
    opened = open_rows(files)
    found = settle(opened.dataset, shape, mapping or {})
    findings = _open_shape(found) if not found.mapping else _judged(files, found, closely)
    if opened.misfits.count:
        findings = sorted([*findings, _misfitting(opened.misfits)], key=_gravity)
    return Report(found, len(opened.dataset), opened.encoding, tuple(findings), opened)


@dataclass(frozen=True)
class Closely:
    """How to look at the quality of rows.

    Attributes:
        kind: The task's kind; empty takes the one that the shape suggests.
        data: The recipe's data: its split, its validation files, and the fixes in use.
        every_row: Whether to look at what rows say; else only at what is left out.
        progress: Is told the share done, from 0 to 1; what it raises ends the look.
    """

    kind: str = ""
    data: Data = field(default_factory=Data)
    every_row: bool = True
    progress: Callable[[float], None] = lambda share: None


def _open_shape(found: Recognition) -> list[Finding]:
    return [
        Finding(
            "error",
            "shape-open",
            "data.shape",
            mark("{why} Say how the rows are laid out, and which column plays which role."),
            {"why": found.why},
        )
    ]


def _judged(files: Sequence[str], found: Recognition, closely: Closely | None) -> list[Finding]:
    suggested = TASKS.get(found.shape, "chat")
    task = (closely.kind if closely else "") or suggested
    if found.shape not in FORMS[suggested]:
        return [
            Finding(
                "error",
                "shape-not-trained",
                "data.shape",
                mark(
                    "Rows of the shape {shape} cannot be trained on yet. Convert them to messages, "
                    "and keep the good answers alone."
                ),
                {"shape": found.shape},
            )
        ]
    data = closely.data if closely else Data()
    group = None if data.validation_files else data.split.group or None
    rows = open_rows(files).dataset  # mapped anew, so that what is read of it is given back
    if data.max_rows:
        rows = rows.select(range(min(data.max_rows, len(rows))))
    after, dropped = repaired(rows, found.shape, found.mapping, task, group, data.fixes)
    del rows
    findings = _dropped(after.rows, dropped, data.fixes) + _labels(after.rows, task)
    if closely and closely.every_row and len(after.rows):
        findings += _quality(after, task, closely)
    return sorted(findings, key=_gravity)


def _labels(rows: "Dataset", task: str) -> list[Finding]:
    """What is wrong with the labels as a whole: there is nothing to tell apart."""
    names = rows.unique("label") if task == "classify" else []
    if len(names) != 1:
        return []
    text = mark("Every row has the label “{name}”: a classification needs at least two labels.")
    return [Finding("error", "one-label", "data.mapping", text, {"name": names[0]})]


def _gravity(found: Finding) -> int:
    return LEVELS.index(found.level)


def _misfitting(misfits: Misfits) -> Finding:
    values = {
        "count": misfits.count,
        "line": misfits.line,
        "found": misfits.found,
        "expected": misfits.expected,
        "examples": misfits.said,
    }
    return Finding(
        "warning",
        "rows-misfit",
        "data.files",
        mark(
            "{count} rows have more or fewer fields than the header, and count as empty: line "
            "{line} has {found} in place of {expected}. Put text that holds a delimiter into "
            "double quotation marks."
        ),
        values,
        misfits.count,
        tuple(misfits.rows),
    )


def _quality(after: Repaired, task: str, closely: Closely) -> list[Finding]:
    from finetune_studio.data.quality.survey import survey

    data = closely.data
    apart = read_part(data, data.validation_files, task).rows if data.validation_files else None
    split = None if data.validation_files else data.split
    return survey(after.rows, after.numbers, data.fixes, split, apart, closely.progress)


def _dropped(
    made: "Dataset", dropped: Sequence[Dropped], fixes: Sequence[dict[str, Any]]
) -> list[Finding]:
    level: Level = "warning" if len(made) else "error"
    return [
        Finding(
            level,
            f"rows-{each.code}",
            "data.mapping",
            mark("{count} rows are left out: {why}."),
            {"count": each.count, "why": each.reason},
            each.count,
            each.rows,
            _cure(each.code, fixes),
        )
        for each in dropped
    ]


def _cure(code: str, fixes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What can be done besides leaving the rows out; nothing for most."""
    if code != EMPTY or any(fix.get("code") == EMPTY for fix in fixes):
        return {}
    return {"data.fixes": list(with_fix(fixes, {"code": EMPTY}))}
