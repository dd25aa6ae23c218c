"""Work away from the window's thread; what it gives comes back in the window's thread.

A job with the same key as an earlier one makes that one's result count no more.
"""

import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from finetune_studio.errors import StudioError
from finetune_studio.gui import apart
from finetune_studio.gui.turns import Turns, gone

T = TypeVar("T")
WORKERS = 6
LAST = 0.1  # seconds that a job has to end by itself
SWITCH = 0.0001  # seconds until a thread must let another go on


class Jobs(QObject):
    """Runs functions in a few threads. Have one, and `close` it before the program ends.

    Attributes:
        surprised: An exception that no job should raise.
        closing: The window is going: what takes long must end itself now.
        closed: Nothing runs any more.
    """

    surprised = Signal(object)
    closing = Signal()
    closed = Signal()
    _arrived = Signal(int)
    _told = Signal(object, object)

    def __init__(self, parent: QObject | None = None, turns: Turns | None = None) -> None:
        """Begin to take work.

        Args:
            parent: Whose child it is.
            turns: In which ends are heard, among all else that waits; turns of its own by default.
        """
        super().__init__(parent)
        # Every call into Qt lets go of the interpreter; with Python's own 5 ms, a busy thread would
        # keep the window's thread waiting so long before each of them.
        sys.setswitchinterval(SWITCH)
        self._pool = ThreadPoolExecutor(WORKERS, "job")
        self._waiting: dict[int, tuple[str, Future[Any], Callable[[Any], None], Any]] = {}
        self._newest: dict[str, int] = {}
        self._count = 0
        self._closed = threading.Event()
        # Also what ended before anybody could wait for it is told by the event loop.
        self._arrived.connect(self._arrive, Qt.ConnectionType.QueuedConnection)
        self._told.connect(self._pass_on, Qt.ConnectionType.QueuedConnection)
        # Weakly: these jobs outlive their window, of which what waits in its turns holds all.
        self._turns = weakref.ref(turns or Turns(self))

    @property
    def busy(self) -> bool:
        """Whether a job's end is still to be heard."""
        return bool(self._waiting)

    def run(
        self,
        key: str,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[StudioError], None],
    ) -> None:
        """Do `work` in another thread, then call `done` or `failed` in this one."""
        if self._closed.is_set():
            return  # the window is going
        self._count += 1
        number = self._count
        self._cancel(key)
        self._newest[key] = number
        future = self._pool.submit(work)
        self._waiting[number] = (key, future, done, failed)
        future.add_done_callback(lambda _: self._tell(number))

    def telling(self, hear: Callable[[T], None]) -> Callable[[T], None]:
        """What a job calls in its thread for `hear` to be called in this one.

        Not a signal of who hears: that may be taken away while the job goes on, and to emit a
        signal of what is gone ends the program. These jobs outlive their threads.
        """

        def tell(told: T) -> None:
            if not self._closed.is_set():
                self._told.emit(hear, told)

        return tell

    def forget(self, key: str) -> None:
        """Let the running job of this key end unheard, or never begin."""
        self._newest.pop(key, None)
        self._cancel(key)

    def close(self) -> None:
        """Take no more work, hear no more ends, and wait for what runs."""
        self.closing.emit()
        self._closed.set()
        self._newest.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)
        for _, future, _, _ in self._waiting.values():
            # To one that never began nobody tells its end: waiting for it would not end either.
            while not future.cancelled() and not wait([future], LAST).done:
                apart.drop_all()  # nobody waits for another process any more
        self._waiting.clear()
        self._pool.shutdown(wait=True)
        self.closed.emit()

    def _cancel(self, key: str) -> None:
        for waiting, future, _, _ in list(self._waiting.values()):
            if waiting == key:
                future.cancel()  # of use where it waits for a thread

    def _tell(self, number: int) -> None:
        if not self._closed.is_set():
            self._arrived.emit(number)

    def _pass_on(self, hear: Callable[[Any], None], told: object) -> None:
        if not (self._closed.is_set() or gone(hear)):
            hear(told)

    def _arrive(self, number: int) -> None:
        turns = self._turns()
        if turns is not None and shiboken6.isValid(turns):
            turns.add(partial(_deliver, weakref.ref(self), number))
        else:
            self._deliver(number)  # the window is gone: only who is still there hears

    def _deliver(self, number: int) -> None:
        if number not in self._waiting:
            return
        key, future, done, failed = self._waiting.pop(number)
        if self._newest.get(key) != number or future.cancelled():
            return
        del self._newest[key]
        if gone(done) or gone(failed):
            return
        error = future.exception()
        if error is None:
            done(future.result())
        elif isinstance(error, StudioError):
            failed(error)
        else:
            self.surprised.emit(error)


def _deliver(jobs: "weakref.ref[Jobs]", number: int) -> None:
    """Tell the end of a job, if its jobs are still there."""
    found = jobs()
    if found is not None and shiboken6.isValid(found):
        found._deliver(number)
