"""Icons: SVG files tinted with a token's colour as they are painted, sharp at every scale."""

from functools import cache

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from typing_extensions import override

from finetune_studio import paths
from finetune_studio.gui.theme import theme

THIN = 15.0  # pixels; a line under one pixel would fade, so smaller icons get thicker ones


def paint_icon(painter: QPainter, name: str, rect: QRectF, colour: str) -> None:
    """Draw an icon in a token's colour."""
    tint = theme.colour(colour).name()
    _renderer(name, tint, rect.width() < THIN).render(painter, QRectF(rect))


@cache
def icon(name: str, colour: str = "text2") -> QIcon:
    """An icon that follows the theme without being set again; one for all that show it.

    An engine written in Python that goes while another is set has ended the process (twice in some
    hundred runs of the tests), so none goes.
    """
    return QIcon(_TokenIcon(name, colour))


@cache
def _renderer(name: str, tint: str, small: bool) -> QSvgRenderer:
    path = paths.resources() / "icons" / f"{name}.svg"
    source = path.read_text(encoding="utf-8").replace("currentColor", tint)
    if small:
        source = source.replace('stroke-width="2"', 'stroke-width="2.75"')
    return QSvgRenderer(QByteArray(source.encode()))


class _TokenIcon(QIconEngine):
    def __init__(self, name: str, colour: str) -> None:
        super().__init__()
        self._name, self._colour = name, colour

    @override
    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        colour = "text3" if mode == QIcon.Mode.Disabled else self._colour
        paint_icon(painter, self._name, QRectF(rect), colour)

    @override
    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    @override
    def clone(self) -> QIconEngine:
        return _TokenIcon(self._name, self._colour)
