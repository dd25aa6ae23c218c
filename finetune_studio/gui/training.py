"""Follows a run's events in a thread of its own. It supervises; the trainer is another process.

The thread reads and understands the lines; whoever watches takes what has come in pieces, as large
as the window's thread can bear. Leaving the thread leaves the run alone.
"""

import queue
import threading
import time
from contextlib import suppress

from PySide6.QtCore import QThread
from typing_extensions import override

from finetune_studio.errors import StudioError
from finetune_studio.i18n import tr
from finetune_studio.runs.events import Event
from finetune_studio.runs.folder import RunFolder, gone
from finetune_studio.runs.process import follow_batches

WAITING = 4  # batches that may wait; more would be memory, and work for the garbage collector
PATIENCE = 0.1  # seconds between two looks whether to leave
GOING = 3.0  # seconds in which the folder of a run whose information is gone may go, too


class TrainingThread(QThread):
    """Follows one run from its first event to its end, or until it is told to leave."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__()
        self.folder = folder
        self.error: StudioError | None = None
        self._leave, self._heard = threading.Event(), False
        self._came: queue.Queue[list[Event]] = queue.Queue(WAITING)
        self._rest: list[Event] = []

    @override
    def run(self) -> None:
        try:
            for batch in follow_batches(self.folder, leave=self._leave):
                self._heard = True
                self._hand_over(batch)
        except StudioError as error:
            self.error = gone(self.folder) if self._is_going() else error
        except OSError as error:
            self.error = StudioError(
                tr("The run can no longer be read."),
                f"{self.folder.path}: {error.strerror or error}",
                tr("Check that its folder is still there."),
            )

    def _is_going(self) -> bool:
        """Whether the folder is gone, or is being deleted: what is in it goes first."""
        until = time.monotonic() + (GOING if self._heard else 0.0)
        while self.folder.path.exists():
            if self.folder.info_file.exists() or time.monotonic() > until:
                return False
            if self._leave.wait(PATIENCE):
                return False
        return True

    def _hand_over(self, batch: list[Event]) -> None:
        """Wait for room; a long history is read as fast as it is taken, and no faster."""
        while not self._leave.is_set():
            with suppress(queue.Full):
                self._came.put(batch, timeout=PATIENCE)
                return

    def take(self, seconds: float, piece: int = 50) -> "Taken":
        """What has come, handed out in pieces for about `seconds`."""
        return Taken(self, seconds, piece)

    @property
    def is_drained(self) -> bool:
        """Whether it has ended, and everything that came was taken."""
        return self.isFinished() and self._came.empty() and not self._rest

    def leave(self) -> None:
        """Follow no longer, and wait until the thread has ended."""
        self._leave.set()
        self.wait()

    def _next(self, count: int) -> list[Event]:
        if not self._rest:
            try:
                self._rest = self._came.get_nowait()
            except queue.Empty:
                return []
        piece, self._rest = self._rest[:count], self._rest[count:]
        return piece


class Taken:
    """Pieces of what has come, until the time is over or nothing is left."""

    def __init__(self, thread: TrainingThread, seconds: float, piece: int) -> None:
        self._thread, self._piece = thread, piece
        self._until = time.perf_counter() + seconds

    def __iter__(self) -> "Taken":
        return self

    def __next__(self) -> list[Event]:
        piece = self._thread._next(self._piece) if time.perf_counter() < self._until else []
        if not piece:
            raise StopIteration
        return piece
