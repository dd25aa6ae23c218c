"""Small readings: how much of a whole, and a labelled meter."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from finetune_studio.gui.language import Words
from finetune_studio.gui.theme import theme
from finetune_studio.gui.widgets.layout import column, row
from finetune_studio.gui.widgets.text import Text


class Track(QWidget):
    """How much of a whole, from 0 to 1; `limit` marks where it becomes a worry."""

    def __init__(self, colour: str = "accent", *, height: int = 6, limit: float = 0.0) -> None:
        super().__init__()
        self._part, self._colour, self._limit, self._height = 0.0, colour, limit, height
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_part(self, part: float) -> None:
        """Show another share."""
        self._part = max(0.0, min(1.0, part))
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(60, self._height)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        rect, radius = QRectF(self.rect()), self.height() / 2
        painter.setBrush(theme.colour("line"))
        painter.drawRoundedRect(rect, radius, radius)
        if self._part > 0:
            painter.setBrush(theme.colour(self._colour))
            width = max(rect.width() * self._part, rect.height())
            painter.drawRoundedRect(QRectF(0, 0, width, rect.height()), radius, radius)
        if self._limit:
            at = QRectF(rect.width() * self._limit, 0, 1.5, rect.height())
            painter.fillRect(at, theme.colour("text3"))


class Meter(QWidget):
    """A label, a value in words, and the share it is of the whole."""

    def __init__(self, label: Words, colour: str = "accent", limit: float = 0.0) -> None:
        super().__init__()
        self._label, self._value = Text(label, "caption", "text2"), Text("", "label")
        self._track = Track(colour, limit=limit)
        self.setLayout(column(row(self._label, None, self._value), self._track, gap=5))

    def show_reading(self, value: Words, part: float | None) -> None:
        """Show a value; without a share there is no bar."""
        self._value.say(value)
        self._track.setVisible(part is not None)
        self._track.show_part(part or 0.0)
        self.setAccessibleName(f"{self._label.plain} {self._value.plain}")
