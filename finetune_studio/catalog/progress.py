"""How far a download is, and the hand that steers it from another thread. Knows no network."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

OFTEN = 0.1
"""Seconds between two reports."""
WINDOW = 5.0
"""Seconds that the speed is averaged over."""


class Cancelled(Exception):
    """The person cancelled, or the program ends."""


class Paused(Exception):
    """The person paused: the connection is given up, what came is kept."""


@dataclass(frozen=True)
class Progress:
    """How far a download is.

    Attributes:
        file: The file that moved last.
        file_done: Its bytes on the disk.
        file_size: Its bytes in all.
        done: Bytes of all files on the disk.
        total: Bytes of all files.
        speed: Bytes a second, over the last seconds.
        phase: `downloading`, `checking` its hash, or `paused`.
    """

    file: str
    file_done: int
    file_size: int
    done: int
    total: int
    speed: float
    phase: str = "downloading"

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the end at this speed; None while nothing comes."""
        return (self.total - self.done) / self.speed if self.speed > 0 else None


Tell = Callable[[Progress], None]


class Control:
    """Pauses, continues and cancels a download."""

    def __init__(self) -> None:
        self._go, self._end = threading.Event(), threading.Event()
        self._go.set()
        self.keep = True

    def pause(self) -> None:
        """Give up the connections; what came is kept."""
        self._go.clear()

    def go_on(self) -> None:
        """Continue where it was."""
        self._go.set()

    def cancel(self, keep: bool = False) -> None:
        """End it; `keep` leaves what came for another time."""
        self.keep = keep
        self._end.set()
        self._go.set()

    @property
    def paused(self) -> bool:
        """Whether it waits to go on."""
        return not self._go.is_set()

    def look(self) -> None:
        """Raise what was asked for since.

        Raises:
            Cancelled: The download is to end.
            Paused: It is to wait.
        """
        if self._end.is_set():
            raise Cancelled
        if not self._go.is_set():
            raise Paused

    def wait(self) -> None:
        """Return once it may go on."""
        self._go.wait()
        if self._end.is_set():
            raise Cancelled

    def sleep(self, seconds: float) -> None:
        """Wait before another attempt; a cancel ends the wait."""
        if self._end.wait(seconds):
            raise Cancelled


@dataclass
class Meter:
    """Adds up what comes, from several threads."""

    total: int
    tell: Tell
    done: int = 0
    _told: float = 0.0
    _seen: deque[tuple[float, int]] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, file: str, came: int, file_done: int, file_size: int, phase: str = "") -> None:
        """Note that `came` bytes of a file came (less than none where it begins again)."""
        now = time.monotonic()
        with self._lock:
            self.done += came
            self._seen.append((now, came))
            while self._seen and now - self._seen[0][0] > WINDOW:
                self._seen.popleft()
            if not phase and file_done < file_size and now - self._told < OFTEN:
                return
            self._told = now
            report = Progress(
                file,
                file_done,
                file_size,
                self.done,
                self.total,
                self._speed(now),
                phase or "downloading",
            )
            self.tell(report)

    def _speed(self, now: float) -> float:
        first = self._seen[0][0] if self._seen else now
        came = sum(size for _, size in self._seen)
        return max(0.0, came / (now - first)) if now - first > 0.2 else 0.0
