"""Is a run's trainer alive? Judged by process number and the time that process began.

`os.kill(pid, 0)` is not used: on Windows it ends the process. A number alone is not enough either,
for systems give numbers again.
"""

import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from finetune_studio.runs.events import EventReader
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.info import RunInfo
from finetune_studio.runs.state import RunState, fold

if TYPE_CHECKING:
    import subprocess

CLOCK_SLACK = 1.0  # seconds by which two readings of one process's start may differ
ELSEWHERE_QUIET = 600.0  # seconds; a run on another computer that wrote nothing for so long is over
ENDED = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
TAIL_BYTES = 65_536  # holds the last minutes of a run's events

# Children of this very process: until they are asked how they ended, they linger as zombies.
_children: dict[tuple[int, float | None], "subprocess.Popen[bytes]"] = {}


def adopt(child: "subprocess.Popen[bytes]", created: float) -> None:
    """Remember a trainer that this process started, so that its exit code can be had."""
    _children[child.pid, created] = child


def process_of(info: RunInfo) -> psutil.Process | None:
    """The live process that trains on this computer; None when there is none."""
    if info.pid is None:
        return None
    child = _children.get((info.pid, info.process_created))
    if child is not None and child.poll() is not None:
        return None
    try:
        process = psutil.Process(info.pid)
        if child is not None:  # a zombie while threads of it end: how it ended is not known yet
            return process
        return process if is_running(process) and _is_same(process, info) else None
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None


def is_alive(folder: RunFolder) -> bool:
    """Whether a trainer works in this folder now.

    A trainer on another computer cannot be asked: it counts as alive while it keeps writing.

    Raises:
        RefusedError: There is no run there.
    """
    info = folder.info()
    return process_of(info) is not None or is_elsewhere(folder, info)


def is_elsewhere(folder: RunFolder, info: RunInfo) -> bool:
    """Whether the run seems to be trained by another computer that shares the folder."""
    if info.pid is None or info.host == socket.gethostname():
        return False
    quiet = time.time() - last_sign(folder)
    return quiet < ELSEWHERE_QUIET and recent(folder).outcome is None


def exit_code(folder: RunFolder) -> int | None:
    """How the trainer ended (negative: by that signal); None while unknown.

    Only the process that started a trainer is told; it notes the code in `run.json` for the others
    where the disk has room.

    Raises:
        RefusedError: There is no run there.
    """
    info = folder.info()
    child = _children.get((info.pid or 0, info.process_created))
    code = child.poll() if child is not None else None
    if code is None or info.exit_code == code:
        return info.exit_code
    with suppress(OSError):
        folder.note(exit_code=code)
    return code


def is_running(process: psutil.Process) -> bool:
    """Whether a process still works; one that ended and was not yet asked how does not."""
    try:
        return process.is_running() and process.status() not in ENDED
    except psutil.NoSuchProcess:
        return False


def recent(folder: RunFolder) -> RunState:
    """What the last trainer's last words tell: phase, step, outcome. Cheap, however long the run.

    Raises:
        RefusedError: There is no run there.
    """
    offset = folder.info().events_offset
    return fold(EventReader.of_tail(folder.events, TAIL_BYTES, offset).read())


def last_sign(folder: RunFolder) -> float:
    """When the run was last written to, in seconds since 1970."""
    return max(_modified(path) for path in (folder.events, folder.log, folder.info_file))


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _is_same(process: psutil.Process, info: RunInfo) -> bool:
    """By its beginning; after the computer's clock was set, by its command, which names the run."""
    created = info.process_created
    if created is not None and abs(process.create_time() - created) <= CLOCK_SLACK:
        return True
    return bool(info.command) and process.cmdline() == info.command
