"""The base model: from the catalogue, the Hub, a folder, what was downloaded, or the demo."""

from dataclasses import replace
from functools import cached_property
from typing import get_args

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QFileDialog
from typing_extensions import override

from finetune_studio.catalog.resolve import DEMO
from finetune_studio.errors import StudioError
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.model_choice import again, catalogue, known
from finetune_studio.gui.pages.model_details import Details
from finetune_studio.gui.pages.model_download import Download
from finetune_studio.gui.pages.model_findings import ModelFindings
from finetune_studio.gui.pages.model_folder import folder_card
from finetune_studio.gui.pages.model_gate import Gate
from finetune_studio.gui.pages.model_hub import HubSearch
from finetune_studio.gui.pages.model_kept import KeptModels
from finetune_studio.gui.pages.model_list import ModelList
from finetune_studio.gui.pages.model_own import demo_row, folder_row
from finetune_studio.gui.pages.model_places import NAMED, TABLES, Place, place_of
from finetune_studio.gui.pages.model_progress import ProgressCard
from finetune_studio.gui.pages.model_rows import Row
from finetune_studio.gui.pages.model_taking import Taking
from finetune_studio.gui.pages.page import StepOf, StepPage, page
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.turns import later, turns_of
from finetune_studio.gui.widgets.choice import Segmented
from finetune_studio.gui.widgets.finding import tell
from finetune_studio.gui.widgets.layout import box, clear, column, row, show_part
from finetune_studio.gui.widgets.rail import State

Rows = list[Row]
WIDE = 1180  # pixels of the page from which the details stand beside the table
BESIDE = 340


class ModelPage(StepPage):
    """The page of the model."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self.place = place_of(project)
        self.rows: dict[Place, Rows] = {each: [] for each in get_args(Place)}
        self.download = Download(project)
        self.download.finished.connect(self._arrived)
        self.download.failed.connect(self._download_failed)
        self._taking = Taking(self, project)
        self._taking.refused.connect(self._refuse)
        self.kept = KeptModels(project)
        self._sources = Segmented(NAMED)
        self._said, self._findings = column(gap=Space.s), ModelFindings(project)
        self._hub = HubSearch(self, project, self._said, self._search_again)
        self._hub.found.connect(self._show_rows)
        self._renamed = False
        self._lay()
        self._connect()
        for each in (self._add_list, self._add_details, self._begin):
            later(self, each)

    @cached_property
    def list(self) -> ModelList:
        """The table to choose from."""
        made = ModelList()
        made.table.looked.connect(self._look)
        made.table.taken.connect(self._take)
        made.searched.connect(self._search)
        made.gpu_asked.connect(self._compare_on)
        self._body.insertWidget(0, made, 1)
        return made

    @cached_property
    def details(self) -> Details:
        """The model that is looked at."""
        made = Details(self._project)
        made.use_asked.connect(self.use)
        made.download_asked.connect(lambda each: self.fetch(each))
        made.gate_asked.connect(self._open_gate)
        made.hide()  # until there is a model to tell of
        self._body.addWidget(made)
        return made

    def _add_list(self) -> None:
        _ = self.list if self.place in TABLES else None

    def _add_details(self) -> None:
        _ = self.details

    def _begin(self) -> None:
        self.go(self.place)

    def _lay(self) -> None:
        self._sources.setAccessibleName(tr("Where the model comes from"))
        self._folder = folder_card(self._choose_folder)
        self._body = row(gap=Space.m)
        self._progress = ProgressCard(self.download)
        body = column(
            row(self._sources, None),
            self._said,
            self._progress,
            self._folder,
            self.kept,
            box(self._body),
            self._findings,
            None,
            gap=Space.m,
        )
        self._column = body
        self.kept.hide()
        self._folder.hide()
        title, sentence = (
            lambda: tr("Which model do we start from?"),
            lambda: tr(
                "You see its size, its licence, its Korean, and whether it fits your GPU. Choosing "
                "one downloads nothing yet."
            ),
        )
        self.setLayout(column(page(title, sentence, body)))

    def _connect(self) -> None:
        project = self._project
        self._sources.edited.connect(lambda place: self.go(str(place)))  # type: ignore[arg-type]
        self.kept.use_asked.connect(lambda name: self.use(known(name, self.rows.values())))
        self._findings.led.connect(self.led)
        self.kept.removed.connect(lambda _: self._load())
        project.session.changed.connect(self._follow)
        project.facts.changed.connect(self._show_machine)

    @property
    def _has_list(self) -> bool:
        """Whether the table is made: it comes when it is first needed."""
        return "list" in self.__dict__

    @override
    def reveal(self, path: str) -> bool:
        self.list.table.setFocus(Qt.FocusReason.TabFocusReason)
        return path.startswith(("model.", "licence."))

    def go(self, place: Place) -> None:
        """Show the models of another source."""
        self._hub.leave()
        self.place = place
        self._sources.show_value(place)
        clear(self._said)
        tall = place in TABLES  # a table takes what height there is
        if tall or self._has_list:
            show_part(self.list, tall)
        self.kept.setVisible(place == "kept")
        self._column.setStretch(5, int(tall))
        self._column.setStretch(7, int(not tall))
        self._folder.setVisible(place == "folder")
        self.details.show_row(None)
        self._stand()
        self._load()

    def _load(self) -> None:
        """Find the rows of this source, away from the window's thread."""
        gpu, run = self._project.preferences.gpu, self._project.jobs.run
        self._show_machine()
        if self.place == "catalogue":
            run("models", lambda: catalogue(gpu), self._show_rows, self._refuse)
        elif self.place == "hub":
            self._show_rows(self.rows["hub"])
            self._search_again()
        elif self.place == "demo":
            run("models", lambda: [demo_row(gpu)], self._show_one, self._refuse)
        elif self.place == "folder":
            source = self._project.session.recipe.model.source
            if place_of(self._project) == "folder":
                self.look_into(source)
        else:
            self.kept.look()

    def _show_rows(self, rows: Rows) -> None:
        self.rows[self.place] = rows
        self.list.show_rows(rows)
        self.list.table.show_chosen(self._project.session.recipe.model.source)
        turns_of(self).end(self._look_first, within=0)  # once the rows are painted

    def _look_first(self) -> None:
        """Look at the recipe's model, or the first one, where nobody looks at any."""
        source, table = self._project.session.recipe.model.source, self.list.table
        if table.current() is None and not table.look_at(source) and table.rows.shown:
            table.look_at(table.rows.shown[0].source)

    def _show_one(self, rows: Rows) -> None:
        self.details.show_row(rows[0], downloading=self.download.running)

    def _look(self, shown: Row | None) -> None:
        if self.details.isHidden():  # it takes room from the table, which is painted before
            turns_of(self).end(self._look_now, within=0)
        else:
            self.details.show_row(shown, downloading=self.download.running)

    def _look_now(self) -> None:
        self.details.show_row(self.list.table.current(), downloading=self.download.running)

    def _search(self, text: str) -> None:
        if self.place == "hub":
            self._hub.ask(text)

    def _search_again(self) -> None:
        self._search(self.list.field.text().strip())

    def _choose_folder(self) -> None:
        found = QFileDialog.getExistingDirectory(self, tr("Choose a folder"))
        if found:
            self.look_into(found)

    def look_into(self, folder: str) -> None:
        """Look into a folder of the person's and show what it holds."""
        gpu = self._project.preferences.gpu
        clear(self._said)
        self._project.jobs.run(
            "models", lambda: [folder_row(folder, gpu)], self._show_one, self._refuse
        )

    def _take(self, shown: Row) -> None:
        if not shown.custom_code:
            self.use(shown)

    def use(self, shown: Row, trust: bool = False) -> None:
        """Make a model the recipe's base; its own code runs only after a yes."""
        self._taking.take(shown, trust=trust)

    def fetch(self, shown: Row) -> None:
        """Download a model."""
        recipe = self._project.session.recipe.model
        trust = recipe.trust_remote_code and recipe.source == shown.source
        clear(self._said)
        self.download.start(shown.source, trust=trust)
        self._refresh_details()

    def _open_gate(self, shown: Row) -> None:
        gate = Gate(self.window(), self._project.jobs, shown.source)
        gate.opened.connect(lambda: self.fetch(shown), Qt.ConnectionType.QueuedConnection)
        gate.finished.connect(gate.deleteLater)
        gate.open()

    def _arrived(self, model: str) -> None:
        tell(
            self._said, "good", lambda: tr("{model} is on this disk, checked.").format(model=model)
        )
        self._project.facts.plan.reckon()
        self._load_again()

    def _download_failed(self, model: str, error: StudioError) -> None:
        self._refuse(error)
        self._refresh_details()

    def _load_again(self) -> None:
        if self.place == "hub":
            rows = [
                replace(each, on_disk=each.on_disk or each.source == self.download.model)
                for each in self.rows["hub"]
            ]
            self._show_rows(rows)
        else:
            self._load()

    def _refresh_details(self) -> None:
        self.details.show_row(self.details.shown, downloading=self.download.running)

    def _compare_on(self, gpu: str) -> None:
        self._project.prefer(gpu=gpu)
        rows = self.rows[self.place]
        self.list.show_gpu(gpu)
        self._project.jobs.run("models", lambda: again(rows, gpu), self._show_again, self._refuse)

    def _show_again(self, rows: Rows) -> None:
        self._show_rows(rows)
        self._look(self.list.table.current())

    def _show_machine(self) -> None:
        machine = self._project.facts.machine
        gpu = machine.gpus[0].name if machine and machine.gpus else ""
        if self._has_list:
            self.list.show_machine(gpu, known=machine is not None)
            self.list.show_gpu(self._project.preferences.gpu)
        self._findings.show_findings()

    def _follow(self, changed: frozenset[str]) -> None:
        if any(each.startswith("model.") for each in changed):
            if self._has_list:
                self.list.table.show_chosen(self._project.session.recipe.model.source)
            self._refresh_details()
        if any(each.startswith(("model.", "licence.", "data.files")) for each in changed):
            self._findings.judge()

    def _refuse(self, error: StudioError) -> None:
        tell(self._said, "warning", error.title, error.rest)

    def _stand(self) -> None:
        """Put the details beside the table where there is room, else under it."""
        beside = self.width() >= WIDE and self._has_list and self.list.isVisibleTo(self)
        ways = QBoxLayout.Direction
        self._body.setDirection(ways.LeftToRight if beside else ways.TopToBottom)
        self.details.setMinimumWidth(BESIDE if beside else 0)
        self.details.setMaximumWidth(BESIDE if beside else 16_777_215)
        self.details.stand_upright(beside)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        if "details" in self.__dict__:
            self._stand()
        super().resizeEvent(event)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange and self.place in ("catalogue", "demo"):
            self._renamed = True  # the demo model has a name in each language
            self._follow_names()

    def _follow_names(self) -> None:
        """Show the names as they are now, as soon as somebody sees them."""
        if self._renamed and self.isVisible():
            self._renamed = False
            self._load()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        self._findings.judge()
        super().showEvent(event)
        self._follow_names()


def _summary(project: Project) -> str:
    source = project.session.recipe.model.source
    return tr("Demo model") if source == DEMO else source.replace("\\", "/").rpartition("/")[2]


def _state(project: Project) -> State:
    outlook = project.facts.plan.outlook
    return "done" if outlook and outlook.model else "todo"


STEP = StepOf(
    "model", lambda: tr("Model"), ModelPage, _summary, _state, ("model.", "licence.model")
)
