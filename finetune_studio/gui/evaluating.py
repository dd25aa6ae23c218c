"""Measures a run's result through the engine's process, and knows what was measured last.

Knows no widget.
"""

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from finetune_studio.errors import StudioError
from finetune_studio.evaluation.result import Evaluation
from finetune_studio.gui import language
from finetune_studio.gui.child import Child
from finetune_studio.runs.folder import RunFolder

REPORT = "evaluation.html"


@dataclass(frozen=True)
class Progress:
    """How far it is.

    Attributes:
        words: What is being done.
        share: How much of all is done, 0 to 1.
        seconds_left: How long it will take; None where that is not known yet.
    """

    words: str = ""
    share: float = 0.0
    seconds_left: float | None = None


class Evaluating(QObject):
    """The evaluation of one run at a time.

    Attributes:
        moved: The progress, or whether it runs, has changed.
        done: There is a new evaluation.
        failed: A StudioError: there is none.
    """

    moved = Signal()
    done = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.progress = Progress()
        self._whole = False
        self._child = Child(self)
        self._child.said.connect(self._hear)
        self._child.ended.connect(self._end)

    @property
    def busy(self) -> bool:
        """Whether it runs."""
        return self._child.alive

    def start(self, run: RunFolder) -> None:
        """Measure a run's result, unless something is being measured."""
        if self.busy:
            return
        self.progress, self._whole = Progress(), False
        spoken = ["--language", language.current()]
        report = ["--report", str(run.path / REPORT)]
        try:
            self._child.start("assess", str(run.path), "--json", "--lines", *spoken, *report)
        except StudioError as error:
            self.failed.emit(error)
        self.moved.emit()

    def stop(self) -> None:
        """Give it up; what was measured before stays."""
        self._child.stop()

    def close(self) -> None:
        """End it now."""
        self._child.close()

    def _hear(self, document: dict[str, Any]) -> None:
        told = document.get("progress")
        if isinstance(told, dict):
            left = told.get("seconds_left")
            self.progress = Progress(
                str(told.get("words", "")), float(told.get("share", 0.0)), left
            )
            self.moved.emit()
        elif "tuned" in document:
            self._whole = True

    def _end(self, error: StudioError | None) -> None:
        self.moved.emit()
        if error is not None:
            self.failed.emit(error)
        elif self._whole:
            self.done.emit()


def measured(run: RunFolder) -> Evaluation | None:
    """What was measured last; None where nothing was.

    Raises:
        RefusedError: The file is broken.
    """
    return Evaluation.load(run.evaluation)


def is_stale(run: RunFolder, found: Evaluation) -> bool:
    """Whether the run was trained further after it was measured."""
    file = run.result / "studio.json"
    return file.is_file() and file.stat().st_mtime > found.made
