"""A tinted icon as a widget, and the mark of the program."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from finetune_studio.gui.icons import paint_icon
from finetune_studio.gui.theme import theme


class Glyph(QWidget):
    """An icon; with `disc`, on a rounded ground of that colour, twice as wide."""

    def __init__(self, name: str, colour: str = "text2", size: int = 16, disc: str = "") -> None:
        super().__init__()
        self._name, self._colour, self._size, self._disc = name, colour, size, disc
        side = size * 2 if disc else size
        self.setFixedSize(side, side)

    def show_as(self, name: str, colour: str) -> None:
        """Show another icon or colour."""
        self._name, self._colour = name, colour
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        if self._disc:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(self._disc))
            painter.drawRoundedRect(rect, self._size / 2, self._size / 2)
            inset = self._size / 2
            rect.adjust(inset, inset, -inset, -inset)
        paint_icon(painter, self._name, rect, self._colour)


MARK = ((0, 2, 12, "given"), (14, 2, 6, "given"), (0, 11, 6, "learned"), (8, 11, 12, "learned"))


def paint_mark(painter: QPainter, size: float) -> None:
    """Draw the mark: four tokens, two given and two learned."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    unit = size / 20
    for x, y, width, name in MARK:
        painter.setBrush(theme.colour(name))
        painter.drawRoundedRect(
            QRectF(x * unit, y * unit, width * unit, 7 * unit), 2 * unit, 2 * unit
        )


class Mark(QWidget):
    """The mark of the program."""

    def __init__(self, size: int = 20) -> None:
        super().__init__()
        self.setFixedSize(QSize(size, size))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        paint_mark(QPainter(self), self.width())
