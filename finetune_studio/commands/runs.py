"""`finetune-studio runs`: the history: what was trained, how it went, what may go."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from finetune_studio import paths
from finetune_studio.commands.amounts import NONE, duration, figure, size
from finetune_studio.commands.options import add_json
from finetune_studio.commands.output import line, note, print_json, table
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import mark, tr
from finetune_studio.runs import comparing, deleting, history
from finetune_studio.runs.events import EventReader, as_dict
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.state import RunState, fold

STATUS = {
    "new": mark("not started"),
    "running": mark("running"),
    "paused": mark("paused"),
    "finished": mark("finished"),
    "stopped": mark("stopped"),
    "failed": mark("failed"),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The sub-commands `list`, `show`, `compare` and `delete`."""
    parts = parser.add_subparsers(dest="part", required=True)
    listed = parts.add_parser("list", help=tr("every run, newest first"))
    listed.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help=tr("look here too"))
    listed.set_defaults(run=list_runs)
    shown = parts.add_parser("show", help=tr("one run in full"))
    shown.add_argument("run_folder", metavar="RUN", help=tr("a folder, or a name from the list"))
    shown.set_defaults(run=show)
    compared = parts.add_parser("compare", help=tr("runs side by side"))
    compared.add_argument(
        "run_folders", nargs="+", metavar="RUN", help=tr("a folder, or a name from the list")
    )
    compared.set_defaults(run=compare)
    deleted = parts.add_parser("delete", help=tr("delete runs with all that is in them"))
    deleted.add_argument(
        "run_folders", nargs="+", metavar="RUN", help=tr("a folder, or a name from the list")
    )
    deleted.add_argument("--yes", action="store_true", help=tr("do not ask"))
    deleted.set_defaults(run=delete)
    for part in (listed, shown, compared, deleted):
        add_json(part)


def list_runs(options: argparse.Namespace) -> int:
    """Print every run, newest first; folders that cannot be read are told on stderr."""
    found = history.find(options.folders)
    if options.json:
        print_json(
            {
                "runs": [run.as_dict() for run in found.runs],
                "broken": [each.as_dict() for each in found.broken],
            }
        )
        return 0
    for each in found.broken:
        note(tr("not readable: {path}: {why}").format(path=each.path, why=each.why))
    if found.runs:
        head = [tr("run"), tr("model"), tr("task"), tr("status"), tr("loss"), tr("steps")]
        table([[*head, tr("time"), tr("size")], *map(_row, found.runs)])
    else:
        line(tr("There are no runs yet in {path}.").format(path=paths.runs()))
    return 0


def show(options: argparse.Namespace) -> int:
    """Print one run: its figures, its evaluations, its checkpoints, what it said."""
    folder = history.locate(options.run_folder)
    summary = history.summary_of(folder)
    state = fold(EventReader(folder.events).read())
    if options.json:
        print_json(_document(folder, summary, state))
        return 0
    table([[tr(name), text] for name, text in _facts(folder, summary, state) if text])
    if state.evaluations:
        line()
        names = list(state.evaluations[-1].metrics)
        rows = [
            [f"{each.step:,}", *(figure(each.metrics.get(name)) for name in names)]
            for each in state.evaluations
        ]
        table([[tr("step"), *names], *rows])
    for each in state.notices:
        line(f"{tr(each.level)}: {_filled(each.text, each.values)}")
    return 0


def compare(options: argparse.Namespace) -> int:
    """Print which settings differ between runs, and what came of it."""
    if len(options.run_folders) < 2:
        raise RefusedError(tr("One run alone cannot be compared."), hint=tr("Name two or more."))
    found = comparing.compare([history.locate(each) for each in options.run_folders])
    if options.json:
        print_json(found.as_dict())
        return 0
    runs = [run.name for run in found.runs]
    same_names = len(set(runs)) < len(runs)
    heads = [run.path.name for run in found.runs] if same_names else runs
    settings = [[name, *map(_value, values)] for name, values in found.settings.items()]
    table([[tr("settings that differ"), *heads], *settings])
    if not settings:
        line(tr("All settings are the same."))
    line()
    metrics = [[name, *map(figure, values)] for name, values in found.metrics.items()]
    table([[tr("what came of it"), *heads], *metrics])
    return 0


def delete(options: argparse.Namespace) -> int:
    """Delete runs, once the person has agreed; all are looked at before the first one goes."""
    folders = [history.locate(each) for each in options.run_folders]
    for folder in folders:
        deleting.refuse_undeletable(folder)
    if not options.yes and not _agreed(folders, options.json):
        note(tr("Nothing was deleted."))
        return 0
    sizes = [history.size_of(folder.path) for folder in folders]
    for folder, taken in zip(folders, sizes, strict=True):
        deleting.delete(folder)
        if not options.json:
            line(tr("Deleted {path} ({size}).").format(path=folder.path, size=size(taken)))
    if options.json:
        print_json({"deleted": [str(each.path) for each in folders], "bytes": sum(sizes)})
    return 0


def _agreed(folders: list[RunFolder], as_json: bool) -> bool:
    if as_json or not sys.stdin.isatty():
        raise RefusedError(
            tr("Deleting needs your consent."), hint=tr("Add --yes, or ask on a terminal.")
        )
    for folder in folders:
        amount = size(history.size_of(folder.path))
        note(tr("{path} ({size}) will be deleted.").format(path=folder.path, size=amount))
    print(tr("Delete? [y/N]"), end=" ", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _row(run: history.Summary) -> list[str]:
    return [
        run.path.name if run.path.parent == paths.runs().resolve() else str(run.path),
        Path(run.model).name,
        f"{run.task} {run.method}",
        tr(STATUS[run.status]),
        figure(run.best_loss),
        f"{run.step:,}/{run.steps:,}" if run.steps else "",
        duration(run.seconds),
        size(run.size),
    ]


def _facts(folder: RunFolder, run: history.Summary, state: RunState) -> list[tuple[str, str]]:
    created = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.created))
    best = f"{figure(run.best_loss)} ({tr('step')} {run.best_step:,})" if run.best_step else ""
    return [
        (mark("run"), run.name),
        (mark("folder"), str(run.path)),
        (mark("made"), created),
        (mark("model"), run.model),
        (mark("task"), f"{run.task} {run.method}"),
        (mark("status"), tr(STATUS[run.status])),
        (mark("ending"), run.ending),
        (mark("steps"), f"{run.step:,}/{run.steps:,}" if run.steps else ""),
        (mark("best loss"), best),
        (mark("time"), duration(run.seconds)),
        (mark("size"), size(run.size)),
        (mark("checkpoints"), ", ".join(str(each.step) for each in _kept(folder, state))),
        (mark("result"), str(folder.result) if run.has_result else ""),
        (mark("problem"), run.problem),
    ]


def _kept(folder: RunFolder, state: RunState) -> list[Any]:
    return [each for each in state.checkpoints if (folder.path / each.path).is_dir()]


def _document(folder: RunFolder, run: history.Summary, state: RunState) -> dict[str, Any]:
    return run.as_dict() | {
        "recipe": history.recipe_of(folder, state)[0],
        "started": as_dict(state.started) if state.started else None,
        "evaluations": [as_dict(each) for each in state.evaluations],
        "checkpoints": [as_dict(each) for each in _kept(folder, state)],
        "notices": [as_dict(each) for each in state.notices],
        "outcome": as_dict(state.outcome) if state.outcome else None,
    }


def _filled(text: str, values: Any) -> str:
    try:
        return tr(text).format(**values)
    except (KeyError, IndexError, ValueError):
        return text


def _value(value: Any) -> str:
    if value is None:
        return NONE
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
