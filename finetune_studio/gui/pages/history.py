"""Every run there is: open one, lay several over each other, delete what is not needed."""

from pathlib import Path

from PySide6.QtWidgets import QWidget

from finetune_studio import paths
from finetune_studio.errors import StudioError
from finetune_studio.gui import amounts
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.overlay import MOST, Overlay
from finetune_studio.gui.pages.place import Place
from finetune_studio.gui.pages.run_line import run_line
from finetune_studio.gui.past import PastRun, read_curves, read_runs
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.choice import Tick
from finetune_studio.gui.widgets.dialog import Answer, Ask
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import Rule, box, clear, column, row
from finetune_studio.gui.widgets.notice import empty_state
from finetune_studio.gui.widgets.text import Text
from finetune_studio.runs.deleting import delete
from finetune_studio.runs.folder import RunFolder

LISTED = 200  # runs; older ones are counted


class HistoryPage(Place):
    """The list of runs, and the comparison of those that are ticked."""

    def __init__(self, preferred: Preferred, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        chosen = preferred.value.runs_folder
        self._root = Path(chosen) if chosen else paths.runs()
        self._compared: list[RunFolder] = []
        self._trouble = column(gap=0)
        self._overlay = Overlay()
        self._hint = Text(
            lambda: tr("Tick two to {most} runs to lay their curves over each other.").format(
                most=MOST
            ),
            "caption",
            "text3",
        )
        self.compare = Button(self._compare_words)
        self.compare.clicked.connect(self._lay_over)
        self._asking = box(row(self._hint, None, self.compare, gap=Space.m))
        self._lines = column(gap=0, pad=(20, 6, 20, 6))
        self._ticks: dict[Path, Tick] = {}
        self.lay(
            lambda: tr("What has been trained?"),
            lambda: tr("Every run on this computer, the newest first."),
            column(
                self._trouble, self._overlay, self._asking, Card(self._lines), None, gap=Space.m
            ),
        )
        self._overlay.close_it.clicked.connect(self._overlay.hide)
        self._overlay.hide()
        self.read()

    def read(self) -> None:
        """Look what there is now."""
        root = self._root
        self._jobs.run("history", lambda: read_runs(root), self._show, self._tell)

    def _show(self, runs: list[PastRun]) -> None:
        clear(self._lines)
        self._ticks.clear()
        self._compared = []
        self._overlay.hide()
        if not runs:
            self._lines.addWidget(
                empty_state(
                    "history",
                    lambda: tr("No runs yet"),
                    lambda: tr("Your first training will stand here with its curve."),
                )
            )
        for index, past in enumerate(runs[:LISTED]):
            if index:
                self._lines.addWidget(Rule())
            self._lines.addWidget(self._line(past))
        if more := len(runs) - LISTED if len(runs) > LISTED else 0:
            words = Text(lambda: tr("and {count} more").format(count=more), "caption", "text3")
            self._lines.addWidget(words)
        several = len(runs) > 1
        for each in (self._asking, *self._ticks.values()):
            each.setVisible(several)  # one alone has nothing to be compared with
        self._count()

    def _line(self, past: PastRun) -> QWidget:
        name, run = past.summary.name, past.run
        tick = Tick()
        tick.setAccessibleName(tr("Compare {name}").format(name=name))
        tick.setToolTip(tr("Pick it out, to compare it"))
        tick.edited.connect(lambda on: self._pick(run, bool(on)))
        self._ticks[run.path] = tick
        drop = Button(
            name=lambda: tr("Delete {name}").format(name=name), kind="quiet", glyph="trash-2"
        )
        drop.clicked.connect(lambda: self._ask_to_delete(past))
        drop.setEnabled(not past.alive)
        line = run_line(past, tick, drop)
        line.pressed.connect(lambda: self.run_asked.emit(str(run.path)))
        return line

    def _pick(self, run: RunFolder, on: bool) -> None:
        if on:
            self._compared.append(run)
        elif run in self._compared:
            self._compared.remove(run)
        while len(self._compared) > MOST:
            self._ticks[self._compared.pop(0).path].show_value(False)
        self._count()
        if len(self._compared) < 2:
            self._jobs.forget("compare")
            self._overlay.hide()
        elif self._overlay.isVisible():
            self._lay_over()

    def _compare_words(self) -> str:
        if not self._compared:
            return tr("Compare")
        return tr("Compare {count}").format(count=len(self._compared))

    def _count(self) -> None:
        self.compare.say(self._compare_words)
        self.compare.setEnabled(len(self._compared) > 1)

    def _lay_over(self) -> None:
        runs = list(self._compared)
        self._jobs.run("compare", lambda: read_curves(runs), self._show_overlay, self._tell)

    def _show_overlay(self, read: object) -> None:
        self._overlay.show_runs(*read)  # type: ignore[misc]
        self._overlay.show()
        if self.scroller is not None:
            self.scroller.verticalScrollBar().setValue(0)

    def _ask_to_delete(self, past: PastRun) -> None:
        run = past.run
        asked = Ask(
            self.window(),
            lambda: tr("Delete this run?"),
            lambda: tr("{name}: its checkpoints and its result go for good.").format(
                name=f"{past.summary.name} · {amounts.moment(past.summary.created)}"
            ),
            Answer("keep", lambda: tr("Keep it")),
            [Answer("delete", lambda: tr("Delete the run"), "danger")],
        )
        if asked.ask() == "delete":
            self._jobs.run("delete", lambda: delete(run), lambda _: self.read(), self._tell)

    def _tell(self, error: StudioError) -> None:
        clear(self._trouble)
        detail = error.rest
        self._trouble.addWidget(FindingBox("error", error.title, detail))
        self._trouble.addLayout(row())
