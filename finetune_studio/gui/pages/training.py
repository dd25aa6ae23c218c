"""Training: what is happening, whether it goes well, and what the model says by now."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget
from typing_extensions import override

from finetune_studio.gui import amounts
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.aside import Aside
from finetune_studio.gui.pages.changed_since import ChangedSince
from finetune_studio.gui.pages.curves import LossCard, SmallCard, curves
from finetune_studio.gui.pages.longer import Longer
from finetune_studio.gui.pages.notices import Notices
from finetune_studio.gui.pages.page import StepOf, StepPage
from finetune_studio.gui.pages.samples import SamplesCard
from finetune_studio.gui.pages.trainer_log import LogDrawer
from finetune_studio.gui.pages.training_status import Status, title
from finetune_studio.gui.pages.unwatched import Unwatched
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.watch import PULSE
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import Pane, Scroller, box, clear, column, row
from finetune_studio.gui.widgets.notice import empty_state
from finetune_studio.gui.widgets.rail import State
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.findings import Finding
from finetune_studio.runs.events import Failed

if TYPE_CHECKING:
    from collections.abc import Callable


MOST_DETAIL = 400  # letters of why a run failed; the log holds all
ANSWERS = 118  # pixels kept for answers of a line, so that the curves stay when they come
REDRAWS = 2 * PULSE  # milliseconds between two drawings, each of one curve, while nothing comes
BETWEEN = PULSE // 4  # milliseconds from news to a drawing: well before the next news


class TrainingPage(StepPage):
    """The page of the training."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project, self._watch = project, project.watch
        self._start = Button(lambda: tr("Start training"), "primary", "play")
        self._start.clicked.connect(self.start)
        self._status, self._since = Status(project), ChangedSince(project)
        self._status.again.clicked.connect(self.start)
        self._status.extend.clicked.connect(self._extend)
        self._failure, self._notices = column(gap=0), Notices(project.watch)
        self._loss = LossCard(self._watch)
        self._small = [SmallCard(self._watch, 0), SmallCard(self._watch, 1)]
        self._aside, self._samples = Aside(self._watch), SamplesCard(self._watch)
        self._aside.advised.connect(self._follow_advice)
        self._unwatched = Unwatched(self._watch)
        self._unwatched.led.connect(self.led)
        self._log = LogDrawer(self._watch)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._before())
        self._stack.addWidget(self._during())
        self.setLayout(column(self._stack))
        self._due: list[Callable[[], None]] = []
        self._redraw = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._redraw.timeout.connect(self._draw_next)
        self._watch.moved.connect(self._refresh)
        self._watch.began.connect(self._begin)
        self._watch.ended.connect(self._end)
        project.facts.changed.connect(self._refresh)
        project.session.changed.connect(self._refresh)
        self._refresh()

    def start(self) -> None:
        """Start a new run of the recipe as it is now."""
        session = self._project.session
        if any(each.level == "error" for each in self._project.facts.findings()):
            return
        name = self._project.name or tr("Untitled")
        self._watch.start(session.recipe, name, self._project.runs_folder())

    @override
    def begin(self) -> None:
        self.start()

    def _before(self) -> Pane:
        self._mend = Button(lambda: tr("Show me where"), "primary")
        self._mend.clicked.connect(self._lead)
        empty = empty_state("play", self._how, self._why_not, self._start, self._mend)
        self._reasons = empty
        return Pane(column(empty, pad=Space.xl), "surface")

    def _errors(self) -> list[Finding]:
        return [each for each in self._project.facts.findings() if each.level == "error"]

    def _how(self) -> str:
        return tr("It cannot start yet") if self._errors() else tr("Ready when you are")

    def _lead(self) -> None:
        errors = self._errors()
        if errors:
            self.led.emit(errors[0].where)

    def _why_not(self) -> str:
        errors = self._errors()
        if errors:
            return errors[0].sentence
        return tr(
            "The curves, the answers and the log of the run will stand here. "
            "You may close the window meanwhile; the training goes on."
        )

    def _during(self) -> Pane:
        middle = row(curves(self._loss, self._small), self._aside, gap=Space.m)
        middle.setStretch(0, 1)
        answers = box(column(self._samples, self._unwatched, None, gap=0))
        answers.setMinimumHeight(ANSWERS)
        content = column(
            self._status,
            self._since,
            self._failure,
            self._notices,
            box(middle),
            answers,
            gap=Space.m,
            pad=(28, 14, 28, 8),
        )
        content.setStretch(4, 1)
        body = column(Scroller(content), self._log, gap=0)
        body.setStretch(0, 1)
        return Pane(body, "surface")

    def _begin(self) -> None:
        run = self._watch.run
        if run is not None:
            self._project.remember_run(run)
        self._refresh()
        self._draw()

    def _refresh(self, _: object = None) -> None:
        begun = self._watch.run is not None or self._watch.starting
        self._stack.setCurrentIndex(1 if begun else 0)
        blocked = bool(self._errors())
        self._start.setVisible(not blocked)
        self._mend.setVisible(blocked)
        self._status.again.setEnabled(not blocked)
        for words in self._reasons.findChildren(Text):
            words.refresh()
        self._status.refresh()
        self._since.refresh()
        self._aside.refresh()
        self._samples.refresh()
        self._unwatched.refresh()
        self._notices.refresh()
        self._show_failure()
        curves_ = (self._loss.draw, *(each.draw for each in self._small))
        self._due += [draw for draw in curves_ if draw not in self._due]  # also what was just drawn
        if not self._redraw.isActive() or self._redraw.remainingTime() > BETWEEN:
            self._redraw.start(BETWEEN)

    def _show_failure(self) -> None:
        outcome = self._watch.state.outcome
        failed = outcome if isinstance(outcome, Failed) and not self._watch.starting else None
        if failed is None:
            clear(self._failure)
        elif not self._failure.count():
            why = partial(_why, failed) if _why(failed) else ""
            self._failure.addWidget(FindingBox("error", partial(failed.part, "title"), why))

    def _follow_advice(self, action: str) -> None:
        """Do what the coach offers."""
        session = self._project.session
        if action == "stop":
            self._watch.stop("stop-and-save")
        else:
            rate = session.recipe.training.learning_rate
            session.change({"training.learning_rate": float(f"{rate / 2:.2g}")})
            self.led.emit("training.learning_rate")

    def _extend(self) -> None:
        """Ask how far, and go on from where the run ended."""
        if self._watch.run is not None:
            asked = Longer(self.window(), self._watch.run)
            if asked.exec() == Longer.DialogCode.Accepted:
                self._watch.resume(asked.changes())
            asked.deleteLater()

    def _end(self) -> None:
        self._refresh()
        self._draw()

    def _draw_next(self) -> None:
        """Draw one curve and leave the others for later turns, so that no turn takes long."""
        if not self.isVisible():
            self._due.clear()  # it is drawn when it is shown
        elif self._due:
            self._due.pop(0)()
            if self._due:
                self._redraw.start(REDRAWS)

    def _draw(self) -> None:
        if self.isVisible():
            self._loss.draw()
            for each in self._small:
                each.draw()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh()


def _why(failed: Failed) -> str:
    """Why it failed, and what to try."""
    parts = failed.part("detail")[:MOST_DETAIL], failed.part("hint")
    return "\n".join(part for part in parts if part)


def _summary(project: Project) -> str:
    watch = project.watch
    if watch.run is None and not watch.starting:
        return tr("not started yet")
    if watch.alive and watch.state.steps and watch.state.phase == "training":
        return tr("step {step} of {steps}").format(
            step=amounts.whole(watch.state.step), steps=amounts.whole(watch.state.steps)
        )
    return title(watch)


def _state(project: Project) -> State:
    watch = project.watch
    if watch.alive or watch.starting:
        return "running"
    if isinstance(watch.state.outcome, Failed):
        return "attention"
    return "done" if watch.state.outcome is not None else "todo"


def _closed(project: Project) -> str:
    watch = project.watch
    if watch.state.outcome is None or watch.starting:
        return tr("Results open when the training ends.")
    broke = isinstance(watch.state.outcome, Failed)
    nothing = broke and watch.run is not None and not watch.run.result.is_dir()
    return tr("There is no result.") if nothing else ""


STEP = StepOf(
    "training", lambda: tr("Training"), TrainingPage, _summary, _state, ("run.",), _closed
)
