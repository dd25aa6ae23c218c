"""The data: files to learn from, how their rows are laid out, what is in them."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget
from typing_extensions import override

from finetune_studio import paths
from finetune_studio.gui import amounts
from finetune_studio.gui.facts import short_name
from finetune_studio.gui.form import FieldRow, finding_box
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.layout_card import LayoutCard
from finetune_studio.gui.pages.page import StepOf, StepPage, page
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.grid import Grid
from finetune_studio.gui.widgets.layout import Rule, box, clear, column, row
from finetune_studio.gui.widgets.notice import empty_state
from finetune_studio.gui.widgets.rail import State
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.fields import describe
from finetune_studio.recipe.schema import Recipe

KINDS = "*.csv *.tsv *.json *.jsonl *.ndjson *.parquet *.xlsx *.txt *.gz"
SAMPLES = ("korean_qa.csv", "korean_sentiment.csv", "korean_text.txt", "english_qa.jsonl")
OURS = ("data.files", "data.shape", "data.mapping", "task.kind", "data.split.validation")


class DatasetPage(StepPage):
    """The page of the data; files may be dropped on it."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self.setAcceptDrops(True)
        self._files, self._counts = Text("", "strong", wrap=True), Text("", "caption", "text3")
        self._findings = column(gap=Space.s)
        self._found: list[object] = []
        self._layout_card = LayoutCard(project)
        settings = {each.path: each for each in describe(Recipe)}
        self._split = FieldRow(project.session, settings["data.split.validation"])
        self._grid = Grid()
        self._grid.setMinimumHeight(220)
        # Not a stack: it would not pass on how tall wrapped words get at its width.
        self._nothing, self._something = self._empty(), self._full()
        body = column(self._nothing, self._something, gap=0)
        self.setLayout(
            column(
                page(
                    lambda: tr("What will it learn from?"),
                    lambda: tr(
                        "Choose the data the model will learn from. Your files are only read."
                    ),
                    body,
                )
            )
        )
        project.session.changed.connect(self._follow)
        project.facts.changed.connect(self._show)
        self._show()

    @override
    def reveal(self, path: str) -> bool:
        if path == "data.split.validation":
            self._split.controls[-1].setFocus(Qt.FocusReason.TabFocusReason)
        else:
            self._layout_card.reveal(path)
        return path.startswith(("data.", "task.kind"))

    def use(self, files: list[str], *, add: bool = False) -> None:
        """Take files; how they are laid out is recognised anew."""
        before = list(self._project.session.recipe.data.files) if add else []
        kept = [*before, *(each for each in files if each not in before)]
        changes: dict[str, Any] = {"data.files": kept}
        if not add:
            changes |= {"data.shape": "auto", "data.mapping": {}}
        self._project.session.change(changes)

    def _empty(self) -> QWidget:
        choose = Button(lambda: tr("Choose files"), "primary", "folder-open")
        choose.clicked.connect(lambda: self._choose(add=False))
        sample = Button(lambda: tr("Use a sample"))
        sample.clicked.connect(lambda: self._offer_samples(sample))
        empty = empty_state(
            "database",
            lambda: tr("Drop files here"),
            lambda: tr(
                "CSV, JSON, JSONL, Parquet, XLSX and TXT. Shape and encoding are found for you; "
                "your file is never changed."
            ),
            choose,
            sample,
        )
        return Card(column(empty, pad=Space.xl), fill="canvas")

    def _full(self) -> QWidget:
        head = row(box(column(self._files, self._counts, gap=2)), *self._buttons(), gap=Space.s)
        head.setStretch(0, 1)
        files = Card(
            column(head, Rule(), self._split, gap=Space.m, pad=(16, 12, 16, 14)),
        )
        shown = Card(
            column(
                Text(lambda: tr("The first rows, as they stand in the file"), "section"),
                self._grid,
                gap=Space.s,
                pad=(16, 12, 16, 12),
            )
        )
        body = column(files, self._findings, self._layout_card, shown, gap=Space.m)
        body.setStretch(3, 1)
        return box(body)

    def _buttons(self) -> list[QWidget]:
        more = Button(lambda: tr("Add"), "quiet", "plus")
        more.clicked.connect(lambda: self._choose(add=True))
        other = Button(lambda: tr("Choose others"), glyph="folder-open")
        other.clicked.connect(lambda: self._choose(add=False))
        drop = Button(name=lambda: tr("Take the files out"), kind="quiet", glyph="x")
        drop.clicked.connect(lambda: self.use([]))
        return [more, other, drop]

    def _choose(self, *, add: bool) -> None:
        before = self._project.session.recipe.data.files
        start = str(Path(before[0]).parent if before else Path.home())
        names, _ = QFileDialog.getOpenFileNames(
            self,
            tr("Choose files"),
            start,
            f"{tr('Data')} ({KINDS});;{tr('All files')} (*)",
        )
        if names:
            self.use(names, add=add)

    def _offer_samples(self, button: QWidget) -> None:
        menu = QMenu(self)
        for name in SAMPLES:
            path = paths.resources() / "samples" / name
            action = menu.addAction(_sample_words(name))
            action.triggered.connect(lambda _=False, path=path: self.use([str(path)]))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(button.mapToGlobal(QPoint(0, button.height() + 4)))

    def _follow(self, changed: frozenset[str]) -> None:
        if changed & {"data.split.validation", "task.kind"}:
            self._split.refresh()
        self._show()

    def _show(self) -> None:
        facts, files = self._project.facts, self._project.session.recipe.data.files
        self._nothing.setVisible(not files)
        self._something.setVisible(bool(files))
        if not files:
            return
        self._files.say(short_name(self._project.session.recipe.data))
        self._counts.say(self._count_words)
        data = facts.data
        self._layout_card.refresh()
        self._grid.setAccessibleName(tr("The first rows, as they stand in the file"))
        if data is None:
            self._grid.show_rows((), ())
        else:
            self._grid.show_rows(data.columns, data.first)
        self._show_findings()

    def _show_findings(self) -> None:
        found = [each for each in self._project.facts.findings() if each.where.startswith(OURS)]
        if found == self._found:
            return
        self._found = list(found)
        clear(self._findings)
        for each in found:
            self._findings.addWidget(finding_box(each, self._project.session, lambda _: None))

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
        return " · ".join([*parts, *filter(None, (data.encoding,))])

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event.mimeData()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        if files := _dropped(event.mimeData()):
            event.acceptProposedAction()
            self.use(files, add=bool(self._project.session.recipe.data.files))


def _dropped(data: QMimeData) -> list[str]:
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]


def _sample_words(name: str) -> str:
    return {
        "korean_qa.csv": tr("Korean questions and answers (1,500 rows)"),
        "korean_sentiment.csv": tr("Korean film reviews with labels (3,000 rows)"),
        "korean_text.txt": tr("Korean text (400 lines)"),
        "english_qa.jsonl": tr("English questions and answers (153 rows)"),
    }[name]


def _summary(project: Project) -> str:
    facts = project.facts
    if not project.session.recipe.data.files:
        return tr("data is needed")
    if facts.data is None:
        return tr("Counting the rows …") if facts.counting else tr("cannot be read")
    return amounts.rows(facts.data.rows)


def _state(project: Project) -> State:
    return "done" if project.facts.data is not None else "todo"


STEP = StepOf("dataset", lambda: tr("Data"), DatasetPage, _summary, _state, ("data.", "task.kind"))
