"""Text as the model reads it: chips of whole characters; learned is tinted, cut is struck."""

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from finetune_studio.gui.theme import font, theme
from finetune_studio.gui.tokens import Radius
from finetune_studio.tokens.chips import Chip

HEIGHT, CHIP, GAP, LEADING = 39, 25, 3, 5
WORDS, MARKS, IDS = ("body", 14), ("mono", 11), ("mono", 10)
"""The fonts of text, of special tokens, and of the ids below them."""
MOST = 1200  # chips that are drawn; a longer row is said to go on


class TokenFlow(QWidget):
    """Learned: celadon, underlined. Given: slate. Cut: pale, struck. Special: dashed, in mono.

    Attributes:
        laid: The height that it needs now, in pixels.
    """

    laid = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._chips: Sequence[Chip] = ()
        self._places: list[QRectF] = []
        self._laid = -1
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_chips(self, chips: Sequence[Chip]) -> None:
        """Show other tokens."""
        if self._places and chips[:MOST] == self._chips:
            return
        self._chips, self._laid = chips[:MOST], -1
        self.setAccessibleName("".join(chip.text for chip in self._chips))
        self.updateGeometry()
        self.update()
        self._tell()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell()

    def _tell(self) -> None:
        self.laid.emit(max(HEIGHT, self.heightForWidth(max(1, self.width()))))

    def _lay(self, width: int) -> float:
        if width == self._laid and self._places:
            return self._places[-1].bottom()
        self._places, self._laid = [], width
        x = y = 0.0
        for chip, needed in zip(self._chips, _widths(self._chips), strict=True):
            wide = min(needed, float(width))
            if x and x + wide > width:
                x, y = 0.0, y + HEIGHT + LEADING
            self._places.append(QRectF(x, y, wide, HEIGHT))
            x += wide + GAP
            if chip.ends_line:
                x, y = 0.0, y + HEIGHT + LEADING
        return self._places[-1].bottom() if self._places else 0.0

    @override
    def heightForWidth(self, width: int) -> int:
        return round(self._lay(width))

    @override
    def sizeHint(self) -> QSize:
        return QSize(400, self.heightForWidth(max(self.width(), 400)))

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            for chip, place in zip(self._chips, self._places, strict=False):
                if place.contains(event.pos()):
                    QToolTip.showText(event.globalPos(), _told(chip), self)
                    return True
        return super().event(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        self._lay(self.width())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        seen = QRectF(event.rect())
        for index, (chip, place) in enumerate(zip(self._chips, self._places, strict=True)):
            if place.intersects(seen):
                _paint(painter, chip, place, odd=bool(index % 2))


def _widths(chips: Sequence[Chip]) -> Iterator[float]:
    """How wide each chip is, in pixels."""
    plain, special = (QFontMetricsF(font(*each)) for each in (WORDS, MARKS))
    below = QFontMetricsF(font(*IDS))
    for chip in chips:
        words = (special if chip.special else plain).horizontalAdvance(chip.text)
        yield max(words + 10, below.horizontalAdvance(_numbers(chip)) + 10, 18)


def _paint(painter: QPainter, chip: Chip, place: QRectF, *, odd: bool) -> None:
    body = QRectF(place.left(), place.top(), place.width(), CHIP)
    learned, cut = chip.state == "learned", "cut" in chip.states
    edge = QPen(theme.colour("edge", 0.55), 1, Qt.PenStyle.DashLine)
    painter.setPen(edge if chip.special or cut else Qt.PenStyle.NoPen)
    strength = 0.26 if odd else 0.16  # neighbours differ, so that the seams show
    family = "learned" if learned else "given"
    filled = (learned or not chip.special) and not cut
    painter.setBrush(theme.colour(family, strength) if filled else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(body.adjusted(0.5, 0.5, -0.5, -0.5), Radius.chip, Radius.chip)
    if learned:
        line = QRectF(body.left() + 3, body.bottom() - 2, body.width() - 6, 2)
        painter.fillRect(line, theme.colour("learned"))
    painter.setFont(font(*(MARKS if chip.special else WORDS)))
    painter.setPen(theme.colour("text3" if cut else "text2" if chip.special else "text"))
    painter.drawText(body, Qt.AlignmentFlag.AlignCenter, chip.text)
    if cut:
        middle = round(body.center().y())
        painter.drawLine(round(body.left() + 4), middle, round(body.right() - 4), middle)
    painter.setFont(font(*IDS))
    painter.setPen(theme.colour("text3"))
    under = QRectF(place.left() - 4, body.bottom() + 1, place.width() + 8, 14)
    painter.drawText(under, Qt.AlignmentFlag.AlignCenter, _numbers(chip))


def _numbers(chip: Chip) -> str:
    return "·".join(str(number) for number in chip.ids)


def _told(chip: Chip) -> str:
    parts = (f"{part}  {number}" for part, number in zip(chip.parts, chip.ids, strict=True))
    return "\n".join(parts)
