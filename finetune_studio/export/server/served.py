"""What a person wants served: a run, or an export in one of its formats. Loads nothing."""

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune_studio.errors import RefusedError, remedy
from finetune_studio.export import about
from finetune_studio.export.facts import read_json
from finetune_studio.export.formats import BASE_FILE, gguf_files
from finetune_studio.i18n import tr
from finetune_studio.recipe import store
from finetune_studio.runs.folder import RunFolder

KEY = "FINETUNE_STUDIO_SERVE_KEY"
"""How the server's process is told its key: no list of processes shows the environment."""


class Kind(enum.Enum):
    """How it is loaded."""

    RUN = "run"
    """The result of a run, or an adapter, on the base model of its run."""
    WHOLE = "whole"
    """A merged model."""
    GGUF = "gguf"
    """A GGUF file."""


@dataclass(frozen=True)
class Target:
    """What is served.

    Attributes:
        kind: How it is loaded.
        name: What requests call it.
        folder: Where it lies.
        task: `chat` or `text`.
        run: The run behind it; None where it is not needed.
        file: The GGUF file; for a GGUF adapter its base model.
        adapter: The GGUF adapter that is put on it.
        system: The system prompt that was trained with.
    """

    kind: Kind
    name: str
    folder: Path
    task: str
    run: Path | None = None
    file: Path | None = None
    adapter: Path | None = None
    system: str = ""


def target_of(path: Path, file: str = "") -> Target:
    """Recognise what lies there.

    Args:
        path: A run or an export.
        file: Which of several GGUF files; empty where there is one.

    Raises:
        RefusedError: It is neither, it classifies, or there are several files.
    """
    if (path / "run.json").exists():
        _refuse_file(file)
        return _of_run(path)
    if not (path / about.ABOUT).is_file():
        raise RefusedError(
            tr("This is neither a run nor an export of this program."),
            str(path),
            tr("Choose a run, or a folder that `finetune-studio export` made."),
        )
    said = about.read(path)
    _refuse_classifier(said)
    form, task = str(said.get("format", "")), str(said.get("task", "chat"))
    name = path.resolve().name
    if form == "gguf":
        return Target(Kind.GGUF, name, path, task, file=_chosen(path, file), system=_system(said))
    if not form.startswith("gguf"):
        _refuse_file(file)
    if form == "merged":
        return Target(Kind.WHOLE, name, path, task, system=_system(said))
    if form == "adapter":
        run = about.run_of(path, said)
        return Target(Kind.RUN, name, path, task, run.path, system=_system_of(run))
    base = _base_beside(path)
    adapter = _chosen(path, file)
    return Target(Kind.GGUF, name, path, task, None, base, adapter, _system(said))


def _base_beside(export: Path) -> Path:
    """The base model's file of a GGUF adapter."""
    base = export / BASE_FILE
    if base.is_file():
        return base
    raise RefusedError(
        tr("The base model of this GGUF adapter is not beside it."),
        str(base),
        remedy(
            tr("Export it with --with-base, or put the base model's GGUF file there."),
            tr("Save the adapter with its base, or put the base model's GGUF file there."),
        ),
    )


def _refuse_file(file: str) -> None:
    if file:
        raise RefusedError(
            tr("There is no such GGUF file."),
            file,
            tr("Leave --file out: it chooses among several GGUF files."),
        )


def _of_run(path: Path) -> Target:
    run = RunFolder.open(path)
    said = read_json(run.result / about.ABOUT)
    if not said:
        raise RefusedError(
            tr("This run has no result yet."),
            str(path),
            remedy(
                tr("Let it finish, or go on with `finetune-studio train RUN --resume`."),
                tr("Let it finish, or go on with it on the page Training."),
            ),
        )
    _refuse_classifier(said)
    task = str(said.get("task", "chat"))
    return Target(Kind.RUN, path.resolve().name, run.result, task, path, system=_system_of(run))


def _refuse_classifier(said: dict[str, Any]) -> None:
    if said.get("labels"):
        raise RefusedError(
            tr("A classification answers with a label, which this interface has no place for."),
            hint=tr("Load it in Python; the model card has the lines."),
        )


def _system(said: dict[str, Any]) -> str:
    return str(said.get("system") or "")


def _system_of(run: RunFolder) -> str:
    task = store.load(run.recipe).task
    return task.system if task.kind == "chat" else ""


def _chosen(folder: Path, file: str) -> Path:
    found = gguf_files(folder)
    named = [each for each in found if not file or each.name == file]
    if len(named) == 1:
        return named[0]
    names = ", ".join(each.name for each in found)
    if not named:
        raise RefusedError(
            tr("There is no such GGUF file."), names or str(folder), tr("Name one with --file.")
        )
    raise RefusedError(tr("There are several GGUF files."), names, tr("Name one with --file."))
