"""What a person looks at stays where it is, as what stands above it on a page grows or shrinks."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QWidget

from finetune_studio.gui.widgets.layout import Scroller


class Steady(QObject):
    """Scrolls a page by as much as the place that is looked at would have moved.

    That is the place under the mouse, else the one with the keyboard, else the first in sight. A
    page at its beginning stays there: what comes is then seen to come.
    """

    def __init__(self, area: Scroller, places: Sequence[QWidget]) -> None:
        """Watch over a page.

        Args:
            area: What scrolls it.
            places: Its parts from top to bottom, which stay as long as the page does.
        """
        super().__init__(area)
        self._area, self._places = area, list(places)
        self._tops: dict[QWidget, int] = {}
        area.fitted.connect(self._settle)

    def _settle(self) -> None:
        before, self._tops = self._tops, self._measured()
        bar = self._area.verticalScrollBar()
        if bar.value() == bar.minimum():
            return
        looked = self._looked_at()
        both = [each for each in self._places if each in before and each in self._tops]
        seen = [each for each in both if before[each] <= looked]
        if seen:
            bar.setValue(bar.value() + self._tops[seen[-1]] - before[seen[-1]])

    def _measured(self) -> dict[QWidget, int]:
        """Pixels from the page's beginning to each place in it that is not hidden."""
        page = self._area.widget()
        assert page is not None
        return {
            each: each.mapTo(page, QPoint()).y() for each in self._places if each.isVisibleTo(page)
        }

    def _looked_at(self) -> int:
        """Pixels from the page's beginning to what is looked at, as it was when it was seen."""
        view, above = self._area.viewport(), self._area.verticalScrollBar().value()
        place = view.mapFromGlobal(QCursor.pos())
        if view.rect().contains(place):
            return above + place.y()
        typed = QApplication.focusWidget()
        if typed is not None and view.isAncestorOf(typed):
            place = typed.mapTo(view, QPoint())
            if view.rect().contains(place):
                return above + place.y()
        return above


def keep_steady(places: Sequence[QWidget]) -> None:
    """Let a page that scrolls keep what is looked at where it is.

    Args:
        places: Its parts from top to bottom, which stay as long as the page does.
    """
    area = places[0].parentWidget()
    while area is not None and not isinstance(area, Scroller):
        area = area.parentWidget()
    if area is not None:
        Steady(area, places)
