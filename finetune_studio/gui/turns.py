"""Small turns of the window's thread: what can wait is done in parts, and the window lives between.

What waits already is not done twice, so that many changes in a row cost no more than the last one.
"""

import time
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeGuard

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QScrollArea, QStackedWidget, QWidget
from typing_extensions import override

PART = 0.003  # seconds of acts in a turn; laying out what they say costs thrice that
LONGEST = 0.15  # seconds that a part may stand as it was while it and its parts follow
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
        self._ends: dict[Act, float] = {}  # and until when each of them waits at most
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._go_on)

    @property
    def busy(self) -> bool:
        """Whether anything waits."""
        return bool(self._seen or self._ends or self._hidden)

    def add(self, act: Act, *, seen: bool = True) -> None:
        """Act in a turn to come; what nobody sees acts after all that somebody does."""
        (self._seen if seen else self._hidden).setdefault(act)
        self._next.start()

    def end(self, act: Act, within: float = LONGEST) -> None:
        """Act once after all that somebody sees, in a turn that ends with it.

        Args:
            act: What is done, such as to show what was made meanwhile.
            within: Seconds that it waits at most; with 0 it has the next turn.
        """
        self._ends.setdefault(act, time.perf_counter() + within)
        self._next.start()

    def _go_on(self) -> None:
        place = self.parent()
        if isinstance(place, QWidget) and place.window() is not place:
            self._hand_over(place)
        begun = time.perf_counter()
        try:
            while self.busy and time.perf_counter() - begun < PART:
                queue, act = self._due(begun)
                del queue[act]
                if not gone(act):
                    act()
                if queue is self._ends:
                    break
        finally:
            self._go_on_later()

    def _due(self, begun: float) -> tuple[dict[Act, Any], Act]:
        """The next act of a turn that has begun then, and where it waits."""
        first = min(self._ends, key=lambda act: self._ends[act], default=None)
        if first is not None and self._ends[first] <= begun:
            return self._ends, first
        queue: dict[Act, Any] = self._seen or self._ends or self._hidden
        return queue, next(iter(queue))

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
        for act in self._ends:
            theirs.end(act)
        for queue in (self._seen, self._ends, self._hidden):
            queue.clear()


def turns_of(widget: QWidget) -> Turns:
    """The turns of the window that a widget is in."""
    window = widget.window()
    found = window.findChild(Turns, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return found or Turns(window)


def later(widget: QWidget, act: Act) -> None:
    """Act for a widget in a turn to come."""
    turns_of(widget).add(act, seen=widget.isVisible())


class Holder(QWidget):
    """Holds others and paints no words of its own."""


class Part(Holder):
    """A part of the window that follows a change of language in a turn of its own.

    All of the window at once would hold it up: new words are laid out, too. What is seen of it
    stays as it was until all the parts in it have followed, and is painted once.
    """

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LanguageChange:
            if self.isVisible() and self.updatesEnabled():  # in no other part that stands still
                self.setUpdatesEnabled(False)
                turns_of(self).end(self._show_new_words)
            later(self, self._follow_language)
            return True
        return super().event(event)

    def _follow_language(self) -> None:
        tell_language(self)

    def _show_new_words(self) -> None:
        self.setUpdatesEnabled(True)


def tell_language(holder: QWidget) -> None:
    """Tell a widget that holds others, and each of them, that the language is another one.

    Qt would paint each of them anew with all that it holds: a page once for itself, and once more
    for every part in a part. So those that paint no words are told, and not painted.
    """
    if isinstance(type(holder).changeEvent, FunctionType):
        holder.changeEvent(QEvent(QEvent.Type.LanguageChange))
    for each in holder.children():
        if _only_holds(each):
            tell_language(each)
        else:
            QCoreApplication.sendEvent(each, QEvent(QEvent.Type.LanguageChange))


def _only_holds(child: QObject) -> TypeGuard[QWidget]:
    """Whether it paints no words; a part is not asked, for it has its own turn."""
    if isinstance(child, Part):
        return False
    plain = type(child) is QWidget
    return plain or isinstance(child, Holder | QStackedWidget | QScrollArea)
