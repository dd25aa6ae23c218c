"""A table of rows to look at. Knows no recipe; long values are cut, and whole in the tooltip."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView
from typing_extensions import override

from finetune_studio.gui.theme import font
from finetune_studio.gui.tokens import Size

Index = QModelIndex | QPersistentModelIndex
LONGEST = 300  # characters in a cell
WHOLE = 4000  # characters in a tooltip
MEASURED = 16  # rows that a column's width is taken from
NARROWEST, WIDEST = 90, 420  # pixels of a column
NOWHERE = QModelIndex()
TEXTS = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)


class Rows(QAbstractTableModel):
    """Rows with named columns."""

    def __init__(self) -> None:
        super().__init__()
        self._columns: Sequence[str] = ()
        self._rows: Sequence[Mapping[str, Any]] = ()
        self._numbers: Sequence[int] = ()

    def show_rows(
        self,
        columns: Sequence[str],
        rows: Sequence[Mapping[str, Any]],
        numbers: Sequence[int] | None = None,
    ) -> None:
        """Show other rows, with their numbers from 0 where they are not the first ones."""
        self.beginResetModel()
        self._columns, self._rows = columns, rows
        self._numbers = range(len(rows)) if numbers is None else numbers
        self.endResetModel()

    @override
    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @override
    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._columns)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role not in TEXTS or not index.isValid():
            return None
        text = written(self._rows[index.row()].get(self._columns[index.column()]))
        if role == Qt.ItemDataRole.DisplayRole:
            return " ".join(text[:LONGEST].split())
        return text[:WHOLE]

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Vertical:
            return f"{self._numbers[section] + 1:,}" if section < len(self._numbers) else None
        return self._columns[section] if section < len(self._columns) else None


class Grid(QTableView):
    """Shows rows; nothing can be edited, cells can be copied with the keyboard's focus on them."""

    def __init__(self) -> None:
        super().__init__()
        self._rows = Rows()
        self.setModel(self._rows)
        self.setFont(font("body"))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().setDefaultSectionSize(Size.row - 14)
        self.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignCenter)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setProperty("tight", True)  # over values that Qt draws
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(NARROWEST)
        header.setResizeContentsPrecision(MEASURED)
        self._widths = QTimer(self, singleShot=True, interval=0)  # measuring has its own turn
        self._widths.timeout.connect(self._fit)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus() or self.viewport().hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()  # the page goes on under the mouse; who works in the table scrolls it

    def show_rows(
        self,
        columns: Sequence[str],
        rows: Sequence[Mapping[str, Any]],
        numbers: Sequence[int] | None = None,
    ) -> None:
        """Show other rows, with their numbers from 0 where they are not the first ones."""
        self._rows.show_rows(columns, rows, numbers)
        self._widths.start()

    def _fit(self) -> None:
        header = self.horizontalHeader()
        header.setStretchLastSection(False)  # stretched before, it would be measured so
        self.resizeColumnsToContents()
        for at in range(self._rows.columnCount()):
            self.setColumnWidth(at, min(WIDEST, max(NARROWEST, self.columnWidth(at) + 16)))
        header.setStretchLastSection(True)
        self.horizontalScrollBar().setValue(0)


def written(value: object) -> str:
    """A value of a row as text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
