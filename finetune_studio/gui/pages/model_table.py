"""The table of models: read-only rows, and one painter for every cell. Knows no recipe."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView
from typing_extensions import override

from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.model_cells import CellPainter
from finetune_studio.gui.pages.model_rows import Key, Row, Wanted, arrange, select
from finetune_studio.gui.pages.model_words import read_out
from finetune_studio.gui.theme import font
from finetune_studio.gui.tokens import Size

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
COLUMNS: tuple[Key, ...] = (
    "name",
    "maker",
    "parameters",
    "licence",
    "korean",
    "context",
    "download",
    "fits",
)
NAME = 0
RIGHT = {"parameters", "context", "download"}
WIDTHS = {
    "maker": 118,
    "parameters": 64,
    "licence": 138,
    "korean": 76,
    "context": 72,
    "download": 84,
    "fits": 168,
}
LARGEST_FIRST = {"suits", "korean", "download", "fits", "licence", "context"}
ROOM = {"download": 700, "context": 840, "maker": 980}
"""From how many pixels on a column has room; until then the name's second line says it."""


class Models(QAbstractTableModel):
    """The rows that pass the filter, in the order asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._all: Sequence[Row] = ()
        self.shown: list[Row] = []
        self.wanted = Wanted()
        self.key: Key = "suits"
        self.descending = True

    @property
    def count(self) -> int:
        """How many rows there are, shown or not."""
        return len(self._all)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Take other rows."""
        self._all = rows
        self.show_wanted(self.wanted)

    def show_wanted(self, wanted: Wanted) -> None:
        """Show what passes another filter."""
        self.wanted = wanted
        self._put(arrange(select(self._all, wanted), self.key, descending=self.descending))

    def show_sorted(self, key: Key, *, descending: bool) -> None:
        """Show the same rows in another order."""
        self.key, self.descending = key, descending
        self._put(arrange(self.shown, key, descending=descending))

    def _put(self, rows: list[Row]) -> None:
        self.beginResetModel()
        self.shown = rows
        self.endResetModel()

    @override
    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.shown)

    @override
    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    @override
    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if 0 <= column < len(COLUMNS):
            self.show_sorted(COLUMNS[column], descending=order == Qt.SortOrder.DescendingOrder)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.shown):
            return None
        row = self.shown[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return row
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return read_out(row)
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == NAME:
            return row.source
        return None

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        key = COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if key in RIGHT else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return column_title(key) if role == Qt.ItemDataRole.DisplayRole else None


def column_title(key: Key) -> str:
    """What a column is called."""
    return {
        "suits": tr("Model"),
        "name": tr("Model"),
        "maker": tr("Maker"),
        "parameters": tr("Size"),
        "licence": tr("Licence"),
        "korean": tr("Korean"),
        "context": tr("Reads"),
        "download": tr("Download"),
        "fits": tr("Which method fits"),
    }[key]


class ModelTable(QTableView):
    """Rows to look at and to choose from.

    Attributes:
        looked: The row that is looked at, or None.
        taken: The row that is to be used: Enter or a double click.
        sorted: The column and whether it is downwards, after a click on a head.
    """

    looked = Signal(object)
    taken = Signal(object)
    sorted = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__()
        self.rows = Models()
        self._cells = CellPainter(COLUMNS)
        self.setModel(self.rows)
        self.setItemDelegate(self._cells)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(Size.row)
        self._dress_header()
        self._telling = True
        self.selectionModel().currentRowChanged.connect(self._look)
        self.doubleClicked.connect(lambda index: self._take(index.row()))
        self.setAccessibleName(tr("Models"))

    def current(self) -> Row | None:
        """The row that is looked at."""
        at = self.currentIndex().row()
        return self.rows.shown[at] if 0 <= at < len(self.rows.shown) else None

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Take other rows; what was looked at stays, where it is still there."""
        self._keeping(lambda: self.rows.show_rows(rows))

    def show_wanted(self, wanted: Wanted) -> None:
        """Show what passes another filter."""
        self._keeping(lambda: self.rows.show_wanted(wanted))

    def show_sorted(self, key: Key, *, descending: bool) -> None:
        """Show another order."""
        self._keeping(lambda: self.rows.show_sorted(key, descending=descending))
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        column = COLUMNS.index(key) if key in COLUMNS else -1  # -1 takes the arrow away
        self.horizontalHeader().setSortIndicator(column, order)

    def show_chosen(self, source: str) -> None:
        """Mark the row that the recipe uses."""
        self._cells.chosen = source
        self.viewport().update()

    def look_at(self, source: str) -> bool:
        """Look at the row of that model; False where it is not shown."""
        for at, row in enumerate(self.rows.shown):
            if row.source == source:
                index = self.rows.index(at, 0)
                flags = QItemSelectionModel.SelectionFlag
                self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
                self.scrollTo(index)
                bar, tall = self.verticalScrollBar(), max(1, self.rowHeight(at))
                bar.setValue(-(-bar.value() // tall) * tall)  # no row is cut at the top
                return True
        return False

    def _keeping(self, change: Any) -> None:
        before = self.current()
        self.selectionModel().blockSignals(True)
        change()
        self.selectionModel().blockSignals(False)
        self._telling = False  # one word is enough: the details are made anew for each
        kept = before is not None and self.look_at(before.source)
        self._telling = True
        self.looked.emit(self.current() if kept else None)

    def _dress_header(self) -> None:
        header = self.horizontalHeader()
        header.setFont(font("label"))
        header.setHighlightSections(False)
        header.setMinimumSectionSize(40)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for section, key in enumerate(COLUMNS):
            if key in WIDTHS:
                self.setColumnWidth(section, WIDTHS[key])
        header.sectionClicked.connect(self._head_pressed)

    def _head_pressed(self, section: int) -> None:
        key = COLUMNS[section]
        same = key == self.rows.key
        descending = not self.rows.descending if same else key in LARGEST_FIRST
        self.show_sorted(key, descending=descending)
        self.sorted.emit(key, descending)

    def _look(self, now: QModelIndex, _: QModelIndex) -> None:
        if now.isValid() and self._telling:
            self.looked.emit(self.current())

    def _take(self, at: int) -> None:
        if 0 <= at < len(self.rows.shown):
            self.taken.emit(self.rows.shown[at])

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(self.currentIndex().row())
        else:
            super().keyPressEvent(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        width = self.viewport().width()
        for key, room in ROOM.items():
            self.setColumnHidden(COLUMNS.index(key), width < room)
        self._cells.second_line = tuple(key for key, room in ROOM.items() if width < room)
        super().resizeEvent(event)
