"""The files that are learned from: which, how many rows, and what is kept aside of them."""

from pathlib import Path

from PySide6.QtWidgets import QWidget

from finetune_studio.gui import amounts
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.data_sources import Sources, Use
from finetune_studio.gui.pages.sheets import SheetLines
from finetune_studio.gui.pages.split_lines import SplitLines
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import Rule, box, clear, column, row
from finetune_studio.gui.widgets.text import Text

NO_TEXT = ("", "binary")  # what stands for an encoding where there is none
LISTED = 8  # files with a line of their own; of more, the names are told in one


class FilesCard(Card):
    """Names, counts, the sheet, the split."""

    def __init__(self, project: Project, sources: Sources, use: Use, add: Use) -> None:
        super().__init__()
        self._project, self._sources, self._use, self._add = project, sources, use, add
        self._shown: tuple[str, ...] = ()
        self._names = Text("", "strong", wrap=True)
        self.counts = Text("", "caption", "text3")
        self._list, self._sheets = column(gap=0), SheetLines(project)
        self._listed = box(self._list)
        self.split = SplitLines(project, sources)
        head = row(box(column(self._names, self.counts, gap=2)), *self._buttons(), gap=Space.s)
        head.setStretch(0, 1)
        parts = (head, self._listed, self._sheets, Rule(), self.split)
        self.hold(column(*parts, gap=Space.m, pad=(16, 12, 16, 14)))

    def refresh(self) -> None:
        """Show which files there are and what is known of them."""
        files = self._project.session.recipe.data.files
        self._names.say(_short(files))
        self.counts.say(self._count_words)
        self._sheets.refresh()
        self.split.refresh()
        if files != self._shown:
            self._shown = files
            self._show_list(files)

    def _buttons(self) -> list[QWidget]:
        more = Button(lambda: tr("Add"), "quiet", "plus")
        more.clicked.connect(lambda: self._sources.offer(more, self._add))
        other = Button(lambda: tr("Choose others"), glyph="folder-open")
        other.clicked.connect(lambda: self._sources.offer(other, self._use))
        drop = Button(name=lambda: tr("Take the files out"), kind="quiet", glyph="x")
        drop.clicked.connect(lambda: self._use([]))
        return [more, other, drop]

    def _show_list(self, files: tuple[str, ...]) -> None:
        clear(self._list)
        several = 1 < len(files) <= LISTED
        self._listed.setVisible(several)
        for name in files if several else ():
            out = Button(name=lambda: tr("Take this file out"), kind="quiet", glyph="x")
            out.setAccessibleDescription(Path(name).name)
            out.clicked.connect(lambda _=False, name=name: self._take_out(name))
            words = Text(Path(name).name)
            words.setToolTip(name)
            self._list.addWidget(box(row(Glyph("file-text", "text3"), words, None, out)))

    def _take_out(self, name: str) -> None:
        files = [each for each in self._shown if each != name]
        self._project.session.change({"data.files": files})

    def _count_words(self) -> str:
        facts = self._project.facts
        if facts.counting:
            return tr("Counting the rows …")
        if facts.data is None:
            return tr("It could not be read.")
        data = facts.data
        parts = [amounts.rows(data.rows)]
        if data.training:
            parts.append(tr("{count} to learn from").format(count=amounts.whole(data.training)))
        if data.validation:
            parts.append(tr("{count} to measure on").format(count=amounts.whole(data.validation)))
        return " · ".join([*parts, *(each for each in (data.encoding,) if each not in NO_TEXT)])


def _short(files: tuple[str, ...]) -> str:
    """The files by their names alone."""
    return ", ".join(Path(name).name for name in files)
