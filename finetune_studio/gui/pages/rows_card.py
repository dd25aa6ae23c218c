"""Rows as they stand in the files: the first ones, or those that a finding is about."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QScrollArea, QWidget

from finetune_studio.errors import StudioError
from finetune_studio.gui import apart, repairs
from finetune_studio.gui.language import tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.grid import Grid
from finetune_studio.gui.widgets.layout import column, row, show_part
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.findings import Finding
from finetune_studio.recipe.schema import Data

LEAKAGE = "leakage"  # its rows are those that are measured on


class RowsCard(Card):
    """A table of rows with their numbers."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._found: Finding | None = None
        self._asked: tuple[Sequence[str], Sequence[Mapping[str, Any]]] = ((), ())
        self.grid = Grid()
        self.grid.setMinimumHeight(220)
        self._title = Text(self._words, "section")
        self._first = Button(lambda: tr("Back to the first rows"), "link")
        self._first.clicked.connect(self._show_first)
        head = row(self._title, None, self._first)
        self.hold(column(head, self.grid, gap=Space.s, pad=(16, 12, 16, 12)))
        self._show_first()

    def refresh(self) -> None:
        """Show the first rows of other files; while the same are counted anew they stay."""
        data, facts = self._project.facts.data, self._project.facts
        self.grid.setAccessibleName(self._words())
        waits = data is None and facts.counting and not facts.first
        if not waits and self._firsts() != self._asked:
            self._show_first()
        show_part(self, bool(self._asked[1]))

    def show_found(self, found: Finding) -> None:
        """Show the rows that a finding is about."""
        data = self._project.session.recipe.data
        self._project.jobs.run(
            "rows shown",
            lambda: apart.VIEWS.do("rows shown", rows_of, data, found),
            lambda rows: self._show(found, rows),
            self._project.failed.emit,
        )

    def _show(self, found: Finding, rows: Sequence[Mapping[str, Any]]) -> None:
        self._found = found
        self._first.show()
        self.grid.show_rows(list(rows[0]) if rows else (), rows, found.rows)
        self._title.refresh()
        self.grid.setFocus()
        place: QWidget | None = self
        while place is not None and not isinstance(place, QScrollArea):
            place = place.parentWidget()
        if isinstance(place, QScrollArea):
            place.ensureWidgetVisible(self)

    def _show_first(self) -> None:
        self._found = None
        self._first.hide()
        self._asked = self._firsts()
        self.grid.show_rows(*self._asked)
        self._title.refresh()

    def _firsts(self) -> tuple[Sequence[str], Sequence[Mapping[str, Any]]]:
        """Columns and rows; while they are still counted, from the files' beginnings."""
        data, peeked = self._project.facts.data, self._project.facts.first
        if data is not None:
            return data.columns, data.first
        return tuple(dict.fromkeys(name for each in peeked for name in each)), peeked

    def _words(self) -> str:
        if self._found is None:
            return tr("The first rows, as they stand in the file")
        return tr("{fault}, as they stand in the file").format(
            fault=repairs.fault(self._found.code)
        )


def rows_of(data: Data, found: Finding) -> list[dict[str, Any]]:
    """The rows of a finding, from the files.

    Raises:
        StudioError: They cannot be read any more.
    """
    from finetune_studio.data.sources import open_rows

    apart = found.code == LEAKAGE and data.validation_files
    rows = open_rows(data.validation_files if apart else data.files).dataset
    if found.rows and max(found.rows) >= len(rows):
        raise StudioError(tr("The files have changed since they were read."))
    return list(rows.select(found.rows).to_list())
