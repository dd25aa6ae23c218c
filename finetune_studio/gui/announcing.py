"""Says a change of state to those who cannot see it: through the screen reader, once."""

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget


def announce(widget: QWidget, words: str) -> None:
    """Let the screen reader say these words after what it says now; nothing without one."""
    if words and widget.isVisible():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, words))


class Announced:
    """Words that are announced when they become others, and not the first time."""

    def __init__(self, widget: QWidget) -> None:
        self._widget = widget
        self._said: str | None = None

    def now(self, words: str) -> None:
        """These are the words now."""
        before, self._said = self._said, words
        if before is not None and before != words:
            announce(self._widget, words)
