"""A file of lines that one process appends and another reads. Knows nothing of what a line says."""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

HEAD_BYTES = 256  # the first line carries the time: enough to tell a file from a later one
SHOWN = 200  # characters


@dataclass(frozen=True)
class Unreadable:
    """A line that could not be understood: its beginning, and why."""

    line: str
    why: str


def unreadable(line: bytes, why: object) -> Unreadable:
    """Describe a broken line; of a long one, its beginning."""
    return Unreadable(line[: 4 * SHOWN].decode("utf-8", "replace")[:SHOWN], str(why))


class LineWriter:
    """Appends whole lines, each in one unbuffered write; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._file = path.open("ab", buffering=0)
        if _ends_inside_a_line(path):
            self._file.write(b"\n")  # a writer died here: stay clear of its last words

    def write(self, text: str, *, durable: bool = False) -> None:
        """Append one line; `durable` waits until it is on the disk.

        Raises:
            OSError: The disk is full or gone.
        """
        rest = memoryview(text.encode("utf-8") + b"\n")
        with self._lock:
            while rest:
                rest = rest[self._file.write(rest) :]
            if durable:
                os.fsync(self._file.fileno())

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class LineReader:
    """Reads the complete lines that have come since it last looked.

    A file that was cut short or made anew is read from its beginning. The file is never held open
    between two looks, so that Windows lets others delete it.

    Attributes:
        offset: How many bytes have been taken.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        self._head = b""

    def read(self, until: int | None = None) -> Iterator[bytes]:
        """Yield each new complete line, without its line end.

        Args:
            until: Take no line that begins at or after this byte.
        """
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            self.offset, self._head = 0, b""
            return
        with file:
            head = file.read(HEAD_BYTES)
            if os.fstat(file.fileno()).st_size < self.offset or not head.startswith(self._head):
                self.offset = 0
            self._head = head
            file.seek(self.offset)
            for line in file:
                if not line.endswith(b"\n") or (until is not None and self.offset >= until):
                    return
                self.offset += len(line)
                yield line[:-1]

    def skip_to_tail(self, size: int) -> None:
        """Go to the first complete line within the last `size` bytes."""
        start = max(0, _size(self.path) - size)
        if start > self.offset:
            with self.path.open("rb") as file:
                file.seek(start - 1)
                self.offset = start - 1 + len(file.readline())


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _ends_inside_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
