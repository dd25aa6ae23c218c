"""Earlier runs as the window lists them: what happened, the curve in a few points. Reads files."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from finetune_studio.errors import StudioError
from finetune_studio.gui import amounts
from finetune_studio.gui.series import SMOOTH, Series, thin
from finetune_studio.runs.comparing import Comparison, compare
from finetune_studio.runs.events import EARLY_STOPPING, EventReader, Finished, Stopped
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.history import Summary, summary_of
from finetune_studio.runs.process import is_alive
from finetune_studio.runs.state import RunState, fold

Values = NDArray[np.float64]
DRAWN = 40  # points of a small curve
COLUMNS = 600  # of a large one


@dataclass(frozen=True)
class PastRun:
    """A run in a list.

    Attributes:
        run: Its folder.
        alive: Whether it trains now.
        summary: Its figures.
        losses: Its loss, thinned out.
        early: Whether it ended because the loss no longer fell.
    """

    run: RunFolder
    alive: bool
    summary: Summary
    losses: list[float]
    early: bool = False


@dataclass(frozen=True)
class RunCurves:
    """The curves of a run, to be laid over others: steps and values, and when it began."""

    name: str
    training: tuple[Values, Values]
    validation: tuple[Values, Values]
    created: float = 0.0


def read_runs(root: Path, most: int = 0) -> list[PastRun]:
    """The newest runs under `root`, at most so many; folders that are no runs are passed over."""
    found = []
    for path in root.iterdir() if root.is_dir() else ():
        try:
            found.append((RunFolder(path).info().created, path))
        except StudioError:
            continue
    found.sort(reverse=True)
    return [each for _, path in found[: most or None] if (each := _read(RunFolder(path)))]


def _read(run: RunFolder) -> PastRun | None:
    try:
        state = fold(EventReader(run.events).read())
        return PastRun(run, is_alive(run), summary_of(run), _shape(state), _early(state))
    except (StudioError, OSError):
        return None  # it went, or its files did, while the list was read


def _early(state: RunState) -> bool:
    end = state.outcome
    return isinstance(end, Finished | Stopped) and end.reason == EARLY_STOPPING


def _shape(state: RunState) -> list[float]:
    losses = np.array([each.loss for each in state.metrics if each.loss is not None], float)
    return [float(each) for each in thin(np.arange(len(losses), dtype=float), losses, DRAWN)[1]]


def read_curves(runs: Sequence[RunFolder]) -> tuple[list[RunCurves], Comparison]:
    """The curves of some runs, and where they differ.

    Raises:
        RefusedError: One of them is no run any more.
    """
    return told_apart([_curves(run) for run in runs]), compare(runs)


def told_apart(runs: Sequence[RunCurves]) -> list[RunCurves]:
    """The same runs, each with its time, or its place, behind a name that another has, too."""
    names = Counter(each.name for each in runs)
    timed = [_with_time(each) if names[each.name] > 1 else each for each in runs]
    again = Counter(each.name for each in timed)
    return [
        replace(each, name=f"{each.name} ({place})") if again[each.name] > 1 else each
        for place, each in enumerate(timed, 1)
    ]


def _with_time(run: RunCurves) -> RunCurves:
    return replace(run, name=f"{run.name} · {amounts.moment(run.created)}")


def _curves(run: RunFolder) -> RunCurves:
    state, series = fold(EventReader(run.events).read()), Series()
    for each in state.metrics:
        series.add(each)
    held = [(step, loss) for step, loss in state.validation("loss") if loss is not None]
    steps, losses = np.array([s for s, _ in held], float), np.array([v for _, v in held], float)
    info = run.info()
    return RunCurves(info.name, series.line(SMOOTH, COLUMNS), (steps, losses), info.created)
