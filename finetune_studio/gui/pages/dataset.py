"""The data: files to learn from, how their rows are laid out, what is wrong with them."""

from functools import cached_property, partial
from typing import Any, TypeVar

from PySide6.QtCore import QEvent, QMimeData, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from finetune_studio.catalog.licensing import licence_with
from finetune_studio.gui import amounts, repairs
from finetune_studio.gui.facts import UNREADABLE
from finetune_studio.gui.field import finding_box
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.convert_card import ConvertCard
from finetune_studio.gui.pages.data_sources import Sources
from finetune_studio.gui.pages.files_card import FilesCard
from finetune_studio.gui.pages.layout_card import LayoutCard
from finetune_studio.gui.pages.page import StepOf, StepPage, page
from finetune_studio.gui.pages.quality_card import QualityCard
from finetune_studio.gui.pages.reading_card import ReadingCard
from finetune_studio.gui.pages.rows_card import RowsCard
from finetune_studio.gui.pages.split_lines import SHARE, SPLIT
from finetune_studio.gui.pages.terms_card import DATA_LICENCE, TermsCard
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.turns import later
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import box, clear, column
from finetune_studio.gui.widgets.notice import empty_state
from finetune_studio.gui.widgets.rail import State
from finetune_studio.recipe.findings import Finding

OURS = ("data.files", "data.shape", "data.mapping", "task.kind", "data.split")
CARDS = ("files", "findings", "terms", "layout_card", "reading", "quality", "rows", "convert")
"""What stands on the page, from above; each is made when it is first needed."""
T = TypeVar("T", bound=QWidget)
RECOGNISED: dict[str, Any] = {
    "data.shape": "auto",
    "data.mapping": {},
    "data.fixes": (),
    "data.split.group": "",
}
"""What other files begin with."""


class DatasetPage(StepPage):
    """The page of the data; files may be dropped on it."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self.setAcceptDrops(True)
        self._sources = Sources(self, project)
        self._findings = column(gap=Space.s)
        self._found: list[object] = []
        self._made: set[str] = set()
        self._refreshing = [partial(self._refresh, each) for each in CARDS if each != "findings"]
        self._body = column(gap=Space.m)
        self._body.addStretch(0)  # takes the height where the rows are not shown
        # Not a stack: it would not pass on how tall wrapped words get at its width.
        self._nothing, self._something = self._empty(), box(self._body)
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

    @cached_property
    def files(self) -> FilesCard:
        """Which files there are, and the split."""
        return self._put("files", FilesCard(self._project, self._sources, self.use, self.add))

    @cached_property
    def terms(self) -> TermsCard:
        """The licence of the data."""
        return self._put("terms", TermsCard(self._project))

    @cached_property
    def findings(self) -> QWidget:
        """What stands in the way."""
        return self._put("findings", box(column(self._findings, None, gap=0)))

    @cached_property
    def layout_card(self) -> LayoutCard:
        """The task, the shape and the columns."""
        return self._put("layout_card", LayoutCard(self._project))

    @cached_property
    def reading(self) -> ReadingCard:
        """The rows as the model is given them."""
        return self._put("reading", ReadingCard(self._project))

    @cached_property
    def quality(self) -> QualityCard:
        """What is wrong with the rows."""
        made = self._put("quality", QualityCard(self._project))
        made.rows_asked.connect(lambda found: self.rows.show_found(found))
        return made

    @cached_property
    def rows(self) -> RowsCard:
        """The rows as they stand in the files."""
        return self._put("rows", RowsCard(self._project))

    @cached_property
    def convert(self) -> ConvertCard:
        """The rows in another shape."""
        return self._put("convert", ConvertCard(self._project))

    def _put(self, name: str, made: T) -> T:
        above = sum(each in self._made for each in CARDS[: CARDS.index(name)])
        self._made.add(name)
        self._body.insertWidget(above, made, 1 if name == "rows" else 0)
        return made

    @override
    def reveal(self, path: str) -> bool:
        if path == repairs.SETTING:
            self.quality.take_keyboard()
        elif path.startswith(SPLIT):
            self.files.split.focus()
        elif path == DATA_LICENCE:
            self.terms.take_keyboard()
        else:
            self.layout_card.reveal(path)
        return path.startswith(("data.", "task.kind", DATA_LICENCE))

    def use(self, files: list[str]) -> None:
        """Take these files; how they are laid out is recognised anew, unless they are the same."""
        session = self._project.session
        same = tuple(files) == tuple(session.recipe.data.files)
        if same:
            self._project.facts.look_again()
            return
        terms = licence_with(session.recipe, files)
        session.change({"data.files": files, **RECOGNISED, **terms})

    def add(self, files: list[str]) -> None:
        """Take these files too."""
        before = self._project.session.recipe.data.files
        kept = [*before, *(each for each in files if each not in before)]
        session = self._project.session
        changes: dict[str, Any] = {"data.files": kept, **licence_with(session.recipe, kept)}
        session.change(changes)

    def _empty(self) -> QWidget:
        choose = Button(lambda: tr("Choose files"), "primary", "folder-open")
        choose.clicked.connect(lambda: self._sources.files(self.use))
        folder = Button(lambda: tr("A folder"))
        folder.clicked.connect(lambda: self._sources.folder(self.use))
        hub = Button(lambda: tr("From the Hub"))
        hub.clicked.connect(lambda: self._sources.hub(self.use))
        sample = Button(lambda: tr("Use a sample"))
        sample.clicked.connect(lambda: self._sources.samples(sample, self.use))
        empty = empty_state(
            "database",
            lambda: tr("Drop files here"),
            lambda: tr(
                "CSV, JSON, JSONL, Parquet, XLSX and TXT. Shape and encoding are found for you; "
                "your file is never changed."
            ),
            choose,
            folder,
            hub,
            sample,
        )
        return Card(column(empty, pad=Space.xl), fill="canvas")

    def _follow(self, changed: frozenset[str]) -> None:
        if changed & {SHARE, "task.kind"} and "files" in self._made:
            self.files.split.share.refresh()
        self._show()

    def _show(self) -> None:
        files = self._project.session.recipe.data.files
        self._nothing.setVisible(not files)
        self._something.setVisible(bool(files))
        if not files:
            return
        for refresh in self._refreshing:
            later(self, refresh)
        later(self, self._hide_what_nobody_knows)
        later(self, self._show_findings)

    def _refresh(self, name: str) -> None:
        getattr(self, name).refresh()

    def _hide_what_nobody_knows(self) -> None:
        """Without rows there is nothing to lay out, to look at or to save."""
        facts = self._project.facts
        broken = facts.data is None and facts.data_error is not None
        self.layout_card.setVisible(not broken or bool(facts.first))
        self.terms.setVisible(not broken)
        if broken:
            for hidden in (self.reading, self.quality, self.convert):
                hidden.hide()

    def _show_findings(self) -> None:
        found = [each for each in self._project.facts.findings() if each.where.startswith(OURS)]
        if found == self._found:
            return
        self._found = list(found)
        self.findings.hide()
        clear(self._findings)
        for each in found:
            self._findings.addWidget(self._finding(each))
        self.findings.setVisible(bool(found))

    def _finding(self, found: Finding) -> FindingBox:
        if found.code != UNREADABLE:
            return finding_box(found, self._project.session, lambda _: None)
        made = FindingBox(found.level, lambda: found.sentence, fix=lambda: tr("Look again"))
        again = self._project.facts.look_again
        made.fix_pressed.connect(again, Qt.ConnectionType.QueuedConnection)
        return made

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._project.facts.data_error is not None:
            self._project.facts.look_again()  # it may be there by now

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._show()  # what was found is said by functions, and follows by itself

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event.mimeData()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        if files := _dropped(event.mimeData()):
            event.acceptProposedAction()
            (self.add if self._project.session.recipe.data.files else self.use)(files)


def _dropped(data: QMimeData) -> list[str]:
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]


def _summary(project: Project) -> str:
    facts = project.facts
    if not project.session.recipe.data.files:
        return tr("not chosen yet")
    if facts.data is None:
        return tr("Counting the rows …") if facts.counting else tr("cannot be read")
    used = facts.data.training + facts.data.validation
    if used and used < facts.data.rows:
        rows, all_rows = amounts.whole(used), amounts.whole(facts.data.rows)
        return tr("{rows} of {all} rows").format(rows=rows, all=all_rows)
    return amounts.rows(facts.data.rows)


def _state(project: Project) -> State:
    return "done" if project.facts.data is not None else "todo"


STEP = StepOf(
    "dataset",
    lambda: tr("Data"),
    DatasetPage,
    _summary,
    _state,
    ("data.", "task.kind", DATA_LICENCE),
)
