"""How long something has been going on that cannot say how far it is. Knows no program."""

import time

from PySide6.QtCore import QObject, QTimer, Signal

from finetune_studio.gui import amounts
from finetune_studio.gui.language import tr

SHOWN = 2.0  # seconds; what is over before needs no figure


class Waiting(QObject):
    """A clock beside the words of a wait: what counts on is seen not to hang.

    Attributes:
        ticked: Another second has gone.
    """

    ticked = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._begun = 0.0
        self._beat = QTimer(self, interval=1000)
        self._beat.timeout.connect(self.ticked)

    def start(self) -> None:
        """Count from now."""
        self._begun = time.monotonic()
        self._beat.start()

    def stop(self) -> None:
        """Count no more."""
        self._beat.stop()

    @property
    def seconds(self) -> float:
        """Seconds since it began; 0 where nothing is waited for."""
        return time.monotonic() - self._begun if self._beat.isActive() else 0.0

    def say(self, words: str) -> str:
        """The words of the wait, and how long it has been."""
        if self.seconds < SHOWN:
            return words
        time_gone = amounts.duration(self.seconds)
        return tr("{what} {time} so far").format(what=words, time=time_gone)
