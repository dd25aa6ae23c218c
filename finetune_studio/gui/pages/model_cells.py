"""Paints the cells of the table of models, from tokens alone."""

import re
from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from finetune_studio.gui import amounts
from finetune_studio.gui.icons import paint_icon
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages import model_words as words
from finetune_studio.gui.pages.model_rows import OK, Row
from finetune_studio.gui.theme import font, theme
from finetune_studio.gui.tokens import Size
from finetune_studio.gui.widgets.chip import GLYPHS, HEIGHT, chip_width, paint_chip

Index = QModelIndex | QPersistentModelIndex
KOREAN_TONES = {"native": "learned", "official": "given", "none": "plain", "": "plain"}
PARTS = re.compile(r"[^-_ ]+[-_ ]*")
PLACES = (46, 53, 56)  # pixels for each method's word


class CellPainter(QStyledItemDelegate):
    """One painter for every column.

    Attributes:
        chosen: The model that the recipe uses.
        second_line: Columns that have no room, said under the name.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__()
        self._columns = columns
        self.chosen = ""
        self.second_line: tuple[str, ...] = ("maker", "context")

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, Size.row)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(Qt.ItemDataRole.UserRole)
        if not isinstance(row, Row):
            return
        rect = QRectF(option.rect)
        state = option.state
        painter.save()
        self._paint_ground(painter, rect, index.column(), state)
        column = self._columns[index.column()]
        cell = rect.adjusted(8, 0, -8, 0)
        if column == "name":
            self._name(painter, rect.adjusted(8, 0, -6, 0), row)  # under its header's word
        elif column == "licence":
            tone = words.TONES[row.commercial]
            _chip(painter, cell, words.licence_short(row.licence), tone)
        elif column == "korean":
            if row.korean:
                _chip(painter, cell, words.korean(row.korean), KOREAN_TONES[row.korean])
            else:
                _left(painter, cell, words.NONE)
        elif column == "download":
            _disk(painter, cell, row)
        elif column == "fits":
            _fits(painter, cell, row)
        elif column == "maker":
            _left(painter, cell, row.maker or words.NONE)
        else:
            text = {
                "parameters": words.billions(row.parameters),
                "context": words.context(row.context),
            }[column]
            _right(painter, cell, text, "text")
        painter.restore()

    def _paint_ground(
        self, painter: QPainter, rect: QRectF, column: int, state: QStyle.StateFlag
    ) -> None:
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.colour("accent_soft"))
            if column == 0:
                bar = QRectF(rect.left(), rect.top(), 3, rect.height())
                painter.fillRect(bar, theme.colour("accent"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.colour("sunken"))
        line = QRectF(rect.left(), rect.bottom() - 1, rect.width(), 1)
        painter.fillRect(line, theme.colour("line"))

    def _name(self, painter: QPainter, cell: QRectF, row: Row) -> None:
        left, second = cell.left(), self._second(row)
        top = 5 if second else 14  # a name alone stands in the middle of its row
        if row.source == self.chosen:
            place = QRectF(left, cell.top() + top + 2, 14, 14)
            paint_icon(painter, "circle-check", place, "accent")
            left += 19
        if row.gated == "yes":
            paint_icon(painter, "lock", QRectF(left, cell.top() + top + 3, 12, 12), "text2")
            left += 16
        _line(painter, cell.adjusted(left - cell.left(), top, 0, 0), row.name, "strong", "text")
        _line(painter, cell.adjusted(0, 23, 0, 0), second, "caption", "text3")

    def _second(self, row: Row) -> str:
        parts = []
        if "download" in self.second_line and (row.on_disk or row.download):
            parts.append(tr("on disk") if row.on_disk else amounts.size(row.download))
        if "maker" in self.second_line:
            parts.append(row.maker)
        if "context" in self.second_line and row.context:
            parts.append(tr("{tokens} context").format(tokens=words.context(row.context)))
        if row.downloads:
            count = amounts.whole(row.downloads)
            parts.append(tr("{count} downloads").format(count=count))
        return " · ".join(filter(None, parts)) or row.released


def shortened(name: str, fits: Callable[[str], bool]) -> str:
    """A name without some of its inner parts, whole words all; empty where none is short enough.

    The beginning stays, and the end, and as long as possible what tells sizes and versions apart.
    """
    parts = PARTS.findall(name)
    last = len(parts) - 1
    spans = [(at, at + n) for n in range(1, last) for at in range(last - n, 0, -1)]
    spans.sort(key=lambda span: any(map(str.isdigit, "".join(parts[slice(*span)]))))
    for at, end in spans:
        made = "".join(parts[:at]).rstrip("-_ ") + "…" + "".join(parts[end:])
        if fits(made):
            return made
    return ""


def _line(painter: QPainter, cell: QRectF, text: str, role: str, tone: str) -> None:
    """A line; names lose their middle, other words their end."""
    face = font(role)
    metrics, name = QFontMetricsF(face), role == "strong"
    painter.setFont(face)
    painter.setPen(theme.colour(tone))
    if name and metrics.horizontalAdvance(text) > cell.width():
        text = shortened(text, lambda made: metrics.horizontalAdvance(made) <= cell.width()) or text
    cut = Qt.TextElideMode.ElideMiddle if name else Qt.TextElideMode.ElideRight
    shown = metrics.elidedText(text, cut, cell.width())
    painter.drawText(cell, Qt.AlignmentFlag.AlignTop, shown)


def _chip(painter: QPainter, cell: QRectF, text: str, tone: str) -> None:
    glyph = GLYPHS.get(tone, "")
    room = cell.width() + 6
    text = QFontMetricsF(font("label")).elidedText(
        text, Qt.TextElideMode.ElideRight, room - chip_width("", glyph)
    )
    place = QRectF(cell.left(), cell.center().y() - HEIGHT / 2, chip_width(text, glyph), HEIGHT)
    paint_chip(painter, place, text, tone, glyph)


def _disk(painter: QPainter, cell: QRectF, row: Row) -> None:
    if row.on_disk:
        _right(painter, cell, tr("on disk"), "ok")
    else:
        _right(painter, cell, amounts.size(row.download) if row.download else words.NONE, "text2")


def _fits(painter: QPainter, cell: QRectF, row: Row) -> None:
    """Three words in fixed places: the eye reads the column, not the row."""
    if not row.fits:
        _left(painter, cell, tr("known after download"))
        return
    painter.setFont(font("label"))
    x = cell.left()
    if row.slow and any(each in OK for each in row.fits.values()):
        paint_icon(painter, "gauge", QRectF(x, cell.center().y() - 6, 12, 12), "warn")
        painter.setPen(theme.colour("warn"))
        place, left = cell.adjusted(15, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter
        said = QFontMetricsF(font("label")).elidedText(
            words.too_slow(), Qt.TextElideMode.ElideRight, place.width()
        )
        painter.drawText(place, left, said)
        return
    for (key, name), width in zip(words.METHODS, PLACES, strict=True):
        tone, glyph = words.MARKS[row.fits[key]]
        paint_icon(painter, glyph, QRectF(x, cell.center().y() - 6, 12, 12), tone)
        painter.setPen(theme.colour("text" if tone == "ok" else tone))
        place = QRectF(x + 15, cell.top(), width, cell.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, name)
        x += width


def _left(painter: QPainter, cell: QRectF, text: str) -> None:
    painter.setFont(font("body"))
    painter.setPen(theme.colour("text2"))
    shown = QFontMetricsF(font("body")).elidedText(text, Qt.TextElideMode.ElideRight, cell.width())
    painter.drawText(cell, Qt.AlignmentFlag.AlignVCenter, shown)


def _right(painter: QPainter, cell: QRectF, text: str, tone: str) -> None:
    painter.setFont(font("body"))
    painter.setPen(theme.colour(tone))
    painter.drawText(cell, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
