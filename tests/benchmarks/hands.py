"""A pointer and a keyboard for benchmarks of the window, on an X server of its own.

xdotool moves the pointer and strikes the keys, as a person's hands would: nothing is called in the
program. Needs Xvfb and xdotool. Knows no page and no figure.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QScrollArea, QWidget

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint

BETWEEN = 0.06  # seconds between two movements of the hands
Wanted = Callable[[], QWidget | None]
Move = Callable[[], bool]  # whether it is made


class Hands:
    """A pointer and a keyboard; every movement is an event of the X server."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self._shell = subprocess.Popen(["sh"], stdin=pipe, stdout=pipe, text=True, bufsize=1)
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._orders, self._told = self._shell.stdin, self._shell.stdout.fileno()
        os.set_blocking(self._told, False)
        self._busy, self._since = 0, 0.0

    def do(self, *words: object) -> None:
        """Let xdotool do something."""
        self._orders.write("xdotool " + " ".join(map(str, words)) + " >&2; echo\n")
        self._busy += 1

    @property
    def free(self) -> bool:
        """Whether the last movement is over, and the hand has rested."""
        with suppress(BlockingIOError):
            self._busy -= len(os.read(self._told, 100))
            self._since = time.perf_counter()
        return not self._busy and time.perf_counter() - self._since > BETWEEN

    def click(self, wanted: Wanted) -> Move:
        """Click on something as soon as it is there, in sight and at rest; the wheel brings it.

        A hand has to aim: what moved since it was last looked at is not hit yet.
        """
        aimed: list[QPoint] = []

        def move() -> bool:
            widget = wanted()
            if widget is None or not widget.isEnabled():
                return False
            seen = widget.visibleRegion().boundingRect()
            middle = widget.rect().center()
            if seen.isEmpty() or not seen.contains(middle):
                self._scroll(widget)
                return False
            place = widget.mapToGlobal(middle)
            if aimed[-1:] != [place]:
                aimed.append(place)
                return False
            self.do("mousemove", place.x(), place.y(), "click", 1)
            return True

        return move

    def focus(self, window: QWidget) -> None:
        """Give a window the keyboard, as a window manager would: there is none."""
        self.do("windowfocus", int(window.winId()))

    def keys(self, *names: str) -> Move:
        """Strike keys, one after the other."""
        return self._always("key", "--delay", 30, *names)

    def write(self, text: str) -> Move:
        """Write a text where the keyboard is."""
        return self._always("type", "--delay", 60, f"'{text}'")

    def wheel(self, wanted: Wanted, times: int) -> Move:
        """Turn the wheel over something, downwards."""

        def move() -> bool:
            widget = wanted()
            if widget is None:
                return False
            place = widget.mapToGlobal(widget.visibleRegion().boundingRect().center())
            turn = ("click", "--repeat", times, "--delay", 20, 5)
            self.do("mousemove", place.x(), place.y(), *turn)
            return True

        return move

    def close(self) -> None:
        """Let go."""
        self._orders.close()
        self._shell.wait()

    def _always(self, *words: object) -> Move:
        def move() -> bool:
            self.do(*words)
            return True

        return move

    def _scroll(self, widget: QWidget) -> None:
        area = widget.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is None:
            return
        below = widget.mapTo(area, widget.rect().center()).y() > area.height() // 2
        # Beside the cards: over a list or a table the wheel would turn that.
        place = area.mapToGlobal(area.rect().topLeft())
        self.do("mousemove", place.x() + 12, place.y() + 12, "click", 5 if below else 4)


@contextmanager
def screen() -> Iterator[None]:
    """A screen of its own; nothing of the person's is touched."""
    missing = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
    if missing:  # or every move would be done at once, and nothing measured
        raise SystemExit(f"Install {' and '.join(missing)}: hands need a screen and move a mouse.")
    ours, theirs = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1920x1080x24", "-nolisten", "tcp"],
        pass_fds=[theirs],
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    with os.fdopen(ours) as told:
        os.environ["DISPLAY"] = f":{told.readline().strip()}"
    os.environ["QT_QPA_PLATFORM"] = "xcb"
    try:
        yield
    finally:
        server.terminate()
        server.wait()
