"""The head of the training page: what is happening, how far it is, and what can be ordered."""

import time
from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from finetune_studio.gui import amounts
from finetune_studio.gui.announcing import Announced
from finetune_studio.gui.language import tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.waiting import Waiting
from finetune_studio.gui.watch import Watch
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.dialog import Answer, Ask
from finetune_studio.gui.widgets.layout import column, row
from finetune_studio.gui.widgets.meter import Track
from finetune_studio.gui.widgets.text import Text
from finetune_studio.runs.events import EARLY_STOPPING, Failed, Finished, Stopped

PHASES: dict[str, Callable[[], str]] = {
    "": lambda: tr("Starting"),
    "loading": lambda: tr("Loading the model"),
    "tokenizing": lambda: tr("Reading the data"),
    "training": lambda: tr("Training"),
    "evaluating": lambda: tr("Measuring"),
    "saving": lambda: tr("Saving"),
    "paused": lambda: tr("Paused"),
}


def title(watch: Watch) -> str:
    """What the run is doing, or how it ended, in a word or two."""
    if watch.starting:
        return tr("Starting")
    if watch.stopping:
        return tr("Stopping")
    match watch.state.outcome:
        case Finished(reason=reason) | Stopped(reason=reason) if reason == EARLY_STOPPING:
            return tr("Stopped early")
        case Finished():
            return tr("Training is done")
        case Stopped():
            return tr("Stopped")
        case Failed():
            return tr("Training failed")
    return PHASES.get(watch.state.phase, PHASES["training"])()


class Status(QWidget):
    """The head of the page: what is happening, how far it is, and the orders that can be given."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project, self._watch = project, project.watch
        self._title, self._badge = Text("", "title"), Badge("")
        self.pause = Button(lambda: tr("Pause"), glyph="pause")
        self.go_on = Button(lambda: tr("Go on"), "primary", "play")
        self.stop = Button(lambda: tr("Stop and save"), glyph="square")
        self.cancel = Button(lambda: tr("Cancel"), "quiet")
        self.resume = Button(lambda: tr("Resume"), "primary", "play")
        self.again = Button(lambda: tr("Train again"), glyph="rotate-ccw")
        self.extend = Button(lambda: tr("Train longer …"), glyph="plus")
        self._step, self._epoch = Text("", "strong"), Text("", "body", "text2")
        self._left, self._end = Text("", "strong"), Text("", "body", "text2")
        self._track, self._waiting = Track("learned"), Waiting(self)
        self._waiting.ticked.connect(self._show_numbers)
        project.closing.connect(self._waiting.stop)
        self._announced = Announced(self)
        running = (self.cancel, self.pause, self.go_on, self.stop)
        buttons = (*running, self.extend, self.again, self.resume)
        head = row(self._title, self._badge, None, *buttons, gap=Space.s)
        numbers = row(self._step, self._epoch, None, self._left, self._end, gap=Space.m)
        self.setLayout(column(head, 6, numbers, self._track, gap=6))
        self.pause.clicked.connect(lambda: self._watch.order("pause"))
        self.go_on.clicked.connect(lambda: self._watch.order("go-on"))
        self.stop.clicked.connect(lambda: self._watch.stop("stop-and-save"))
        self.cancel.clicked.connect(self._cancel)
        self.resume.clicked.connect(lambda: self._watch.resume())

    def refresh(self) -> None:
        """Show how things are now."""
        state, watch = self._watch.state, self._watch
        self._title.say(title(watch))
        self._announced.now(self._title.plain)
        live = watch.alive and not (watch.stopping or watch.starting)
        paused = state.phase == "paused"
        steps = state.phase in ("training", "evaluating", "saving", "paused")
        self.pause.setVisible(live and not paused)
        self.pause.setEnabled(steps)
        self.go_on.setVisible(live and paused)
        self.stop.setVisible(live)
        self.stop.setEnabled(steps)
        self.cancel.setVisible(watch.can_cancel)
        ended = state.outcome is not None and not watch.starting
        unfinished = ended and not isinstance(state.outcome, Finished)
        there = watch.run is not None and watch.run.path.is_dir()
        self.resume.setVisible(unfinished and there and bool(state.checkpoints))
        self.again.setVisible(ended)
        self.extend.setVisible(ended and isinstance(state.outcome, Finished))
        self._show_badge(ended)
        self._show_numbers()

    def _show_badge(self, ended: bool) -> None:
        outcome = self._watch.state.outcome
        self._badge.setVisible(ended)
        if isinstance(outcome, Failed):
            self._badge.say(lambda: tr("failed"), "bad")
        elif outcome is not None:
            self._badge.say(lambda: tr("saved"), "ok")

    def _show_numbers(self) -> None:
        watch, state = self._watch, self._watch.state
        known = state.steps > 0
        begins = (watch.starting or (watch.alive and not state.step)) and not watch.stopping
        self._wait(begins and state.phase != "paused")
        self._step.say(
            tr("Step {step} of {steps}").format(
                step=amounts.whole(state.step), steps=amounts.whole(state.steps)
            )
            if known
            else self._waiting.say(
                tr("The first step takes the longest: the model is loaded and warmed up.")
            )
            if watch.alive or watch.starting
            else ""
        )
        epochs = self._epochs()
        self._epoch.say(
            tr("epoch {epoch:.2f} of {epochs:g}").format(epoch=state.epoch, epochs=epochs)
            if known and state.epoch
            else ""
        )
        going = watch.alive and state.step < state.steps and state.phase != "paused"
        left = state.seconds_left if going and not watch.stopping else None
        self._left.say(
            tr("{time} left").format(time=amounts.duration(left))
            if left is not None
            else self._waiting.say(tr("{what} …").format(what=title(watch)))
            if known and self._waiting.seconds
            else ""
        )
        end = "" if left is None else amounts.clock(time.time() + left)
        self._end.say(tr("done at {time}").format(time=end) if end else "")
        if state.outcome is not None and state.seconds >= 1 and not watch.starting:
            self._end.say(tr("took {time}").format(time=amounts.duration(state.seconds)))
        self._track.show_part(state.step / state.steps if known else 0.0)
        self._track.setAccessibleName(self._step.plain)

    def _epochs(self) -> float:
        """How many the run was asked for: the project's may have been changed since."""
        started = self._watch.state.started
        asked = started.asked.get("training", {}).get("epochs") if started is not None else None
        own = self._project.session.recipe.training.epochs
        return float(asked) if isinstance(asked, int | float) else own

    def _wait(self, begins: bool) -> None:
        """Count the seconds until the first step, while nothing else moves."""
        if not begins:
            self._waiting.stop()
        elif not self._waiting.seconds:
            self._waiting.start()

    def _cancel(self) -> None:
        asked = Ask(
            self.window(),
            lambda: tr("Cancel the training?"),
            lambda: tr("What was learned since the last checkpoint is lost. Stopping saves it."),
            Answer("stay", lambda: tr("Keep training")),
            [Answer("cancel", lambda: tr("Cancel the training"), "danger")],
        )
        if asked.ask() == "cancel":
            self._watch.stop("cancel")
