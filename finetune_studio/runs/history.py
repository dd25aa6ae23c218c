"""The runs there are, each in a few figures. Knows nothing of how it is shown."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from finetune_studio import paths
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.recipe import store
from finetune_studio.runs.events import Evaluated, Event, Failed, Unreadable, from_json
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.following import outcome
from finetune_studio.runs.lines import LineReader
from finetune_studio.runs.liveness import is_alive
from finetune_studio.runs.state import RunState, fold

Status = Literal["new", "running", "paused", "finished", "stopped", "failed"]
PASSED_OVER = (b'{"kind": "metrics"', b'{"kind": "memory"', b'{"kind": "sample"')
"""The bulk of a long run's lines; a summary needs none of them."""
LEFT_BY_RUNS = ("recipe.yaml", "events.jsonl", "run.json")


@dataclass(frozen=True, kw_only=True)
class Summary:
    """One run in a few figures.

    Attributes:
        path: Its folder.
        name: As the person calls it.
        created: When it was made, in seconds since 1970.
        model: The base model as the recipe names it.
        task: `chat`, `text` or `classify`.
        method: `full`, `lora` or `qlora`.
        status: Whether it is running, and how it ended.
        ending: Its end in a sentence; empty while there is none.
        step: Optimiser steps done.
        steps: Optimiser steps in all; 0 while unknown.
        best_loss: The lowest validation loss after training began; None where none was measured.
        best_step: The step that had it.
        seconds: Time at work, in seconds.
        size: Bytes on disk.
        has_result: Whether there is something to chat with or to export.
        problem: Why a part of this is missing, such as an unreadable recipe; empty if nothing is.
    """

    path: Path
    name: str
    created: float
    model: str
    task: str
    method: str
    status: Status
    ending: str
    step: int
    steps: int
    best_loss: float | None
    best_step: int | None
    seconds: float
    size: int
    has_result: bool
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain JSON values."""
        return asdict(self) | {"path": str(self.path)}


@dataclass(frozen=True)
class Broken:
    """A folder that a run left, and why it cannot be read as one."""

    path: Path
    why: str

    def as_dict(self) -> dict[str, str]:
        """Both as plain JSON values."""
        return {"path": str(self.path), "why": self.why}


@dataclass(frozen=True)
class History:
    """The runs that were found, newest first, and what looks like a run and is none."""

    runs: list[Summary]
    broken: list[Broken]


def find(folders: Sequence[Path] = ()) -> History:
    """Look for runs in the person's runs folder and in these; each may be a run or hold runs.

    Folders that no run left are passed over.

    Raises:
        RefusedError: One of the given folders does not exist.
    """
    for folder in folders:
        if not folder.is_dir():
            raise RefusedError(tr("There is no folder {path}.").format(path=folder))
    runs: list[Summary] = []
    broken: list[Broken] = []
    for path in dict.fromkeys(_candidates([paths.runs(), *folders])):
        try:
            runs.append(summary_of(RunFolder.open(path)))
        except RefusedError as error:
            broken.append(Broken(path, str(error)))
        except OSError as error:
            broken.append(Broken(path, f"{error.strerror or error}"))
    return History(sorted(runs, key=lambda run: run.created, reverse=True), broken)


def locate(given: str | Path) -> RunFolder:
    """The run that a person names, by its path or by its folder's name in the runs folder.

    Raises:
        RefusedError: There is no such run.
    """
    path = Path(given).expanduser()
    inside = paths.runs() / path.name
    if not path.exists() and path.name == str(given) and inside.is_dir():
        path = inside
    return RunFolder.open(path)


def summary_of(folder: RunFolder) -> Summary:
    """One run's figures.

    Raises:
        RefusedError: There is no run there.
        OSError: Its files cannot be read.
    """
    info = folder.info()
    state = fold(_few_events(folder))
    recipe, problem = recipe_of(folder, state)
    status, ending = standing(folder, state)
    best = best_of(state)
    return Summary(
        path=folder.path,
        name=info.name or folder.path.name,
        created=info.created,
        model=_word(recipe, "model", "source"),
        task=_word(recipe, "task", "kind"),
        method=_word(recipe, "method", "kind"),
        status=status,
        ending=ending,
        step=state.step,
        steps=state.steps,
        best_loss=best.metrics["loss"] if best else None,
        best_step=best.step if best else None,
        seconds=state.seconds,
        size=size_of(folder.path),
        has_result=folder.result.is_dir(),
        problem=problem,
    )


def recipe_of(folder: RunFolder, state: RunState) -> tuple[Mapping[str, Any], str]:
    """The recipe in plain values, and why it is not the one on disk, where that is unreadable."""
    try:
        return store.load(folder.recipe).model_dump(mode="json"), ""
    except RefusedError as error:
        return (state.started.asked if state.started else {}), str(error)


def standing(folder: RunFolder, state: RunState) -> tuple[Status, str]:
    """Whether a run goes on, and the sentence of its end.

    Raises:
        RefusedError: There is no run there.
    """
    if is_alive(folder):
        return ("paused" if state.phase == "paused" else "running"), ""
    if folder.info().pid is None and state.last_time is None:
        return "new", ""
    end = outcome(folder)
    if not end.is_good:
        return "failed", _with_reason(end.sentence(), end.event)
    return ("stopped" if end.kind == "stopped" else "finished"), end.sentence()


def best_of(state: RunState) -> Evaluated | None:
    """The evaluation with the lowest loss after the first step; None where none was made."""
    measured = [
        each for each in state.evaluations if each.step > 0 and each.metrics.get("loss") is not None
    ]
    return min(measured, key=lambda each: each.metrics["loss"] or 0.0, default=None)


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; what vanishes meanwhile counts nothing."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except OSError:
                continue
    return total


def _with_reason(sentence: str, event: object) -> str:
    detail = event.part("detail") if isinstance(event, Failed) else ""
    return f"{sentence} {detail}".strip()


def _few_events(folder: RunFolder) -> Iterator[Event | Unreadable]:
    lines = LineReader(folder.events).read()
    return (from_json(line) for line in lines if line and not line.startswith(PASSED_OVER))


def _candidates(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        if _left_by_a_run(folder):
            yield folder.resolve()
            continue
        try:
            inside = sorted(folder.iterdir()) if folder.is_dir() else []
        except OSError:
            inside = []
        yield from (each.resolve() for each in inside if _left_by_a_run(each))


def _left_by_a_run(folder: Path) -> bool:
    return any((folder / name).is_file() for name in LEFT_BY_RUNS)


def _word(values: Mapping[str, Any], part: str, name: str) -> str:
    inner = values.get(part)
    return str(inner.get(name, "")) if isinstance(inner, Mapping) else ""
