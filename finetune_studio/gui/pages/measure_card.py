"""How good is it? Measures the result against its base model, and says what to think of that."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QVBoxLayout

from finetune_studio import i18n
from finetune_studio.errors import StudioError
from finetune_studio.evaluation import summary
from finetune_studio.evaluation.report import html
from finetune_studio.evaluation.result import Evaluation
from finetune_studio.gui import language
from finetune_studio.gui.evaluating import REPORT, Evaluating, is_stale, measured
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.opening import open_outside
from finetune_studio.gui.project import Project
from finetune_studio.gui.retelling import words_of
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import box, clear, column, row
from finetune_studio.gui.widgets.meter import Track
from finetune_studio.gui.widgets.text import Text
from finetune_studio.runs.writing import write_atomically

if TYPE_CHECKING:
    from finetune_studio.runs.folder import RunFolder

JOB = "report"


class MeasureCard(Card):
    """The evaluation: its button, how it goes, what it rests on, what it warns of."""

    def __init__(self, project: Project) -> None:
        super().__init__(name=lambda: tr("How good is it?"))
        self._project, self.measuring = project, Evaluating(self)
        self.found: Evaluation | None = None
        self._run: RunFolder | None = None
        self._broken: StudioError | None = None  # what was measured last cannot be read
        self._failed: StudioError | None = None  # what was asked for since came to nothing
        self._was_busy = False
        self._title = Text(lambda: tr("How good is it?"), "section")
        self._detail = Text(self._words, "caption", "text2", wrap=True)
        self._track = Track()
        stays = self._track.sizePolicy()
        stays.setRetainSizeWhenHidden(True)  # so that nothing below moves as it comes and goes
        self._track.setSizePolicy(stays)
        self.go = Button(self._verb)
        self.go.setObjectName("measure")
        self.go.clicked.connect(self._start)
        self._stop = Button(lambda: tr("Stop"), "quiet")
        self._stop.clicked.connect(self.measuring.stop)
        self.report = Button(lambda: tr("Report"), "link", "file-text")
        self.report.clicked.connect(self._open)
        self._below = column(gap=Space.xs)
        self.measuring.moved.connect(self._show)
        self.measuring.failed.connect(self._tell)
        project.closing.connect(self.measuring.close)
        self.hold(self._lay())

    def read(self) -> Evaluation | None:
        """Read what was measured last, and say what it warns of, in the language in use."""
        run = self._project.watch.run
        if run != self._run:
            self._run, self._failed = run, None
        self.found = self._broken = None
        if run is not None:
            try:
                self.found = measured(run)
            except StudioError as error:
                self._broken = error
        self._say_what_is()
        self._show()
        return self.found

    def _start(self) -> None:
        run = self._project.watch.run
        if run is not None:
            self._failed = None
            self.measuring.start(run)

    def _show(self) -> None:
        busy, run = self.measuring.busy, self._project.watch.run
        if busy != self._was_busy:
            self._was_busy = busy
            self._say_what_is()
        self.go.setVisible(not busy)
        self.go.say(self._verb)
        self._stop.setVisible(busy)
        share = self.measuring.progress.share
        self._track.setVisible(busy and share > 0)
        self._track.show_part(share)
        self._track.setAccessibleName(self.measuring.progress.said)
        self.report.setVisible(not busy and run is not None and self.found is not None)
        self._detail.say(self._words)

    def _verb(self) -> str:
        return tr("Measure again") if self.found else tr("Measure")

    def _words(self) -> str:
        if self.measuring.busy:
            told = self.measuring.progress
            said = told.said if told.words else self.measuring.waiting.say(told.said)
            return " · ".join(filter(None, (said, told.left)))
        if self.found is None:
            return tr(
                "Measures the base model and the tuned one on the same rows that were never"
                " learned, says how sure the difference is, lets both answer, and looks for"
                " what was forgotten."
            )
        return " ".join(filter(None, (summary.measured_on(self.found), summary.took(self.found))))

    def _say_what_is(self) -> None:
        """Say why there is nothing new, or what is warned of; nothing while it is measured."""
        clear(self._below)
        if self.measuring.busy:
            return
        if error := self._failed or self._broken:
            self._say("error", *words_of(error))
        elif self.found is not None:
            self._warn(self.found)

    def _warn(self, found: Evaluation) -> None:
        run = self._project.watch.run
        if run is not None and is_stale(run, found):
            self._say("advice", tr("It was trained further after it was measured."))
        if found.contamination.any:
            self._say("warning", summary.leaked(found.contamination))
        if found.forgetting.verdict in ("some", "much"):
            self._say("warning", summary.forgotten(found.forgetting), i18n.tr(summary.REMEDY))

    def _say(self, level: str, fact: Words, detail: Words = "") -> None:
        self._below.addWidget(FindingBox(level, fact, detail))

    def _tell(self, error: StudioError) -> None:
        self._failed = error
        self._say_what_is()
        self._show()

    def _open(self) -> None:
        """Open the report, written anew: it may have been made in another language."""
        run, found = self._project.watch.run, self.found
        if run is None or found is None:
            return
        self._failed = None
        self._say_what_is()
        place, code = run.path / REPORT, language.current()

        def write() -> Path:
            try:
                write_atomically(place, html(found, code))
            except OSError as error:
                raise StudioError(
                    tr("The report could not be written."),
                    f"{place}: {error.strerror or error}",
                    tr("Check that the run's folder is there and the disk has room."),
                ) from error
            return place

        self._project.jobs.run(JOB, write, self._opened, self._tell)

    def _opened(self, place: Path) -> None:
        open_outside(self, QUrl.fromLocalFile(str(place)), told=True)

    def _lay(self) -> QVBoxLayout:
        words = box(column(self._title, self._detail, self._track, gap=Space.xs))
        head = row(words, self.report, self._stop, self.go, gap=Space.m)
        head.setStretch(0, 1)
        return column(head, self._below, gap=Space.s, pad=(16, 10, 16, 12))
