"""One process at a time: a file that the system locks, and frees when its holder ends.

So nothing stale is left by a kill or a power cut. Standard library only; knows neither what the
file guards nor what the others are told.
"""

import os
import sys
from pathlib import Path


class TakenError(Exception):
    """Another process, or another holder in this one, has the lock."""


def take(path: Path) -> int:
    """Lock this file, which is made where it is not there; returns the handle.

    The lock lasts until the handle is closed. The file stays: to remove it would let two in.

    Raises:
        TakenError: Another has it.
        OSError: The file cannot be made or locked.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _lock(handle)
    except (BlockingIOError, PermissionError) as error:
        os.close(handle)
        raise TakenError(str(path)) from error
    except OSError:
        os.close(handle)
        raise
    return handle


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
