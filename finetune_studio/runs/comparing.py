"""Runs side by side: which settings differ, and what came of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from finetune_studio.runs.events import EventReader
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.history import Summary, best_of, recipe_of, summary_of
from finetune_studio.runs.state import RunState, fold

Figure = float | int | str | None


@dataclass(frozen=True)
class Comparison:
    """Runs side by side; every list has one entry a run, in the order given.

    Attributes:
        runs: The runs.
        settings: The settings that differ, by dotted path; None where a run does not have one.
        metrics: What came of it: validation figures at the best step, loss, speed, memory, time.
    """

    runs: list[Summary]
    settings: dict[str, list[Any]]
    metrics: dict[str, list[Figure]]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        runs = [each.as_dict() for each in self.runs]
        return {"runs": runs, "settings": self.settings, "metrics": self.metrics}


def compare(folders: Sequence[RunFolder]) -> Comparison:
    """Put runs side by side.

    Raises:
        RefusedError: One of them is no run.
    """
    states = [fold(EventReader(folder.events).read()) for folder in folders]
    recipes = [
        dict(_flat(recipe_of(folder, state)[0]))
        for folder, state in zip(folders, states, strict=True)
    ]
    figures = [_figures(state) for state in states]
    return Comparison(
        [summary_of(folder) for folder in folders],
        {k: v for k, v in _side_by_side(recipes).items() if any(each != v[0] for each in v)},
        {k: v for k, v in _side_by_side(figures).items() if any(each is not None for each in v)},
    )


def _figures(state: RunState) -> dict[str, Figure]:
    best = best_of(state)
    before = next((each for each in state.evaluations if each.step == 0), None)
    speeds = [each.tokens_per_second for each in state.metrics if each.tokens_per_second]
    in_use = state.started.in_use if state.started else {}
    return {
        **{f"validation {name}": value for name, value in (best.metrics if best else {}).items()},
        "validation loss before": before.metrics.get("loss") if before else None,
        "best step": best.step if best else None,
        "training loss": state.latest.loss if state.latest else None,
        "steps": state.step,
        "seconds": round(state.seconds, 3),
        "tokens per second": round(median(speeds), 1) if speeds else None,
        "peak memory": state.peak_memory or None,
        "trainable parameters": in_use.get("trainable_parameters"),
        "device": in_use.get("device"),
    }


def _side_by_side(each_run: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for values in each_run for name in values)
    return {name: [values.get(name) for values in each_run] for name in names}


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
