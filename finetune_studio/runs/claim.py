"""Lets one process at a time start a run. The system holds the lock, and frees it with its holder.

So nothing stale is left by a kill or a power cut. Who trains in a folder for hours is another
matter: `run.json` names the trainer by its number and the time it began, see liveness.py.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import tr
from finetune_studio.runs.folder import RunFolder

NAME = ".starting"


@contextmanager
def claimed(folder: RunFolder) -> Iterator[None]:
    """Hold the right to start this run.

    Raises:
        RefusedError: Another process is starting it now.
        StudioError: The disk refuses the lock.
    """
    handle = _open(folder.path / NAME)
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def training_already(folder: RunFolder) -> RefusedError:
    """The refusal of a second trainer in one folder."""
    return RefusedError(
        tr("This run is training already."),
        str(folder.path),
        tr("Follow it, or stop it first."),
    )


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise _refused_by_disk(path.parent, error) from error


def _lock(handle: int, folder: RunFolder) -> None:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        raise training_already(folder) from error
    except OSError as error:
        raise _refused_by_disk(folder.path, error) from error


def _refused_by_disk(path: Path, error: OSError) -> StudioError:
    return StudioError(
        tr("The trainer cannot be started."),
        f"{path}: {error.strerror or error}",
        tr("Check that the folder can be written to, or keep runs on another disk."),
    )
