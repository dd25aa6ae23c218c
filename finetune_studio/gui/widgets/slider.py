"""A track to slide along: the safe range tinted, the recommended value ticked."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSlider
from typing_extensions import override

from finetune_studio.gui.theme import theme

TICKS = 1000
EDGE = 8  # pixels beside the track, for the knob


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` along the track, evenly or by their logarithm."""

    low: float
    high: float
    logarithmic: bool = False
    whole: bool = False

    def part(self, value: float) -> float:
        """Where a value lies, from 0 to 1."""
        value = max(self.low, min(self.high, value))
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def value(self, part: float) -> float:
        """The value at a place, rounded to what a person would write."""
        if self.logarithmic:
            found = self.low * (self.high / self.low) ** part
        else:
            found = self.low + part * (self.high - self.low)
        return round(found) if self.whole else float(f"{found:.2g}")


class Slider(QSlider):
    """Chooses a value along a scale; `edited` carries it."""

    edited = Signal(object)

    def __init__(self, scale: Scale, safe: tuple[float, float] | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._scale, self._safe = scale, safe
        self._advised: float | None = None
        self.setRange(0, TICKS)
        self.setSingleStep(TICKS // 50)
        self.setPageStep(TICKS // 10)
        self.setFixedHeight(24)
        self.setMinimumWidth(96)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.valueChanged.connect(lambda tick: self.edited.emit(self._scale.value(tick / TICKS)))

    def show_value(self, value: object) -> None:
        """Show a value without telling anybody."""
        self.blockSignals(True)
        self.setValue(round(self._scale.part(float(value)) * TICKS))  # type: ignore[arg-type]
        self.blockSignals(False)
        self.update()

    def advise(self, value: float | None) -> None:
        """Tick the recommended value."""
        self._advised = value
        self.update()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def _x(self, part: float) -> float:
        return EDGE + part * (self.width() - 2 * EDGE)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle, here = self.height() / 2, self._x(self.value() / TICKS)
        painter.setBrush(theme.colour("line"))
        painter.drawRoundedRect(QRectF(0, middle - 2, self.width(), 4), 2, 2)
        self._paint_range(painter, middle, here)
        if self._advised is not None:
            painter.setBrush(theme.colour("text3"))
            at = self._x(self._scale.part(self._advised))
            painter.drawRect(QRectF(at - 0.75, middle + 5, 1.5, 5))
        painter.setBrush(theme.colour("raised"))
        painter.setPen(QPen(theme.colour("accent"), 3 if self.hasFocus() else 2))
        painter.drawEllipse(QPointF(here, middle), 7, 7)

    def _paint_range(self, painter: QPainter, middle: float, here: float) -> None:
        left, right, alpha = 0.0, here, 1.0
        safe = self._safe
        if safe and self._advised is not None and not safe[0] <= self._advised <= safe[1]:
            safe = None  # what is advised here is beyond what suits most models
        if safe:
            left, right = (self._x(self._scale.part(value)) for value in safe)
            alpha = 0.35
        painter.setBrush(theme.colour("accent", alpha))
        painter.drawRoundedRect(QRectF(left, middle - 2, right - left, 4), 2, 2)
