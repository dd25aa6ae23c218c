"""`finetune-studio train`: starts the trainer process and shows its events."""

import argparse
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from finetune_studio import paths
from finetune_studio.commands.bar import Bar
from finetune_studio.commands.interrupting import Interrupts
from finetune_studio.commands.options import add_changes
from finetune_studio.commands.output import line, quoted
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import mark, tr
from finetune_studio.recipe import store
from finetune_studio.recipe.checks import refuse_errors
from finetune_studio.runs import process
from finetune_studio.runs.events import Failed, Finished, Stopped, to_json
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.liveness import exit_code

REFUSED = 2
INTERRUPTED = 130
STOPPING = (
    mark("Stopping it in good order; Ctrl+C again stops it at once."),
    mark("Stopping it at once."),
)
LAST_BREATH = 30.0  # seconds between a trainer's last event and its end
RESUMABLE = ("training.epochs", "training.max_steps", "evaluation.", "checkpoints.", "name")
"""What a resumed run may change: how long it goes on and what is watched, never how it learns."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The recipe or run, where to, and changes."""
    parser.add_argument("recipe", type=Path, help=tr("a recipe, or with --resume a run"))
    parser.add_argument("--out", type=Path, help=tr("the run's folder"))
    add_changes(parser)
    parser.add_argument("--resume", action="store_true", help=tr("go on from the last checkpoint"))
    parser.add_argument("--json", action="store_true", help=tr("print events, one JSON line each"))
    parser.set_defaults(run=train)


def train(options: argparse.Namespace) -> int:
    """Train, and show how it goes until it ends."""
    run = existing(options) if options.resume else new(options)
    with nullcontext() if options.resume else unless_begun(run):
        code = follow(run, options.resume, options.json)
    if code == REFUSED and not options.resume:
        shutil.rmtree(run.path, ignore_errors=True)  # nothing was done in it
    elif not options.json:
        _tell_place(run, code)
    return code


def _tell_place(run: RunFolder, code: int) -> None:
    line(tr("The run is in {path}.").format(path=run.path))
    if code:
        again = f"finetune-studio train {quoted(run.path)} --resume"
        line(tr("Go on with it: {command}").format(command=again))


def new(options: argparse.Namespace) -> RunFolder:
    """A new run's folder, with the recipe in it.

    Raises:
        RefusedError: The recipe has errors, or the folder exists.
    """
    recipe = store.with_changes(store.load(options.recipe), store.parse_changes(options.changes))
    refuse_errors(recipe)
    name = recipe.name or options.recipe.stem
    out = options.out
    run = RunFolder.create(out, name) if out else RunFolder.create_in(paths.runs(), name)
    with unless_begun(run):
        store.save(recipe, run.recipe)
    return run


@contextmanager
def unless_begun(run: RunFolder) -> Iterator[None]:
    """Whatever breaks off before a trainer was started leaves no folder of a new run behind."""
    try:
        yield
    except BaseException:
        if run.info().pid is None:
            shutil.rmtree(run.path, ignore_errors=True)
        raise


def existing(options: argparse.Namespace) -> RunFolder:
    """The run to go on with, its recipe changed where that is asked and allowed.

    Raises:
        RefusedError: There is no such run, or the changes would make another run of it.
    """
    run = RunFolder.open(options.recipe)
    changes = store.parse_changes(options.changes)
    if options.out:
        raise RefusedError(
            tr("--resume goes on in the run's own folder."), hint=tr("Leave --out away.")
        )
    _refuse_other_runs(changes)
    if changes:
        recipe = store.with_changes(store.load(run.recipe), changes)
        refuse_errors(recipe)
        store.save(recipe, run.recipe)
    return run


def follow(run: RunFolder, resume: bool, as_json: bool, *, samples: bool = True) -> int:
    """Start the trainer and print its events until it ends; interrupts stop it in good order.

    Args:
        run: The run.
        resume: Whether it goes on from its last checkpoint.
        as_json: Whether to print each event on stdout, a JSON line each.
        samples: Whether the terminal shows the answers to the recipe's prompts.

    Raises:
        StudioError: It cannot be started, or was interrupted and cannot be ended from here.
    """
    begun = time.time()
    bar = Bar(sys.stderr, samples=samples)
    last: object = None
    with Interrupts(run, lambda times: bar.tell(tr(STOPPING[times]))) as interrupts:
        process.start(run, resume=resume)
        if interrupts.happened:
            process.stop(run)  # before there was anything to stop
        for event in process.follow(run):
            if event.time < begun:
                continue  # said by an earlier trainer of this run
            last = event
            if as_json:
                print(to_json(event), flush=True)
            bar.show(event)
    bar.close()
    if interrupts.failed:
        raise interrupts.failed
    if interrupts.happened and not isinstance(last, Finished):
        return INTERRUPTED
    if isinstance(last, Failed):
        return _exit_code(run)
    stopped = isinstance(last, Stopped) and last.reason == "interrupted"
    return INTERRUPTED if stopped else 0


def _exit_code(run: RunFolder) -> int:
    until = time.monotonic() + LAST_BREATH
    while process.is_alive(run) and time.monotonic() < until:
        time.sleep(0.05)
    return REFUSED if exit_code(run) == REFUSED else 1


def _refuse_other_runs(changes: Mapping[str, Any]) -> None:
    for path in changes:
        if not path.startswith(RESUMABLE):
            raise RefusedError(
                tr("A resumed run cannot change {path}.").format(path=path),
                tr("What it has learned so far was learned with the old value."),
                tr("Start a new run, or change only training.epochs or training.max_steps."),
            )
