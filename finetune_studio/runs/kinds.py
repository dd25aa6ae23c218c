"""The kinds of event that a trainer utters, one frozen dataclass each. Knows nothing of files.

Every event carries `time` in seconds since 1970. A figure that may not be a finite number is
`float | None`.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from finetune_studio.i18n import told_again

PhaseName = Literal["loading", "tokenizing", "training", "evaluating", "saving", "paused"]
EARLY_STOPPING = (
    "early-stopping"  # the reason of `finished` or `stopped` when the loss no longer fell
)


@dataclass(frozen=True, kw_only=True)
class _Timed:
    time: float = field(default_factory=time.time)


@dataclass(frozen=True, kw_only=True)
class Started(_Timed):
    """A trainer began: what was asked and what is in use, side by side.

    A run that goes on from a checkpoint says so in `in_use["resumed_from_step"]`.
    """

    kind: ClassVar[str] = "started"
    recipe_hash: str
    asked: Mapping[str, Any]
    in_use: Mapping[str, Any]
    versions: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Phase(_Timed):
    """The trainer turned to something else: one of `PhaseName`."""

    kind: ClassVar[str] = "phase"
    name: str


@dataclass(frozen=True, kw_only=True)
class Progress(_Timed):
    """How far the run is: optimiser steps done and in all, epochs, seconds still to go."""

    kind: ClassVar[str] = "progress"
    step: int
    steps: int
    epoch: float
    seconds_left: float | None = None


@dataclass(frozen=True, kw_only=True)
class Metrics(_Timed):
    """Figures of the training itself at one step; `token_accuracy` is a share from 0 to 1."""

    kind: ClassVar[str] = "metrics"
    step: int
    loss: float | None
    learning_rate: float | None
    grad_norm: float | None
    tokens_per_second: float | None
    token_accuracy: float | None = None


@dataclass(frozen=True, kw_only=True)
class Evaluated(_Timed):
    """Figures on held-out rows after a step, by metric name."""

    kind: ClassVar[str] = "evaluated"
    step: int
    metrics: Mapping[str, float | None]


@dataclass(frozen=True, kw_only=True)
class Memory(_Timed):
    """The device: bytes used and in all, utilisation in percent, temperature in degrees Celsius.

    `power` is what the GPU takes, in watts.
    """

    kind: ClassVar[str] = "memory"
    used: int
    total: int
    utilisation: float | None = None
    temperature: float | None = None
    power: float | None = None


@dataclass(frozen=True, kw_only=True)
class Sample(_Timed):
    """What the model answered to one of the person's prompts after a step."""

    kind: ClassVar[str] = "sample"
    step: int
    prompt: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Checkpoint(_Timed):
    """A checkpoint is whole on the disk; `path` is relative to the run."""

    kind: ClassVar[str] = "checkpoint"
    step: int
    path: str
    best: bool
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Notice(_Timed):
    """Something the person should know: `level` is error, warning or advice."""

    kind: ClassVar[str] = "notice"
    level: str
    code: str
    text: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Finished(_Timed):
    """The run did what was asked (`reason` may say that early stopping ended it)."""

    kind: ClassVar[str] = "finished"
    step: int
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Stopped(_Timed):
    """The run ended before its last step, in good order, and why."""

    kind: ClassVar[str] = "stopped"
    step: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Failed(_Timed):
    """The run broke: what happened, why, and what to try.

    `sources` holds the English of these parts, as `i18n.told_again` takes it; older runs lack it.
    """

    kind: ClassVar[str] = "failed"
    title: str
    detail: str = ""
    hint: str = ""
    sources: Mapping[str, Any] = field(default_factory=dict)

    def part(self, name: Literal["title", "detail", "hint"]) -> str:
        """One part in the language in use; as it was written where its English is not known."""
        return told_again(getattr(self, name), self.sources.get(name))


Terminal = Finished | Stopped | Failed
Event = (
    Started
    | Phase
    | Progress
    | Metrics
    | Evaluated
    | Memory
    | Sample
    | Checkpoint
    | Notice
    | Terminal
)
