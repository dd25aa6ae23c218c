"""How many rows there are of each length, and where they are cut."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from finetune_studio.gui.theme import font, theme

HEIGHT, FOOT, HEAD = 168, 20, 18


class Histogram(QWidget):
    """Bars over equally wide bins; those beyond the cut are in another colour."""

    def __init__(self) -> None:
        super().__init__()
        self._edges: Sequence[int] = (0, 1)
        self._rows: Sequence[int] = (0,)
        self._cut, self._words = 0, ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_rows(self, edges: Sequence[int], rows: Sequence[int], cut: int, words: str) -> None:
        """Show other rows; `words` stand at the cut."""
        self._edges, self._rows, self._cut, self._words = edges, rows, cut, words
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(240, HEIGHT)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        wide, tall = self.width() / max(1, len(self._rows)), self.height() - FOOT - HEAD
        most = max(max(self._rows, default=0), 1)
        painter.setPen(Qt.PenStyle.NoPen)
        for index, count in enumerate(self._rows):
            if count:
                high = max(2.0, count / most * tall)
                beyond = self._edges[index] >= self._cut > 0
                painter.setBrush(theme.colour("warn" if beyond else "given"))
                bar = QRectF(index * wide + 1, HEAD + tall - high, max(1.0, wide - 2), high)
                painter.drawRoundedRect(bar, 1.5, 1.5)
        painter.fillRect(QRectF(0, HEAD + tall, self.width(), 1), theme.colour("line"))
        self._paint_axis(painter, HEAD + tall)
        self._paint_cut(painter, HEAD + tall)

    def _paint_axis(self, painter: QPainter, foot: float) -> None:
        painter.setFont(font("caption"))
        painter.setPen(theme.colour("text3"))
        last = self._edges[-1]
        for share, align in ((0.0, "Left"), (0.5, "HCenter"), (1.0, "Right")):
            words = f"{round(last * share):,}"
            room = QRectF(self.width() * share - 60, foot + 3, 120, FOOT - 3)
            if align == "Left":
                room.moveLeft(0)
            elif align == "Right":
                room.moveRight(self.width())
            painter.drawText(room, getattr(Qt.AlignmentFlag, f"Align{align}"), words)

    def _paint_cut(self, painter: QPainter, foot: float) -> None:
        if not 0 < self._cut < self._edges[-1]:
            return
        x = self._cut / self._edges[-1] * self.width()
        painter.setPen(QPen(theme.colour("warn"), 1.25, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, HEAD - 4), QPointF(x, foot))
        painter.setFont(font("label"))
        painter.setPen(theme.colour("warn"))
        wide = QFontMetricsF(font("label")).horizontalAdvance(self._words)
        left = min(max(0.0, x - wide - 6), self.width() - wide)
        painter.drawText(QPointF(left, HEAD - 5), self._words)
