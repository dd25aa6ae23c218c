"""Lets one program at a time set up in a folder. The system holds the lock and frees it.

Standard library only. Nothing stale is left by a kill or a power cut.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.setup import faults

NAME = ".setting-up"


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold the right to set up in this folder, which is made where it is not there.

    Raises:
        RefusedError: Another program sets up there now, or the folder cannot be written.
        StudioError: The disk is full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise faults.of_system(error, str(folder)) from error
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        raise RefusedError(
            tr("Another copy of the program is setting up in this folder."),
            str(folder),
            tr("Wait until it is done, or close it."),
        ) from error
