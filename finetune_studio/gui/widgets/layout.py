"""Rows, columns, panes and scrolling: a page reads as an outline of what is on it."""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLayout, QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from finetune_studio.gui.theme import theme
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.turns import Part

Item = QWidget | QLayout | int | None  # an int is a gap, None is a stretch
Pad = tuple[int, int, int, int] | int
BAR = 10  # pixels; the scroll bar's width, as in theme.qss


def column(*items: Item, gap: int = Space.s, pad: Pad = 0) -> QVBoxLayout:
    """Things one under the other."""
    layout = QVBoxLayout()
    _fill(layout, items, gap, pad)
    return layout


def row(*items: Item, gap: int = Space.s, pad: Pad = 0) -> QHBoxLayout:
    """Things side by side."""
    layout = QHBoxLayout()
    _fill(layout, items, gap, pad)
    return layout


def box(layout: QLayout) -> QWidget:
    """A widget that holds a layout and nothing else."""
    widget = QWidget()
    widget.setLayout(layout)
    return widget


def clear(layout: QLayout) -> None:
    """Take everything out of a layout; what was in it goes for good."""
    while item := layout.takeAt(0):
        if widget := item.widget():
            widget.hide()
            widget.deleteLater()  # its parent owns it, so no reference of ours is dropped


@contextmanager
def laid_once(place: QWidget) -> Iterator[None]:
    """What comes into a place that is in sight meanwhile is laid out once.

    Qt would lay the whole page out anew for each thing that comes into sight by itself.
    """
    if not place.isVisible():
        yield
        return
    place.hide()
    try:
        yield
    finally:
        place.show()


def take(layout: QLayout, widget: QWidget) -> None:
    """Take one widget out of a layout, for good."""
    layout.removeWidget(widget)
    widget.hide()
    widget.deleteLater()


def _fill(layout: QBoxLayout, items: tuple[Item, ...], gap: int, pad: Pad) -> None:
    layout.setSpacing(gap)
    layout.setContentsMargins(*(pad if isinstance(pad, tuple) else (pad, pad, pad, pad)))
    for item in items:
        if item is None:
            layout.addStretch(1)
        elif isinstance(item, int):
            layout.addSpacing(item)
        elif isinstance(item, QLayout):
            layout.addLayout(item)
        else:
            layout.addWidget(item)


class Scroller(QScrollArea):
    """Scrolls a page downwards; its bar lies inside the margin, so that the page never shifts.

    Attributes:
        fitted: What is on the page was laid out anew.
    """

    fitted = Signal()

    def __init__(self, content: QLayout) -> None:
        super().__init__()
        self._content, self._margins = content, content.contentsMargins()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._page = box(content)
        self.setWidget(self._page)
        self.viewport().setAutoFillBackground(False)
        self._page.setAutoFillBackground(False)
        self._page.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
            self.fitted.emit()
        return super().eventFilter(watched, event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    def _fit(self) -> None:
        # Wrapped text makes the height depend on the width, which QScrollArea does not ask about.
        left, top = self._margins.left(), self._margins.top()
        right, bottom = self._margins.right(), self._margins.bottom()
        whole = self._content.totalHeightForWidth(self.width())
        if whole < 0:
            whole = self._content.totalSizeHint().height()
        bar = BAR if whole > self.height() else 0
        self._content.setContentsMargins(left, top, max(0, right - bar), bottom)
        if self._page.minimumHeight() != whole:
            self._page.setMinimumHeight(whole)


def bring_into_sight(widget: QWidget) -> None:
    """Scroll the page that it is on, as far as it takes to see it."""
    place = widget.parentWidget()
    while place is not None and not isinstance(place, QScrollArea):
        place = place.parentWidget()
    if isinstance(place, QScrollArea) and (page := place.widget()) is not None:
        # Qt's own way looks at a text field's cursor alone. Its end first: its beginning counts.
        for at in (widget.rect().bottomLeft(), widget.rect().topLeft()):
            there = widget.mapTo(page, at)
            place.ensureVisible(there.x(), there.y(), 0, Space.l)


class Rule(QWidget):
    """A hairline."""

    def __init__(self, *, vertical: bool = False) -> None:
        super().__init__()
        self._drawn = True
        if vertical:
            self.setFixedWidth(1)
        else:
            self.setFixedHeight(1)

    def draw(self, drawn: bool) -> None:
        """Draw it, or leave its place empty."""
        if drawn != self._drawn:
            self._drawn = drawn
            self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._drawn:
            QPainter(self).fillRect(self.rect(), theme.colour("line"))


def show_part(part: QWidget, wanted: bool) -> None:
    """Show a part of a page, or hide it; one that is in no page yet is shown with it.

    Qt would make a window of its own of it for a moment, which takes the keyboard away.
    """
    if wanted and part.parent() is None:
        part.setAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide, False)
    else:
        part.setVisible(wanted)


class Pane(Part):
    """A region with a ground and, at will, hairlines at its sides ("l", "r", "t", "b")."""

    def __init__(
        self, layout: QLayout | None = None, colour: str = "surface", edges: str = ""
    ) -> None:
        super().__init__()
        self._colour, self._edges = colour, edges
        if layout is not None:
            self.setLayout(layout)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(self._colour))
        w, h, line = self.width(), self.height(), theme.colour("line")
        sides = {"l": (0, 0, 1, h), "r": (w - 1, 0, 1, h), "t": (0, 0, w, 1), "b": (0, h - 1, w, 1)}
        for side in self._edges:
            painter.fillRect(*sides[side], line)
