"""Which sheet of a workbook is meant, where several hold rows."""

from pathlib import Path

from PySide6.QtWidgets import QWidget

from finetune_studio.gui import apart
from finetune_studio.gui.language import tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Size, Space
from finetune_studio.gui.widgets.choice import Select
from finetune_studio.gui.widgets.layout import box, clear, column, row, show_part
from finetune_studio.gui.widgets.text import Text

Sheets = dict[str, list[str]]  # of each workbook with several


class SheetLines(QWidget):
    """A choice for each workbook of the recipe that has several filled sheets."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._asked: tuple[str, ...] = ()
        self._lines = column(gap=Space.s)
        self.setLayout(self._lines)
        self.hide()

    def refresh(self) -> None:
        """Look into the workbooks, where others are named than before."""
        files = self._project.session.recipe.data.files
        if files == self._asked:
            return
        self._asked = files
        books = [each for each in files if ".xlsx" in each.lower()]
        if not books:
            self._show({})
            return
        self._project.jobs.run("sheets", lambda: _read(books), self._show, lambda _: None)

    def _show(self, found: Sheets) -> None:
        clear(self._lines)
        for name, sheets in found.items():
            book, sheet = _parts(name)
            select = Select([("", lambda: tr("– choose –")), *((each, each) for each in sheets)])
            select.show_value(sheet)
            title = tr("Sheet of {name}").format(name=Path(book).name)
            select.setAccessibleName(title)
            select.edited.connect(lambda chosen, name=name: self._take(name, str(chosen)))
            label = Text(title, wrap=True)
            label.setMinimumWidth(Size.label)
            label.setBuddy(select)
            self._lines.addWidget(box(row(label, select, None, gap=Space.m)))
        show_part(self, bool(found))

    def _take(self, name: str, sheet: str) -> None:
        book, _ = _parts(name)
        chosen = f"{book}#{sheet}" if sheet else book
        files = [chosen if each == name else each for each in self._asked]
        changes = {"data.files": files, "data.shape": "auto", "data.mapping": {}}
        self._project.session.change(changes)


def _read(names: list[str]) -> Sheets:
    return apart.VIEWS.do("sheets", sheets_of, names)


def _parts(name: str) -> tuple[str, str]:
    book, mark, sheet = name.rpartition("#")
    return (book, sheet) if mark and book.lower().endswith(".xlsx") else (name, "")


def sheets_of(names: list[str]) -> Sheets:
    """The filled sheets of the workbooks that have several."""
    from finetune_studio.data.workbook import filled_sheets
    from finetune_studio.errors import StudioError

    found: Sheets = {}
    for name in names:
        try:
            sheets = filled_sheets(Path(_parts(name)[0]))
        except (StudioError, OSError):
            continue  # the page says already why it cannot be read
        if len(sheets) > 1:
            found[name] = sheets
    return found
