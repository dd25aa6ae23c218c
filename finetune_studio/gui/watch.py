"""Watches one run for the window: starts it, follows it, tells it what to do. Knows no widget."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from finetune_studio.errors import StudioError
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.series import Series
from finetune_studio.gui.training import TrainingThread
from finetune_studio.i18n import sources_of, tr
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs import process
from finetune_studio.runs.events import Event, Failed, Metrics
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.orders import Order, give
from finetune_studio.runs.state import RunState

PULSE = 66  # milliseconds: 15 times a second
BUDGET = 0.008  # seconds of a pulse spent on events
MANY = 100  # events in a pulse, which only a long history has


class Watch(QObject):
    """One run, as the window sees it.

    Attributes:
        moved: Events have come; at most one such signal a pulse.
        ended: The run has ended, and everything it said was taken in.
        began: Another run is watched now, or none.
        failed: A StudioError.
    """

    moved = Signal()
    ended = Signal()
    began = Signal()
    failed = Signal(object)

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self._thread: TrainingThread | None = None
        self.run: RunFolder | None = None
        self.state, self.series = RunState(), Series()
        self.starting = False
        self.stopping = False
        self._untold = False
        self._since = 0.0  # epoch seconds; what was said before belongs to an earlier go
        # Qt lets coarse timers come together, and so what is drawn in between with the news.
        self._pulse = QTimer(self, interval=PULSE, timerType=Qt.TimerType.PreciseTimer)
        self._pulse.timeout.connect(self._take)

    @property
    def alive(self) -> bool:
        """Whether the run goes on, as far as the events tell."""
        return self._thread is not None and self.state.outcome is None

    @property
    def can_cancel(self) -> bool:
        """Whether there is a trainer that can be told to end, also one that only starts."""
        return self._thread is not None and (self.alive or self.starting) and not self.stopping

    def start(self, recipe: Recipe, name: str, root: Path) -> None:
        """Make a run of this recipe under `root`, and start its trainer."""

        def make() -> RunFolder:
            run = RunFolder.create_in(root, name)
            store.save(recipe, run.recipe)
            process.start(run)
            return run

        self._launch(make)

    def resume(self, changes: Mapping[str, Any] | None = None) -> None:
        """Go on with the run from its last checkpoint, further than it was to go at first.

        Args:
            changes: How far: its other epochs or steps, by the dotted path.
        """
        run = self.run
        if run is None:
            return

        def again() -> RunFolder:
            self._since = time.time()
            if changes:
                store.save(store.with_changes(store.load(run.recipe), changes), run.recipe)
            process.start(run, resume=True)
            return run

        self._launch(again, resumes=True)

    def follow(self, run: RunFolder, *, resumes: bool = False) -> None:
        """Watch a run that is there already, alive or not.

        Args:
            run: Which.
            resumes: Whether its trainer was just started again: until it says something, what
                stands in the run is of the go before, its end among it.
        """
        self.leave()
        self.run, self.state, self.series = run, RunState(), Series()
        self.starting, self.stopping, self._untold = resumes, False, False
        self._thread = TrainingThread(run)
        self._thread.start()
        self._pulse.start()
        self.began.emit()

    def leave(self) -> None:
        """Watch no longer. The run itself goes on."""
        self._pulse.stop()
        if self._thread is not None:
            self._thread.leave()
            self._thread = None

    def order(self, order: Order) -> None:
        """Tell the trainer something; it looks between two steps."""
        if self.run is None:
            return
        try:
            give(self.run.orders, order)
        except OSError as error:
            self.failed.emit(_no_order(self.run, error))

    def stop(self, order: Order) -> None:
        """End the trainer: ask first, and force it where it does not react."""
        run = self.run
        if run is None or self.stopping:
            return
        self.stopping = True
        self.moved.emit()
        self._jobs.run("stop", lambda: process.stop(run, order), lambda _: None, self._not_stopped)

    def _launch(self, work: Callable[[], RunFolder], *, resumes: bool = False) -> None:
        if self.starting:
            return
        self.starting = True
        self.moved.emit()
        followed = partial(self.follow, resumes=resumes)
        self._jobs.run("start", work, followed, self._not_started)

    def _not_started(self, error: StudioError) -> None:
        self.starting = False
        self.moved.emit()
        self.failed.emit(error)

    def _not_stopped(self, error: StudioError) -> None:
        self.stopping = False
        self.moved.emit()
        self.failed.emit(error)

    def _take(self) -> None:
        """Take what has come, and say so.

        While a long history comes it is said between two takings: the reading thread has then read
        as much as may wait, and leaves the interpreter to those who draw.
        """
        thread = self._thread
        if thread is None:
            return
        if self._untold:
            self._untold = False
            self.moved.emit()
            return
        first, heard = not self.state.last_time, self._take_in(thread)
        # The first is told at once: what can be pressed follows from it.
        self._untold = heard >= MANY and not first and not thread.is_drained
        self._pulse.setInterval(PULSE // 2 if self._untold else PULSE)
        if heard and not self._untold:
            self.moved.emit()
        if thread.is_drained:
            self._end(thread)

    def _take_in(self, thread: TrainingThread) -> int:
        heard = 0
        for piece in thread.take(BUDGET):
            heard += len(piece)
            for event in piece:
                self._apply(event)
        return heard

    def _apply(self, event: Event) -> None:
        self.state.apply(event)
        self.starting = self.starting and event.time < self._since
        if isinstance(event, Metrics):
            self.series.add(event)
            del self.state.metrics[:-1]  # the series holds them, in a tenth of the memory

    def _end(self, thread: TrainingThread) -> None:
        self.leave()
        self.starting = self.stopping = False
        if thread.error is not None:
            self._lose(thread.error)
        self.ended.emit()

    def _lose(self, error: StudioError) -> None:
        """Take the end of the following for the run's, where that is not known: nobody sees it."""
        if self.state.outcome is None:
            parts = error.as_dict()
            when = self.state.last_time or time.time()
            self.state.apply(Failed(time=when, **parts, sources=sources_of(parts)))
        self.failed.emit(error)


def _no_order(run: RunFolder, error: OSError) -> StudioError:
    return StudioError(
        tr("The trainer could not be told."),
        f"{run.orders}: {error.strerror or error}",
        tr("Check that the run's folder is there and the disk has room."),
    )
