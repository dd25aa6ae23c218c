"""What files hold, in one report: rows, encoding, shape, mapping and findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finetune_studio.data.layout import settle
from finetune_studio.data.mapping import FORMS, canonical
from finetune_studio.data.shapes import Recognition
from finetune_studio.data.sources import Opened, open_rows
from finetune_studio.i18n import mark
from finetune_studio.recipe.findings import Finding

if TYPE_CHECKING:
    from datasets import Dataset

SURE = 0.5
"""Below this confidence the person is asked."""
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
    files: Sequence[str], shape: str = "auto", mapping: Mapping[str, str] | None = None
) -> Report:
    """Open files, recognise their shape (or take the person's) and look for what is wrong.

    Raises:
        RefusedError: The files cannot be read, or the shape or a column asked for is not there.
        StudioError: The cache cannot be written.
    """
    opened = open_rows(files)
    rows = opened.dataset
    found = settle(rows, shape, mapping or {})
    findings = _open_shape(found) if not found.mapping else _dropped(rows, found)
    return Report(found, len(rows), opened.encoding, tuple(findings), opened)


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


def _dropped(rows: "Dataset", found: Recognition) -> list[Finding]:
    task = TASKS.get(found.shape, "chat")
    if found.shape not in FORMS[task]:
        return [
            Finding(
                "error",
                "shape-not-trained",
                "data.shape",
                mark("Rows of the shape {shape} cannot be trained on yet."),
                {"shape": found.shape},
            )
        ]
    made, dropped = canonical(rows, found.shape, found.mapping, task)
    level = "warning" if len(made) else "error"
    return [
        Finding(
            level,  # type: ignore[arg-type]
            f"rows-{each.code}",
            "data.mapping",
            mark("{count} rows are left out: {why}."),
            {"count": each.count, "why": each.reason},
            each.count,
            each.rows,
        )
        for each in dropped
    ]
