"""Hashes of large files, made in a thread while this process has other things to get ready.

The Hub wants to know each file by its SHA-256. Hashing leaves Python to others, so that it costs no
time where a process loads its libraries and looks at licences meanwhile. Imports nothing heavy.
"""

import hashlib
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

LARGE = ("*.safetensors", "*.gguf")
PIECE = 8 << 20  # bytes


@dataclass
class _Hashed:
    """A file on its way: its state as the hashing began, and the hash once it is there."""

    state: tuple[int, int]
    done: threading.Event = field(default_factory=threading.Event)
    digest: bytes | None = None


class Hashes:
    """Hashes of the large files of folders; they begin at once."""

    def __init__(self, folders: Iterable[Path]) -> None:
        """Look for the files and start; a folder that is not there has none."""
        files = [file for folder in folders for each in LARGE for file in folder.glob(each)]
        self._files = {file.resolve(): _Hashed(_state(file)) for file in files if file.is_file()}
        threading.Thread(target=self._run, daemon=True).start()

    def of(self, file: Path) -> bytes | None:
        """A file's SHA-256, once it is there.

        None for a file that is not among them, could not be read, or has changed since.
        """
        found = self._files.get(file.resolve())
        if found is None:
            return None
        found.done.wait()
        try:
            return found.digest if _state(file) == found.state else None
        except OSError:
            return None

    def _run(self) -> None:
        for file, found in self._files.items():
            try:
                found.digest = _digest(file)
            except OSError:
                pass  # whoever needs the file says what is wrong with it
            finally:
                found.done.set()


def _digest(file: Path) -> bytes:
    """A file's SHA-256, read in large pieces: between two of them it waits for Python each time."""
    piece, found = memoryview(bytearray(PIECE)), hashlib.sha256()
    with file.open("rb", buffering=0) as stream:
        while size := stream.readinto(piece):
            found.update(piece[:size])
    return found.digest()


def _state(file: Path) -> tuple[int, int]:
    about = os.stat(file)
    return about.st_size, about.st_mtime_ns
