"""A figure before and after, as two dots on a line: hollow before, full after."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from finetune_studio.gui.theme import theme

DOT = 5.5


class BeforeAfter(QWidget):
    """Two places from 0 to 1; the change between them is drawn thick."""

    def __init__(self) -> None:
        super().__init__()
        self._before: float | None = None
        self._after = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_places(self, before: float | None, after: float) -> None:
        """Show other places; without a before only the after is drawn."""
        self._before, self._after = before, after
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(80, 20)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, width = self.height() / 2, self.width() - 4 * DOT
        painter.fillRect(QRectF(0, middle - 1, self.width(), 2), theme.colour("line"))
        after = 2 * DOT + max(0.0, min(1.0, self._after)) * width
        if self._before is not None:
            before = 2 * DOT + max(0.0, min(1.0, self._before)) * width
            left, right = sorted((before, after))
            change = QRectF(left, middle - 1.5, right - left, 3)
            painter.fillRect(change, theme.colour("learned"))
            painter.setPen(QPen(theme.colour("given"), 2))
            painter.setBrush(theme.colour("surface"))
            painter.drawEllipse(QPointF(before, middle), DOT, DOT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("learned"))
        painter.drawEllipse(QPointF(after, middle), DOT + 0.5, DOT + 0.5)
