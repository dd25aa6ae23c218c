"""Curves. Each line has a colour and a pattern of its own, so that it reads without colour."""

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from finetune_studio.gui.theme import font, theme
from finetune_studio.gui.widgets.ticks import Ticks

Values = NDArray[np.float64]
HALF_LINE, BELOW = 8, 40  # pixels: half a tick's words; the axis under the plot and its margins
pg.setConfigOptions(antialias=True, background=None)


@dataclass(frozen=True)
class Stroke:
    """How a line is drawn."""

    colour: str = "learned"
    style: Qt.PenStyle = Qt.PenStyle.SolidLine
    width: float = 2.0
    symbol: str = ""
    alpha: float = 1.0


class Plot(pg.PlotWidget):  # type: ignore[misc]
    """Quiet axes, no frame, no menu; colours are set again when the theme changes."""

    def __init__(self, strokes: list[Stroke], *, height: int = 0, axis: int = 42) -> None:
        """Make an empty plot.

        Args:
            strokes: One for each line.
            height: In pixels; 0 takes the room that there is.
            axis: Width of the vertical axis, in pixels.
        """
        super().__init__()
        self.setMinimumHeight(height or 124)
        if height:
            self.setMaximumHeight(height)
        self._strokes, self._marks = strokes, list[tuple[pg.InfiniteLine, str]]()
        self._curves = [self.plot([], [], antialias=True, connect="finite") for _ in strokes]
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setMouseEnabled(x=False, y=False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.showGrid(x=False, y=True, alpha=1.0)
        self.getAxis("left").setWidth(axis)
        self.getAxis("bottom").setHeight(20)
        theme.changed.connect(self._dress)
        self._dress()

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, self.minimumHeight())  # a graphics view would ask for its scene

    def show_line(self, index: int, x: Values, y: Values) -> None:
        """Draw other points for one line; a NaN is a gap."""
        self._curves[index].setData(x, y)

    def show_ranges(self, x: Ticks, y: Ticks, *, air: float = 0.06) -> None:
        """Show these ranges and ticks; `air` is the share kept free for half of the last tick."""
        self.setXRange(x.low, x.high + (x.high - x.low) * air, padding=0)
        # The words of a tick at the very edge would be dropped: half a line is kept free there.
        edge = (y.high - y.low) * HALF_LINE / max(HALF_LINE, self.height() - BELOW)
        self.setYRange(y.low - edge, y.high + edge, padding=0)
        self.getAxis("bottom").setTicks([list(x.marks)])
        self.getAxis("left").setTicks([list(y.marks)])

    def show_marks(self, places: list[tuple[float, str]]) -> None:
        """Draw dashed verticals, each at a place and in a colour."""
        for line, _ in self._marks:
            self.removeItem(line)
        self._marks = [(self.addLine(x=x), colour) for x, colour in places]
        self._dress_marks()

    def _dress(self) -> None:
        self.setBackground(None)
        for name in ("left", "bottom"):
            axis = self.getAxis(name)
            axis.setPen(pg.mkPen(theme.colour("line")))
            axis.setTextPen(theme.colour("text3"))
            axis.setStyle(
                tickFont=font("caption"),
                tickLength=0,
                tickTextOffset=6,
                hideOverlappingLabels=False,
            )
        self.getAxis("left").setPen(pg.mkPen(None))
        self.getAxis("left").setTickPen(pg.mkPen(theme.colour("line")))
        for curve, stroke in zip(self._curves, self._strokes, strict=True):
            colour = theme.colour(stroke.colour, stroke.alpha)
            curve.setPen(pg.mkPen(colour, width=stroke.width, style=stroke.style))
            if stroke.symbol:
                curve.setSymbol(stroke.symbol)
                curve.setSymbolSize(6)
                curve.setSymbolBrush(theme.colour("surface"))
                curve.setSymbolPen(pg.mkPen(colour, width=1.5))
        self._dress_marks()

    def _dress_marks(self) -> None:
        for line, colour in self._marks:
            line.setPen(pg.mkPen(theme.colour(colour), width=1, style=Qt.PenStyle.DashLine))


class LegendKey(QWidget):
    """A sample of a line, for the legend beside the plot's title."""

    def __init__(self, stroke: Stroke) -> None:
        super().__init__()
        self._stroke = stroke
        self.setFixedSize(22, 12)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour(self._stroke.colour), 2, self._stroke.style))
        painter.drawLine(QPointF(0, 6), QPointF(22, 6))
        if self._stroke.symbol:
            painter.setPen(QPen(theme.colour(self._stroke.colour), 1.5))
            painter.setBrush(theme.colour("surface"))
            painter.drawEllipse(QPointF(11, 6), 3, 3)
