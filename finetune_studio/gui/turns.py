"""Small turns of the window's thread: what can wait is done in parts, and the window lives between.

What waits already is not done twice, so that many changes in a row cost no more than the last one.
"""

import time
from collections.abc import Callable
from types import FunctionType

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QWidget
from typing_extensions import override

PART = 0.006  # seconds after which the window has its turn again
Act = Callable[[], None]


def gone(act: Callable[..., object]) -> bool:
    """Whether who would act was taken away meanwhile, as a page is that was left."""
    owner = _owner(getattr(act, "func", act))
    return isinstance(owner, QObject) and not shiboken6.isValid(owner)


def _owner(act: object) -> object:
    """Whose method it is, or whose `self` a function in a method holds."""
    if isinstance(act, FunctionType) and "self" in act.__code__.co_freevars:
        at = act.__code__.co_freevars.index("self")
        return (act.__closure__ or ())[at].cell_contents
    return getattr(act, "__self__", None)


class Turns(QObject):
    """What waits for its turn in one window."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._seen: dict[Act, None] = {}
        self._hidden: dict[Act, None] = {}
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._go_on)

    @property
    def busy(self) -> bool:
        """Whether anything waits."""
        return bool(self._seen or self._hidden)

    def add(self, act: Act, *, seen: bool = True) -> None:
        """Act in a turn to come; what nobody sees acts after all that somebody does."""
        (self._seen if seen else self._hidden).setdefault(act)
        self._next.start()

    def _go_on(self) -> None:
        place = self.parent()
        if isinstance(place, QWidget) and place.window() is not place:
            self._hand_over(place)
        until = time.perf_counter() + PART
        try:
            while self.busy and time.perf_counter() < until:
                queue = self._seen or self._hidden
                act = next(iter(queue))
                del queue[act]
                if not gone(act):
                    act()
        finally:
            self._go_on_later()

    def _go_on_later(self) -> None:
        """Begin to wait only now: what became due meanwhile, as another timer, comes before."""
        if self.busy:
            self._next.start()
        else:
            self._next.stop()

    def _hand_over(self, place: QWidget) -> None:
        """What waited before a widget was in any window goes on in that window's turns."""
        theirs = turns_of(place)
        for act in (*self._seen, *self._hidden):
            theirs.add(act, seen=place.isVisible())
        self._seen.clear()
        self._hidden.clear()


def turns_of(widget: QWidget) -> Turns:
    """The turns of the window that a widget is in."""
    window = widget.window()
    found = window.findChild(Turns, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return found or Turns(window)


def later(widget: QWidget, act: Act) -> None:
    """Act for a widget in a turn to come."""
    turns_of(widget).add(act, seen=widget.isVisible())


class Part(QWidget):
    """A part of the window that follows a change of language in a turn of its own.

    All of the window at once would hold it up: new words are laid out and painted, too.
    """

    _following = False

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LanguageChange and not self._following:
            later(self, self._follow_language)
            return True
        return super().event(event)

    def _follow_language(self) -> None:
        self._following = True
        QCoreApplication.sendEvent(self, QEvent(QEvent.Type.LanguageChange))
        self._following = False
