"""The trainer's process: how it is started, found again, followed and ended.

The trainer is no part of the window: it has its own session, writes to files, and goes on when the
window closes or dies. `programs` knows which command it is.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import tr
from finetune_studio.interrupts import held
from finetune_studio.runs.claim import claimed, training_already
from finetune_studio.runs.events import Event
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.following import follow, follow_batches, outcome
from finetune_studio.runs.liveness import adopt, is_alive, recent
from finetune_studio.runs.orders import Order, give
from finetune_studio.runs.outcome import Outcome
from finetune_studio.runs.programs import (
    PYTHON,
    engine_command,
    engine_environment,
    trainer_python,
)
from finetune_studio.runs.stopping import Deadlines, Rung, family, stop
from finetune_studio.runs.writing import write_atomically

__all__ = [
    "PYTHON",
    "Deadlines",
    "Outcome",
    "TrainerProcess",
    "attach",
    "engine_command",
    "engine_environment",
    "family",
    "follow",
    "follow_batches",
    "give",
    "is_alive",
    "outcome",
    "recent",
    "start",
    "stop",
    "trainer_command",
    "trainer_python",
]

LAST_BREATH = 30.0  # seconds; a large model takes a while to leave the GPU
POLL = 0.05  # seconds


@dataclass(frozen=True)
class TrainerProcess:
    """A run with its trainer, alive or dead, started here or elsewhere."""

    folder: RunFolder

    @property
    def pid(self) -> int | None:
        """The number of the trainer started last."""
        return self.folder.info().pid

    def is_alive(self) -> bool:
        """Whether the trainer works now."""
        return is_alive(self.folder)

    def follow(self, leave: threading.Event | None = None) -> Iterator[Event]:
        """The run's events from its first to its end; see `follow`."""
        return follow(self.folder, leave=leave)

    def order(self, order: Order) -> None:
        """Tell the trainer something; it looks between two steps."""
        give(self.folder.orders, order)

    def stop(
        self, order: Order = "stop-and-save", deadlines: Deadlines | None = None
    ) -> Rung | None:
        """End the trainer; see `stop`."""
        return stop(self.folder, order, deadlines=deadlines)

    def outcome(self) -> Outcome:
        """How the trainer ended, once it has."""
        return outcome(self.folder)


def trainer_command(run: Path, resume: bool = False) -> list[str]:
    """The command that trains a run, or goes on with it from its last checkpoint.

    Raises:
        StudioError: Training is not set up.
    """
    words = [str(run.absolute()), *(["--resume"] if resume else [])]
    return engine_command("train", *words, recipe=RunFolder(run).recipe)


def start(
    folder: RunFolder,
    resume: bool = False,
    *,
    command: Sequence[str] | None = None,
    env: Mapping[str, str] | None = None,
) -> TrainerProcess:
    """Start the trainer of a run, for the first time or again.

    Args:
        folder: The run, with its recipe in it.
        resume: Whether to go on from the last checkpoint.
        command: Another command than `trainer_command`'s.
        env: Environment variables to add.

    Raises:
        RefusedError: There is no run there, it has no recipe, or it is training already.
        StudioError: The trainer cannot be started.
    """
    folder.info()
    with claimed(folder):
        if _goes_on(folder):
            raise training_already(folder)
        if not folder.recipe.is_file():
            raise RefusedError(tr("The run has no recipe."), str(folder.recipe))
        try:
            if command:
                _launch(folder, list(command), env or {})
            else:
                with held():  # one that comes too early is not lost, and no traceback in the log
                    _launch(folder, trainer_command(folder.path, resume), env or {})
        except OSError as error:
            raise StudioError(
                tr("The trainer cannot be started."),
                str(error),
                tr("Check the set-up, and that the disk has room."),
            ) from error
    return TrainerProcess(folder)


def _goes_on(folder: RunFolder) -> bool:
    """Whether a trainer works here; one that has said its last word gets time to be gone."""
    until = time.monotonic() + LAST_BREATH
    while is_alive(folder):
        if recent(folder).outcome is None or time.monotonic() > until:
            return True
        time.sleep(POLL)
    return False


def attach(path: Path) -> TrainerProcess:
    """Take up a run again that any process started, alive or not.

    Raises:
        RefusedError: There is no run there.
    """
    return TrainerProcess(RunFolder.open(path))


def _launch(folder: RunFolder, command: list[str], env: Mapping[str, str]) -> None:
    write_atomically(folder.orders, "")  # orders are for one trainer: an old one must not stop it
    folder.events.touch()
    with folder.log.open("ab") as log:
        offsets = {"events_offset": folder.events.stat().st_size, "log_offset": log.tell()}
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=engine_environment() | dict(env),
            **_apart(),
        )
    try:
        created = psutil.Process(child.pid).create_time()
        adopt(child, created)
        folder.note(
            pid=child.pid,
            process_created=created,
            command=command,
            exit_code=None,
            forced=None,
            **offsets,
        )
    except BaseException:
        child.kill()  # nobody could find it again
        child.wait()
        raise


def _apart() -> dict[str, Any]:
    """A session of its own, so that the end of the window or terminal is not its end."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}
