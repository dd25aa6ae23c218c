"""Words as chips: what is learned is underlined in celadon, what is given is slate."""

from functools import cached_property

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from finetune_studio.gui.theme import font, theme
from finetune_studio.gui.tokens import Radius

HEIGHT, GAP, LEADING = 25, 3, 6


class Chips(QWidget):
    """A few words, wrapped like text; neighbours differ a little, so that the seams show."""

    def __init__(self, words: list[str], *, learned: bool) -> None:
        super().__init__()
        self._words, self._learned = words, learned
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(" ".join(words))

    @cached_property
    def _widths(self) -> list[float]:
        metrics = QFontMetricsF(font("body"))
        return [metrics.horizontalAdvance(word) + 12 for word in self._words]

    def _places(self, width: float) -> list[QRectF]:
        x, y, found = 0.0, 0.0, []
        for wide in self._widths:
            if x and x + wide > width:
                x, y = 0.0, y + HEIGHT + LEADING
            found.append(QRectF(x, y, wide, HEIGHT))
            x += wide + GAP
        return found

    @override
    def heightForWidth(self, width: int) -> int:
        return round(self._places(width)[-1].bottom()) if self._words else 0

    @override
    def sizeHint(self) -> QSize:
        return QSize(160, HEIGHT)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font("body"))
        colour = "learned" if self._learned else "given"
        for index, place in enumerate(self._places(self.width())):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(colour, 0.26 if index % 2 else 0.16))
            painter.drawRoundedRect(place, Radius.chip, Radius.chip)
            if self._learned:
                line = QRectF(place.left() + 3, place.bottom() - 2, place.width() - 6, 2)
                painter.fillRect(line, theme.colour("learned"))
            painter.setPen(theme.colour("text"))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self._words[index])
