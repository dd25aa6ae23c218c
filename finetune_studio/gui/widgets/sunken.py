"""A well for what is quoted: code, examples, rows."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLayout, QWidget
from typing_extensions import override

from finetune_studio.gui.theme import theme
from finetune_studio.gui.tokens import Radius
from finetune_studio.gui.widgets.layout import box, column


class Sunken(QWidget):
    """A layout on a sunken ground, `left` pixels from the left edge."""

    def __init__(self, layout: QLayout, left: int = 0) -> None:
        super().__init__()
        self._left = left
        self.setLayout(column(box(layout), pad=(left, 0, 0, 0)))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("sunken"))
        ground = QRectF(self.rect()).adjusted(self._left, 0, 0, 0)
        painter.drawRoundedRect(ground, Radius.control, Radius.control)
