"""Collects Python's cycles in the window's thread, and nowhere else.

Python collects cycles in whichever thread happens to make the object that is one too many. A widget
that is part of a cycle is then ended in a job's thread: Qt waits there for Python's lock, which the
window's thread holds while it waits for Qt, and both stand for ever; or a picture goes while it is
set. So Python's own collecting is off for as long as there is a window, and a timer in its thread
does the same by the same thresholds. Knows no widget.
"""

import gc
import time

from PySide6.QtCore import QObject, QTimer

BEAT = 20  # milliseconds between two looks: a stream of events makes many objects
SETTLED = 3000  # milliseconds after which everything that is needed has been imported
SHARE = 0.01  # of the time, that looking through everything may take


class Collecting(QObject):
    """Collects here from when it is made until it is stopped; Python's own goes on after that."""

    _going = 0  # windows that collect; tests have several
    _python_does = True  # as it was before the first of them

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, interval=BEAT)
        self._timer.timeout.connect(self.look)
        self._settling = QTimer(self, singleShot=True, interval=SETTLED)
        self._settling.timeout.connect(settle)
        self._not_before = 0.0
        if not Collecting._going:
            Collecting._python_does = gc.isenabled()
        Collecting._going += 1
        gc.disable()
        self._timer.start()
        self._settling.start()

    def stop(self) -> None:
        """Let Python collect as it did before; to be called before the window goes."""
        if not self._timer.isActive():
            return
        self._timer.stop()
        self._settling.stop()
        Collecting._going -= 1
        if not Collecting._going:
            gc.unfreeze()  # the window's own cycles were settled with the rest
            if Collecting._python_does:
                gc.enable()

    def look(self) -> None:
        """Collect the oldest generation that is due, and with it every younger one."""
        gc.disable()  # a library may have turned it on
        now = time.monotonic()
        generation = due(2 if now >= self._not_before else 1)
        if generation is None:
            return
        gc.collect(generation)
        if generation == 2:
            took = time.monotonic() - now
            self._not_before = now + took / SHARE


def due(oldest: int = 2) -> int | None:
    """The oldest generation over its threshold, `oldest` at most; None where the youngest is not.

    Python also lets the oldest one wait until a quarter is new, which it does not tell; here the
    time that it may take stands for that.
    """
    counts, thresholds = gc.get_count(), gc.get_threshold()
    if not 0 < thresholds[0] < counts[0]:
        return None
    over = (each for each in range(oldest, 0, -1) if 0 < thresholds[each] < counts[each])
    return next(over, 0)


def settle() -> None:
    """Look no more through what was imported: it stays for good."""
    gc.freeze()
