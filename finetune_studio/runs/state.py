"""What a run has come to, folded from its events. Knows nothing of files, processes or windows.

Window, command line, history and model card all read this. It keeps every point it is given: who
follows a long run for days thins the series out.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from finetune_studio.i18n import tr
from finetune_studio.runs.events import (
    Checkpoint,
    Evaluated,
    Event,
    Failed,
    Finished,
    Memory,
    Metrics,
    Notice,
    Phase,
    Progress,
    Sample,
    Started,
    Stopped,
    Terminal,
    Unreadable,
)

Point = tuple[int, float | None]
MEASURED_APART = 120.0
"""Seconds; two measurements further apart belong to two stretches of work."""


@dataclass
class RunState:
    """A run so far.

    Attributes:
        started: What the trainer that runs now, or ran last, asked for and got.
        launches: How often a trainer began.
        phase: What it is doing; empty before the first word and after the last.
        step: Optimiser steps done.
        steps: Optimiser steps in all; 0 while unknown.
        epoch: Passes over the data done.
        seconds_left: Until the end, in seconds.
        metrics: The figures of every step that still counts.
        evaluations: The figures on held-out rows.
        checkpoints: Those that still count, oldest first.
        memory: The device as it was last seen.
        peak_memory: The most bytes ever seen in use.
        joules: The energy that the GPU took, added up from its power; 0 where none was told.
        outcome: How it ended; None while it has not.
        seconds: From each start to its last word, in seconds, together.
    """

    started: Started | None = None
    launches: int = 0
    phase: str = ""
    step: int = 0
    steps: int = 0
    epoch: float = 0.0
    seconds_left: float | None = None
    metrics: list[Metrics] = field(default_factory=list)
    evaluations: list[Evaluated] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    memory: Memory | None = None
    peak_memory: int = 0
    joules: float = 0.0
    outcome: Terminal | None = None
    seconds: float = 0.0
    last_time: float | None = None
    _launching: bool = False
    _resuming: bool = False

    def apply(self, event: Event | Unreadable) -> None:
        """Take in the next event."""
        if isinstance(event, Unreadable):
            self.notices.append(as_notice(event, self.last_time or 0.0))
            return
        if self._is_launch(event):
            self._launching, self.outcome, self.phase = True, None, ""
        elif self.last_time is not None:
            self.seconds += max(0.0, event.time - self.last_time)
        self.last_time = event.time
        _APPLY[type(event)](self, event)

    def _is_launch(self, event: Event) -> bool:
        """Whether another trainer begins: it loads before it can say what is in use."""
        if isinstance(event, Started):
            return not self._launching
        loads = isinstance(event, Phase) and event.name == "loading"
        return loads and self.phase != "tokenizing"  # the data first, then the model

    @property
    def latest(self) -> Metrics | None:
        """The figures of the last step that has any."""
        return self.metrics[-1] if self.metrics else None

    @property
    def best(self) -> Checkpoint | None:
        """The checkpoint that was the best when it was written, and that none has beaten since."""
        return next((each for each in reversed(self.checkpoints) if each.best), None)

    def series(self, name: str) -> list[Point]:
        """One figure of the training by step, for a curve."""
        return [(each.step, getattr(each, name)) for each in self.metrics]

    def validation(self, name: str) -> list[Point]:
        """One figure on held-out rows by step, where it was measured."""
        return [(e.step, e.metrics[name]) for e in self.evaluations if name in e.metrics]


def fold(events: Iterable[Event | Unreadable]) -> RunState:
    """What a run has come to after these events, from its first."""
    state = RunState()
    for event in events:
        state.apply(event)
    return state


def as_notice(broken: Unreadable, time: float) -> Notice:
    """Tell the person of a line that could not be read."""
    return Notice(
        time=time,
        level="warning",
        code="unreadable-event",
        text=tr("A line of this run's events cannot be read; what it said is missing here."),
        values={"line": broken.line, "why": broken.why},
    )


def _started(state: RunState, event: Started) -> None:
    state.started, state._launching = event, False
    state.launches += 1
    state.seconds_left = None
    resumed = event.in_use.get("resumed_from_step")
    if isinstance(resumed, int) and not isinstance(resumed, bool):
        _go_back(state, resumed)
    else:
        state._resuming = state.launches > 1


def _go_back(state: RunState, step: int) -> None:
    """Forget what came after a step: the trainer went back there and takes another way."""
    state._resuming = False
    state.step = min(state.step, step)
    for kept in (state.metrics, state.evaluations, state.samples, state.checkpoints):
        stepped: list[Any] = kept
        stepped[:] = [each for each in stepped if each.step <= step]


def _reached(state: RunState, step: int) -> None:
    """A trainer that did not say where it resumed is at this step now."""
    if state._resuming:
        _go_back(state, step - 1)
    state.step = max(state.step, step)


def _progress(state: RunState, event: Progress) -> None:
    if state._resuming:
        _go_back(state, event.step)
    state.step, state.steps, state.epoch = event.step, event.steps, event.epoch
    state.seconds_left = event.seconds_left


def _metrics(state: RunState, event: Metrics) -> None:
    _reached(state, event.step)
    state.metrics.append(event)


def _evaluated(state: RunState, event: Evaluated) -> None:
    _reached(state, event.step)
    state.evaluations.append(event)


def _sample(state: RunState, event: Sample) -> None:
    _reached(state, event.step)
    state.samples.append(event)


def _checkpoint(state: RunState, event: Checkpoint) -> None:
    _reached(state, event.step)
    state.checkpoints = [each for each in state.checkpoints if each.path != event.path]
    state.checkpoints.append(event)


def _phase(state: RunState, event: Phase) -> None:
    state.phase = event.name


def _memory(state: RunState, event: Memory) -> None:
    before = state.memory
    if before and before.power and event.power and event.time - before.time < MEASURED_APART:
        seconds = max(0.0, event.time - before.time)
        state.joules += seconds * (before.power + event.power) / 2
    state.memory = event
    state.peak_memory = max(state.peak_memory, event.used)


def _notice(state: RunState, event: Notice) -> None:
    state.notices.append(event)


def _ended(state: RunState, event: Terminal) -> None:
    state.outcome, state.phase, state.seconds_left = event, "", None
    if not isinstance(event, Failed):
        _reached(state, event.step)


_APPLY: dict[type, Callable[[RunState, Any], None]] = {
    Started: _started,
    Phase: _phase,
    Progress: _progress,
    Metrics: _metrics,
    Evaluated: _evaluated,
    Memory: _memory,
    Sample: _sample,
    Checkpoint: _checkpoint,
    Notice: _notice,
    Finished: _ended,
    Stopped: _ended,
    Failed: _ended,
}
