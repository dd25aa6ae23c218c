"""Ends a run that goes on: first by asking, at last by force. Each rung has its own deadline."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import psutil

from finetune_studio.errors import StudioError
from finetune_studio.i18n import tr
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.liveness import is_alive, is_running, process_of, recent
from finetune_studio.runs.orders import Order, give

POLL = 0.05  # seconds
GRACE = 1.0  # seconds that workers get to notice that their trainer is gone
STEPPING = ("training", "evaluating", "saving", "paused")
Rung = Literal["order", "interrupt", "terminate", "kill"]


@dataclass(frozen=True)
class Deadlines:
    """How long each rung may take, in seconds.

    Attributes:
        order: Until the trainer, which looks between two steps, obeys and ends.
        saving: The same while it says that it is saving: a large model on a slow disk takes long.
        leaving: After its last word, until its process is gone.
        interrupt: After an interrupt, as by Ctrl+C.
        terminate: After the trainer and its children were asked to end.
        kill: After the system was told to end them.
    """

    order: float = 120.0
    saving: float = 1800.0
    leaving: float = 30.0
    interrupt: float = 20.0
    terminate: float = 10.0
    kill: float = 10.0


def stop(
    folder: RunFolder,
    order: Order = "stop-and-save",
    *,
    deadlines: Deadlines | None = None,
    on_rung: Callable[[Rung], None] = lambda _: None,
) -> Rung | None:
    """End a run's trainer and everything it started; returns when it has ended.

    Args:
        folder: The run.
        order: What the trainer is asked first: "stop-and-save" or "cancel". One that has not
            begun to train is interrupted at once.
        deadlines: How long each rung may take.
        on_rung: Called as each rung begins.

    Returns:
        The rung that ended it; None when nothing was running.

    Raises:
        RefusedError: There is no run there.
        StudioError: It cannot be ended from here.
    """
    if not is_alive(folder):
        return None
    limits = deadlines or Deadlines()
    left = family(folder)
    ended = _ask(folder, order, limits, on_rung) if _has_steps(folder) else None
    ladder: tuple[tuple[Rung, Callable[[psutil.Process], None], float], ...] = (
        ("interrupt", _interrupt, limits.interrupt),
        ("terminate", _terminate, limits.terminate),
        ("kill", _kill, limits.kill),
    )
    for rung, push, seconds in ladder:
        ended = ended or _force(folder, rung, push, seconds, on_rung)
    if ended is None:
        raise _cannot(folder)
    _sweep(left[1:], limits.kill)
    return ended


def _has_steps(folder: RunFolder) -> bool:
    """Whether training has begun: before, no order is read, and there is nothing to save."""
    state = recent(folder)
    return state.step > 0 or state.phase in STEPPING


def _ask(
    folder: RunFolder, order: Order, limits: Deadlines, on_rung: Callable[[Rung], None]
) -> Rung | None:
    on_rung("order")
    give(folder.orders, order)
    return "order" if _ends(folder, limits.order, limits) else None


def _force(
    folder: RunFolder,
    rung: Rung,
    push: Callable[[psutil.Process], None],
    seconds: float,
    on_rung: Callable[[Rung], None],
) -> Rung | None:
    process = process_of(folder.info())
    if process is not None:
        on_rung(rung)
        folder.note(forced=rung)
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied, OSError):
            push(process)
    return rung if _ends(folder, seconds) else None


def _ends(folder: RunFolder, seconds: float, obeying: Deadlines | None = None) -> bool:
    begun = time.monotonic()
    while is_alive(folder):
        waited = time.monotonic() - begun
        if waited > seconds and not (obeying and _obeys(folder, waited, obeying)):
            return False
        time.sleep(POLL)
    return True


def _obeys(folder: RunFolder, waited: float, limits: Deadlines) -> bool:
    """Whether the trainer is still about what it was asked: it saves, or has just done so."""
    state = recent(folder)
    if state.outcome is not None:
        return time.time() - state.outcome.time < limits.leaving
    return state.phase == "saving" and waited < limits.saving


def _interrupt(process: psutil.Process) -> None:
    # A group of its own does not get Ctrl+C on Windows, only Ctrl+Break.
    if sys.platform == "win32":
        process.send_signal(signal.CTRL_BREAK_EVENT)
    else:
        process.send_signal(signal.SIGINT)


def _terminate(process: psutil.Process) -> None:
    for each in _tree(process):
        with suppress(psutil.NoSuchProcess):
            each.terminate()


def _kill(process: psutil.Process) -> None:
    for each in _tree(process):
        with suppress(psutil.NoSuchProcess):
            each.kill()


def family(folder: RunFolder) -> list[psutil.Process]:
    """The trainer, then everything it started that still runs; empty where it does not run."""
    process = process_of(folder.info())
    return _tree(process) if process is not None else []


def _tree(process: psutil.Process) -> list[psutil.Process]:
    """The trainer, its descendants, and those of its session whose parents are gone."""
    found = {process.pid: process}
    with suppress(psutil.NoSuchProcess):
        found |= {each.pid: each for each in process.children(recursive=True)}
    for pid in _session(process.pid) - found.keys():
        with suppress(psutil.NoSuchProcess):
            found[pid] = psutil.Process(pid)
    return [each for each in found.values() if each.pid == process.pid or is_running(each)]


def _session(leader: int) -> set[int]:
    if sys.platform == "win32":
        return set()
    found = set()
    for pid in psutil.pids():
        with suppress(OSError):
            if os.getsid(pid) == leader:
                found.add(pid)
    return found


def _sweep(left: Iterable[psutil.Process], seconds: float) -> None:
    """End what the trainer left behind; none of them is a child of this process."""
    until = time.monotonic() + seconds
    gentle = time.monotonic() + GRACE
    while alive := [each for each in left if is_running(each)]:
        if time.monotonic() > until:
            return
        if time.monotonic() > gentle:
            for each in alive:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
        time.sleep(POLL)


def _cannot(folder: RunFolder) -> StudioError:
    info = folder.info()
    return StudioError(
        tr("The trainer cannot be ended from here."),
        tr("Process {pid} on {host} is still running.").format(pid=info.pid, host=info.host),
        tr("End it on that computer, or restart the computer."),
    )
