"""Curves. Each line has a colour and a pattern of its own, so that it reads without colour."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from finetune_studio.gui.theme import font, theme
from finetune_studio.gui.turns import later
from finetune_studio.gui.widgets.layout import column
from finetune_studio.gui.widgets.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Callable

Values = NDArray[np.float64]
HALF_LINE, BELOW = 8, 40  # pixels: half a tick's words; the axis under the plot and its margins
HALF_MARK = 5  # pixels: half of the ring at a measured point
SPARE = 3  # pixels beside the last tick's words, at least
MARK_ROOM = 8  # pixels for each ring: more of them are a smear
JOINTS = 200  # points of a line from which it may be drawn piece by piece
RESTLESS = 12  # times the height of a line, that it goes up and down
UNDER = -1000.0  # where the grid lies: no curve is cut by it
pg.setConfigOptions(antialias=True, background=None)


@dataclass(frozen=True)
class Stroke:
    """How a line is drawn; one that is not `smooth` is drawn quickly, pixel by pixel."""

    colour: str = "learned"
    style: Qt.PenStyle = Qt.PenStyle.SolidLine
    width: float = 2.0
    symbol: str = ""
    alpha: float = 1.0
    smooth: bool = True


class Plot(pg.PlotWidget):  # type: ignore[misc]
    """Quiet axes, no frame, no menu; colours are set again when the theme changes."""

    def __init__(
        self, strokes: list[Stroke], *, height: int = 0, axis: int = 42, explored: bool = False
    ) -> None:
        """Make an empty plot.

        Args:
            strokes: One for each line.
            height: In pixels; 0 takes the room that there is.
            axis: Width of the vertical axis, in pixels.
            explored: Whether the wheel looks closer, the mouse moves, and a cross-hair reads.
        """
        super().__init__(enableMenu=False)  # a menu that nobody sees takes half the time
        self.setMinimumHeight(height or 124)
        if height:
            self.setMaximumHeight(height)
        self._strokes, self._marks = strokes, list[tuple[pg.InfiniteLine, str]]()
        self._curves = [
            self.plot([], [], antialias=each.smooth, connect="finite") for each in strokes
        ]
        self.hideButtons()
        self.setMouseEnabled(x=False, y=False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.showGrid(x=False, y=True, alpha=1.0)
        self.getAxis("left").setWidth(axis)
        self.getAxis("bottom").setHeight(20)
        self._has_marks = any(each.symbol for each in strokes)
        self._shown: tuple[Ticks, Ticks, float] | None = None
        self._laid: tuple[Ticks, Ticks, float, QSize] | None = None  # as the axes stand
        self._explorer = Explorer(self) if explored else None
        theme.changed.connect(self._dress)
        self._dress()

    @property
    def zoomed(self) -> bool:
        """Whether the person looks at a part of it."""
        return self._explorer is not None and self._explorer.zoomed

    def picture(self) -> QImage:
        """What is drawn now, on the colour of the page."""
        image = QImage(
            self.size() * self.devicePixelRatioF(), QImage.Format.Format_ARGB32_Premultiplied
        )
        image.setDevicePixelRatio(self.devicePixelRatioF())
        image.fill(theme.colour("surface"))
        painter = QPainter(image)
        self.render(painter)
        painter.end()
        return image

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, self.minimumHeight())  # a graphics view would ask for its scene

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.__dict__.get("_shown"):  # Qt asks before we are made
            x, y, air = self._shown  # type: ignore[misc]
            self.show_ranges(x, y, air=air)

    def main_curves(self) -> list[pg.PlotDataItem]:
        """The lines that a cross-hair reads: solid ones, in their order."""
        pairs = zip(self._curves, self._strokes, strict=True)
        return [curve for curve, stroke in pairs if not stroke.symbol and stroke.alpha == 1.0]

    @property
    def explorer(self) -> "Explorer | None":
        """What zooms and reads; None where nothing does."""
        return self._explorer

    def show_line(self, index: int, x: Values, y: Values) -> None:
        """Draw other points for one line; a NaN is a gap."""
        curve, stroke = self._curves[index], self._strokes[index]
        solid = stroke.style == Qt.PenStyle.SolidLine and stroke.alpha == 1.0
        pieces = solid and len(x) > JOINTS and _restless(y)
        curve.curve.setSegmentedLineMode("on" if pieces else "off")
        if stroke.symbol:
            curve.setSymbol(self._ring(stroke, len(x)))
        curve.setData(x, y)

    def _ring(self, stroke: Stroke, points: int) -> str | None:
        """What stands at each point: nothing where there are so many that they would touch."""
        return stroke.symbol if points <= self.width() / MARK_ROOM else None

    def show_ranges(self, x: Ticks, y: Ticks, *, air: float = 0.06) -> None:
        """Show these ranges and ticks; `air` is the share kept free for half of the last tick."""
        self._shown, laid = (x, y, air), (x, y, air, self.size())
        if self.zoomed:
            self._laid = None
            return  # the person looks at a part; a double click comes back
        if laid == self._laid:
            return  # an axis that is set again is painted anew
        self._laid = laid
        span, air = x.high - x.low, max(air, self._half_of_last(x))
        first = span * HALF_MARK / max(HALF_MARK, self.width()) if self._has_marks else 0.0
        self.setXRange(x.low - first, x.high + span * air, padding=0)
        # The words of a tick at the very edge would be dropped: half a line is kept free there.
        edge = (y.high - y.low) * HALF_LINE / max(HALF_LINE, self.height() - BELOW)
        self.setYRange(y.low - edge, y.high + edge, padding=0)
        self.getAxis("bottom").setTicks([list(x.marks)])
        self.getAxis("left").setTicks([list(y.marks)])

    def _half_of_last(self, x: Ticks) -> float:
        """The share of the range that half of the last tick's words reach beyond it."""
        if not x.marks:
            return 0.0
        half = QFontMetricsF(font("caption")).horizontalAdvance(x.marks[-1][1]) / 2 + SPARE
        return float(half / max(half, self.width() - self.getAxis("left").width() - half))

    def show_marks(self, places: list[tuple[float, str]]) -> None:
        """Draw dashed verticals, each at a place and in a colour."""
        while len(self._marks) > len(places):
            self.removeItem(self._marks.pop()[0])
        lines = [line for line, _ in self._marks]
        lines += [self.addLine(x=x) for x, _ in places[len(lines) :]]
        before, self._marks = self._marks, list(zip(lines, (c for _, c in places), strict=True))
        for line, (x, _) in zip(lines, places, strict=True):
            line.setPos(x)
        if self._marks != before:
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
            axis.setZValue(UNDER)
        self.getAxis("left").setPen(pg.mkPen(None))
        self.getAxis("left").setTickPen(pg.mkPen(theme.colour("line")))
        for curve, stroke in zip(self._curves, self._strokes, strict=True):
            colour = theme.colour(stroke.colour, stroke.alpha)
            curve.setPen(pg.mkPen(colour, width=stroke.width, style=stroke.style))
            if stroke.symbol:
                shown, _ = curve.getData()
                curve.setSymbol(self._ring(stroke, 0 if shown is None else len(shown)))
                curve.setSymbolSize(6)
                curve.setSymbolBrush(theme.colour("surface"))
                curve.setSymbolPen(pg.mkPen(colour, width=1.5))
        self._dress_marks()

        if self._explorer is not None:
            self._explorer.dress()

    def _dress_marks(self) -> None:
        for line, colour in self._marks:
            line.setPen(pg.mkPen(theme.colour(colour), width=1, style=Qt.PenStyle.DashLine))


def _restless(y: Values) -> bool:
    """Whether a line goes up and down so much that nobody sees how its points are joined.

    As one path it then takes many times what its pieces take.
    """
    known = y[np.isfinite(y)]
    return bool(np.abs(np.diff(known)).sum() > RESTLESS * np.ptp(known)) if known.size else False


class PlotPlace(QWidget):
    """Room for a small plot, which takes a while to make and comes in a turn of its own.

    Attributes:
        came: It is there, and empty.
        plot: It; None before.
    """

    came = Signal()

    def __init__(self, strokes: list[Stroke], *, height: int, axis: int) -> None:
        """Keep the room; arguments as of `Plot`."""
        super().__init__()
        self.plot: Plot | None = None
        self._make_plot = partial(Plot, strokes, height=height, axis=axis)
        self.setFixedHeight(height)
        self.setLayout(column(gap=0))
        later(self, self._make)

    def _make(self) -> None:
        self.plot = self._make_plot()
        place = self.layout()
        assert place is not None
        place.addWidget(self.plot)
        self.came.emit()


class Explorer(QObject):
    """Zoom by wheel and by dragging, a cross-hair with the values, all again by a double click.

    Attributes:
        changed: The person looks at another part, or at all again.
    """

    changed = Signal()

    def __init__(self, plot: Plot) -> None:
        super().__init__(plot)
        self._plot, self.zoomed = plot, False
        self.reads: Callable[[float, float], str] = lambda x, y: f"{x:,.0f}  {y:.4g}"
        box = plot.getViewBox()
        box.setMouseEnabled(x=True, y=False)
        box.setDefaultPadding(0.0)
        box.sigRangeChangedManually.connect(self._zoom)
        self._across = pg.InfiniteLine(angle=90)
        self._value = pg.TextItem(anchor=(0, 1))
        for item in (self._across, self._value):
            plot.addItem(item, ignoreBounds=True)
            item.hide()
        plot.scene().sigMouseMoved.connect(self._follow)
        plot.viewport().installEventFilter(self)

    def dress(self) -> None:
        """Take the colours of the theme."""
        self._across.setPen(pg.mkPen(theme.colour("edge"), width=1))
        self._value.setColor(theme.colour("text"))
        self._value.fill = pg.mkBrush(theme.colour("raised", 0.9))

    def reset(self) -> None:
        """Look at all again."""
        if self.zoomed:
            self.zoomed = False
            for name in ("left", "bottom"):
                self._plot.getAxis(name).setTicks(None)
            self.changed.emit()

    def _zoom(self) -> None:
        if not self.zoomed:
            self.zoomed = True
            self._plot.getAxis("bottom").setTicks(None)  # pyqtgraph finds ticks for the part
            self.changed.emit()

    def _follow(self, place: QPointF) -> None:
        box = self._plot.getViewBox()
        found = self._nearest(box.mapSceneToView(place).x()) if self._inside(place) else None
        for item in (self._across, self._value):
            item.setVisible(found is not None)
        if found is not None:
            x, y = found
            (left, right), _ = box.viewRange()
            self._across.setPos(x)
            self._value.setAnchor((1 if x > (left + right) / 2 else 0, 1))
            self._value.setPos(x, y)
            self._value.setPlainText(self.reads(x, y))

    def _inside(self, place: QPointF) -> bool:
        return bool(self._plot.getViewBox().sceneBoundingRect().contains(place))

    def _nearest(self, x: float) -> tuple[float, float] | None:
        """The point of the last line with points that lies nearest to a place."""
        for curve in reversed(self._plot.main_curves()):
            xs, ys = curve.getData()
            if xs is not None and len(xs):
                at = int(np.abs(xs - x).argmin())
                return float(xs[at]), float(ys[at])
        return None

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonDblClick:
            self.reset()
            return True
        if event.type() == QEvent.Type.Leave:
            for item in (self._across, self._value):
                item.hide()
        return super().eventFilter(watched, event)


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
