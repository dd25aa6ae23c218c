"""The shape of a run's loss in a line, with its last point."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from finetune_studio.gui.theme import theme


class Sparkline(QWidget):
    """A small curve of a few values, without axes; nothing where there are fewer than two."""

    def __init__(self, values: list[float]) -> None:
        super().__init__()
        self._values = values
        self.setFixedSize(96, 28)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if len(self._values) < 2:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        points = self._points()
        path = QPainterPath(points[0])
        for point in points[1:]:
            path.lineTo(point)
        pen = QPen(theme.colour("learned"), 1.75)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPath(path)
        painter.setBrush(theme.colour("learned"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(points[-1], 2.75, 2.75)

    def _points(self) -> list[QPointF]:
        low, high = min(self._values), max(self._values)
        step = (self.width() - 8) / (len(self._values) - 1)
        span = (high - low) or 1.0
        room = self.height() - 8
        return [
            QPointF(3 + index * step, 4 + (high - value) / span * room)
            for index, value in enumerate(self._values)
        ]
