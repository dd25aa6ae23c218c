"""Measures a run's result through the engine's process, and knows what was measured last.

Knows no widget.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal
from typing_extensions import override

from finetune_studio.evaluation.result import Evaluation
from finetune_studio.gui import amounts, language
from finetune_studio.gui.driven import Driven
from finetune_studio.gui.language import tr
from finetune_studio.gui.retelling import again
from finetune_studio.i18n import revived
from finetune_studio.runs.folder import RunFolder

REPORT = "evaluation.html"


@dataclass(frozen=True)
class Progress:
    """How far it is.

    Attributes:
        words: What is being done; empty for what comes first.
        share: How much of all is done, 0 to 1.
        seconds_left: How long it will take; None where that is not known yet.
    """

    words: str = ""
    share: float = 0.0
    seconds_left: float | None = None

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> "Progress":
        """What the engine's process told; its words know their English."""
        words = revived(str(told.get("words", "")), told.get("source"))
        return cls(words, float(told.get("share") or 0.0), told.get("seconds_left"))

    @property
    def said(self) -> str:
        """What is being done, in the language in use."""
        return again(self.words) or tr("Loading the model …")

    @property
    def left(self) -> str:
        """How long it will take, in words; empty where that is not known, or as good as over."""
        if self.seconds_left is None or self.seconds_left < 1:
            return ""
        return tr("{time} left").format(time=amounts.duration(self.seconds_left))


class Evaluating(Driven):
    """The evaluation of one run at a time; what was measured before stays until it is done.

    Attributes:
        done: There is a new evaluation.
    """

    done = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.progress = Progress()
        self._whole = False

    def start(self, run: RunFolder) -> None:
        """Measure a run's result, unless something is being measured."""
        if self.busy:
            return
        self.progress, self._whole = Progress(), False
        spoken = ["--language", language.current()]
        report = ["--report", str(run.path / REPORT)]
        self.launch("assess", str(run.path), "--json", "--lines", *spoken, *report)

    @override
    def hear(self, document: dict[str, Any]) -> None:
        told = document.get("progress")
        if isinstance(told, dict):
            self.progress = Progress.read(told)
            self.moved.emit()
        elif "tuned" in document:
            self._whole = True

    @override
    def finish(self) -> None:
        if self._whole:
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
