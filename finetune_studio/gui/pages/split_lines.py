"""What is measured on: a share of the rows that stays the same, or files of their own."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from finetune_studio.gui import amounts
from finetune_studio.gui.field import FieldRow
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.data_sources import Sources
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Size, Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.choice import Segmented, Select
from finetune_studio.gui.widgets.layout import box, clear, column, laid_once, row
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.fields import describe
from finetune_studio.recipe.schema import Recipe

SHARE, APART, GROUP = "data.split.validation", "data.validation_files", "data.split.group"
SPLIT = "data.split."


class SplitLines(QWidget):
    """The share and what stays together, or the other files."""

    def __init__(self, project: Project, sources: Sources) -> None:
        super().__init__()
        self._project, self._sources = project, sources
        settings = {each.path: each for each in describe(Recipe)}
        self.share = FieldRow(project.session, settings[SHARE])
        self._why = Text(self._why_words, "caption", "text3", wrap=True)
        self._chance = box(row(self._why, pad=(Size.label + Space.m, 0, 0, 0)))
        self._way = Segmented(
            [(False, lambda: tr("A share of the rows")), (True, lambda: tr("Other files"))]
        )
        self._way.edited.connect(self._choose)
        self._names = Text("", "body", "text2")
        self._other = Button(lambda: tr("Choose others"), "quiet", "folder-open")
        self._other.clicked.connect(lambda: self._sources.files(self._use))
        self._group, self._columns = row(gap=Space.m), tuple[str, ...]()
        self._together = box(self._group)
        label = Text(lambda: tr("Measured on"))
        label.setFixedWidth(Size.label)
        label.setBuddy(self._way)
        way = row(label, self._way, self._names, self._other, None, gap=Space.m)
        self.setLayout(column(box(way), self.share, self._chance, self._together, gap=Space.s))
        self.refresh()

    def refresh(self) -> None:
        """Show what is decided."""
        split, data = self._project.session.recipe.data, self._project.facts.data
        apart = split.validation_files
        self._way.show_value(bool(apart))
        self._way.setAccessibleName(tr("Measured on"))
        for each in (self._names, self._other):
            each.setVisible(bool(apart))
        self._names.say(", ".join(each.replace("\\", "/").rsplit("/", 1)[-1] for each in apart))
        self.share.setVisible(not apart)
        self._why.refresh()
        self._chance.setVisible(bool(self._why.plain))
        columns = data.columns if data else self._columns
        self._together.setVisible(not apart and len(columns) > 1)
        if columns != self._columns:
            self._columns = columns
            with laid_once(self._together):
                self._offer()
        self._select.show_value(split.split.group) if columns else None

    def focus(self) -> None:
        """Give the keyboard to the share."""
        self.share.controls[-1].setFocus(Qt.FocusReason.TabFocusReason)

    def _why_words(self) -> str:
        """Why it is another number of rows than the share of them would be."""
        split, data = self._project.session.recipe.data, self._project.facts.data
        if split.validation_files or data is None or not data.validation:
            return ""
        used = data.training + data.validation
        meant = round(used * split.split.validation)
        if meant == data.validation:
            return ""
        return tr(
            "{count} of {rows}, not {meant}: each row's own content decides its side, so that it "
            "stays there when rows come or go, and equal rows are never on both."
        ).format(
            count=amounts.whole(data.validation),
            rows=amounts.rows(used),
            meant=amounts.whole(meant),
        )

    def _offer(self) -> None:
        clear(self._group)
        nothing = ("", lambda: tr("nothing"))
        self._select = Select([nothing, *((each, each) for each in self._columns)])
        self._select.setAccessibleName(tr("Keep together by"))
        self._select.edited.connect(self._keep)
        label = Text(lambda: tr("Keep together by"))
        label.setFixedWidth(Size.label)
        label.setBuddy(self._select)
        note = Text(
            lambda: tr("Rows of one film or one customer stay on one side."), "caption", "text3"
        )
        for each in (label, self._select, note):
            self._group.addWidget(each)
        self._group.addStretch(1)

    def _keep(self, column_name: object) -> None:
        self._project.session.change({GROUP: str(column_name)})

    def _choose(self, apart: object) -> None:
        if apart:
            self._sources.files(self._use)
        else:
            self._project.session.change({APART: ()})
        self.refresh()

    def _use(self, files: list[str]) -> None:
        self._project.session.change({APART: files})
