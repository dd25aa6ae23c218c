"""Writes a small file so that readers, and a power cut, see the old text or the new, never half."""

import os
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

WINDOWS_TRIES = 40  # a reader that has the file open makes Windows refuse; 40 × 25 ms is a second
WINDOWS_WAIT = 0.025  # seconds


def write_atomically(path: Path, text: str) -> None:
    """Replace a file's text (UTF-8) in one step; without the file, make it.

    Raises:
        OSError: The disk is full, or the folder is gone or not ours.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        _replace(Path(name), path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(path.parent)


def _replace(source: Path, target: Path) -> None:
    for tries_left in reversed(range(WINDOWS_TRIES if sys.platform == "win32" else 1)):
        try:
            source.replace(target)
            return
        except PermissionError:
            if not tries_left:
                raise
            time.sleep(WINDOWS_WAIT)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
