"""What quantisation does to a weight: painted levels, and one weight that moves to the nearest.

Knows numbers alone: the 16 levels of NF4, the 255 of LLM.int8, and bfloat16.
"""

import math
import struct
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from finetune_studio.gui.theme import font, theme

NF4 = (
    -1.0,
    -0.6961928009986877,
    -0.5250730514526367,
    -0.39491748809814453,
    -0.28444138169288635,
    -0.18477343022823334,
    -0.09105003625154495,
    0.0,
    0.07958029955625534,
    0.16093020141124725,
    0.24611230194568634,
    0.33791524171829224,
    0.44070982933044434,
    0.5626170039176941,
    0.7229568362236023,
    1.0,
)
"""Dettmers et al. 2023, QLoRA, appendix E; the table that bitsandbytes uses (functional.py)."""
INT8 = 127
"""Steps on either side of zero; the largest weight becomes 127. Dettmers et al. 2022."""
SPREAD = 0.3
"""Standard deviation of the drawn bell: the usual weights of a block beside its largest one."""
LENS = 0.06  # half the width of what the magnified strip shows
STEP, LEAP = 0.005, 0.05
Format = Literal["nf4", "int8", "bf16"]
FORMATS: tuple[Format, ...] = ("nf4", "int8", "bf16")


@dataclass(frozen=True)
class Kept:
    """A weight as a format keeps it."""

    weight: float
    value: float

    @property
    def error(self) -> float:
        """How far it moved."""
        return abs(self.value - self.weight)


def kept(weight: float, name: Format) -> Kept:
    """What becomes of a weight between -1 and 1, which is divided by the largest of its block."""
    if name == "nf4":
        return Kept(weight, min(NF4, key=lambda level: abs(level - weight)))
    if name == "int8":
        return Kept(weight, round(weight * INT8) / INT8)
    return Kept(weight, bfloat16(weight))


def bfloat16(value: float) -> float:
    """The nearest bfloat16: the upper half of a float32, rounded to even."""
    (bits,) = struct.unpack("<I", struct.pack("<f", value))
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    found: float = struct.unpack("<f", struct.pack("<I", rounded))[0]
    return found


def levels_between(low: float, high: float, name: Format) -> list[float]:
    """The levels of a format in a range within -1 and 1, in order."""
    low, high = max(-1.0, low), min(1.0, high)
    if name == "nf4":
        return [each for each in NF4 if low <= each <= high]
    if name == "int8":
        return [n / INT8 for n in range(math.ceil(low * INT8), math.floor(high * INT8) + 1)]
    found, value = [], bfloat16(low)
    while value <= high:
        if value >= low:
            found.append(value)
        value = _next(value)
    return found


def _next(value: float) -> float:
    """The next larger bfloat16; near zero in steps that can still be drawn."""
    size = max(abs(value), 2.0**-7)
    if value < 0:  # a power of two is the coarse end of the finer steps towards zero
        size *= 1 - 2.0**-20
    return bfloat16(value + 2.0 ** (math.floor(math.log2(size)) - 7))


class LevelsPicture(QWidget):
    """The bell of the weights with NF4's levels, and below it a magnified strip of all three.

    Attributes:
        edited: The weight, as it was pointed at or moved to by the arrow keys.
    """

    edited = Signal(float)

    def __init__(self, weight: float = 0.37) -> None:
        super().__init__()
        self.weight = weight
        self.names: dict[Format, str] = {name: name for name in FORMATS}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_weight(self, weight: float) -> None:
        """Show another weight, without telling anybody."""
        self.weight = max(-1.0, min(1.0, weight))
        self.update()

    def show_names(self, names: dict[Format, str]) -> None:
        """How the formats are called in the language in use."""
        self.names = dict(names)
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(360, 222)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._point(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -STEP,
            Qt.Key.Key_Right: STEP,
            Qt.Key.Key_PageDown: -LEAP,
            Qt.Key.Key_PageUp: LEAP,
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self._go(self.weight + step)

    def _point(self, event: QMouseEvent) -> None:
        self._go((event.position().x() - 12) / max(1, self.width() - 24) * 2 - 1)

    def _go(self, weight: float) -> None:
        self.show_weight(round(weight, 3))
        self.edited.emit(self.weight)

    def _x(self, value: float) -> float:
        return 12 + (value + 1) / 2 * (self.width() - 24)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_bell(painter, 96.0)
        self._paint_snap(painter, 96.0)
        self._paint_lens(painter, 128.0)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def _paint_bell(self, painter: QPainter, base: float) -> None:
        def top(value: float) -> float:
            return base - math.exp(-(value**2) / (2 * SPREAD**2)) * (base - 26)

        bell = QPainterPath(QPointF(self._x(-1), base))
        for step in range(101):
            value = -1 + step / 50
            bell.lineTo(self._x(value), top(value))
        bell.lineTo(self._x(1), base)
        painter.fillPath(bell, theme.colour("given", 0.22))
        painter.setPen(QPen(theme.colour("given"), 1.25))
        for level in NF4:
            at = self._x(level)
            painter.drawLine(QPointF(at, base + 5), QPointF(at, min(top(level), base - 3)))
        painter.fillRect(QRectF(12, base, self.width() - 24, 1), theme.colour("edge"))
        painter.setFont(font("caption"))
        painter.setPen(theme.colour("text3"))
        for value in (-1, 0, 1):
            words = f"{value:+d}" if value else "0"
            place = QRectF(self._x(value) - 20, base + 7, 40, 16)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_snap(self, painter: QPainter, base: float) -> None:
        found = kept(self.weight, "nf4")
        start, end = self._x(self.weight), self._x(found.value)
        painter.setPen(QPen(theme.colour("accent"), 1.5, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(start, 20), QPointF(start, base))
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.setBrush(theme.colour("surface"))
        painter.drawEllipse(QPointF(start, base), 4.5, 4.5)
        painter.setBrush(theme.colour("accent"))
        painter.drawEllipse(QPointF(end, base), 4.5, 4.5)
        painter.setFont(font("label"))
        right = self.weight >= 0.4  # the words stay inside the picture
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        words = f"{self.weight:.3f}  →  {found.value:.3f}"
        place = QRectF(start - 208 if right else start + 8, 6, 200, 18)
        painter.drawText(place, side | Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_lens(self, painter: QPainter, top: float) -> None:
        """The surroundings of the weight, magnified, in a lane for each format."""
        low, left, lane = self.weight - LENS, 78.0, 28.0
        scale = (self.width() - 12 - left) / (2 * LENS)
        for number, name in enumerate(FORMATS):
            base = top + number * lane + 20
            painter.setFont(font("caption"))
            painter.setPen(theme.colour("text2"))
            words = QRectF(12, base - 18, left - 16, 20)
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.names[name])
            painter.fillRect(QRectF(left, base, self.width() - 12 - left, 1), theme.colour("line"))
            painter.setPen(QPen(theme.colour("given"), 1))
            for level in levels_between(low, low + 2 * LENS, name):
                at = left + (level - low) * scale
                painter.drawLine(QPointF(at, base - 9), QPointF(at, base))
            value = kept(self.weight, name).value
            if abs(value - self.weight) <= LENS:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.colour("accent"))
                painter.drawEllipse(QPointF(left + (value - low) * scale, base), 4, 4)
        middle = left + LENS * scale
        painter.setPen(QPen(theme.colour("accent"), 1.5, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(middle, top), QPointF(middle, top + 3 * lane))
