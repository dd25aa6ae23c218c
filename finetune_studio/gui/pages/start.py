"""The first page: begin, go on, and see what this machine is."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from finetune_studio.errors import StudioError
from finetune_studio.gui import amounts
from finetune_studio.gui.header import Looks
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.card import Card, PressCard
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.glyph import Glyph, Mark
from finetune_studio.gui.widgets.layout import Pane, Rule, Scroller, box, clear, column, row
from finetune_studio.gui.widgets.meter import Meter
from finetune_studio.gui.widgets.notice import empty_state
from finetune_studio.gui.widgets.sparkline import Sparkline
from finetune_studio.gui.widgets.text import Text
from finetune_studio.hardware.machine import Machine
from finetune_studio.runs.events import EventReader, Failed, Finished
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.process import is_alive
from finetune_studio.runs.state import RunState, fold

MOST = 8  # runs in the list
WIDEST = 1180
DOORS = 340


@dataclass(frozen=True)
class PastRun:
    """A run in the list."""

    run: RunFolder
    name: str
    created: float
    alive: bool
    state: RunState


def read_runs(root: Path) -> list[PastRun]:
    """The newest runs under `root`; folders that are no runs are passed over."""
    found = []
    for path in root.iterdir() if root.is_dir() else ():
        try:
            info = RunFolder(path).info()
        except StudioError:
            continue
        found.append((info.created, info.name, RunFolder(path)))
    found.sort(key=lambda each: each[0], reverse=True)
    return [
        PastRun(run, name, created, is_alive(run), fold(EventReader(run.events).read()))
        for created, name, run in found[:MOST]
    ]


class StartPage(QWidget):
    """What stands there when nothing is open.

    Attributes:
        new_asked: A new project.
        open_asked: Something is to be opened.
        run_asked: This run is to be opened, by its path.
    """

    new_asked = Signal()
    open_asked = Signal()
    run_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.looks = Looks()
        top = row(Mark(22), Text("Finetune Studio", "section"), None, self.looks, gap=10)
        new = door(
            "plus",
            lambda: tr("New project"),
            lambda: tr("Begin with what is recommended, and change what you like."),
        )
        new.pressed.connect(self.new_asked)
        opened = door(
            "folder-open",
            lambda: tr("Open"),
            lambda: tr("Go on with a recipe or an earlier run."),
        )
        opened.pressed.connect(self.open_asked)
        doors = row(new, opened, gap=Space.m)
        doors.setStretch(0, 1)
        doors.setStretch(1, 1)
        self._runs = column(gap=0, pad=(20, 6, 20, 6))
        self._machine = MachineCard()
        self._machine.setFixedWidth(DOORS)
        lower = row(Card(self._runs), column(self._machine, None), gap=Space.xl)
        lower.setStretch(0, 1)
        heads = row(
            Text(lambda: tr("Recent runs"), "section"),
            None,
            _fixed(Text(lambda: tr("This computer"), "section"), DOORS),
            gap=Space.xl,
            pad=(0, 20, 0, 0),
        )
        private = row(
            Glyph("shield-check", "text3", 14),
            Text(
                lambda: tr("Nothing leaves this computer until you press Upload."),
                "caption",
                "text3",
            ),
            None,
        )
        inner = box(column(top, 20, doors, heads, lower, None, private, gap=Space.m))
        inner.setMaximumWidth(WIDEST)
        content = column(row(inner), pad=(48, 28, 48, 20))
        self.setLayout(column(Pane(column(Scroller(content)), "canvas")))
        self.show_runs([])

    def start(self, jobs: Jobs, root: Path) -> None:
        """Find out what there is."""
        from finetune_studio.hardware.machine import read_machine

        jobs.run("runs", lambda: read_runs(root), self.show_runs, lambda _: None)
        jobs.run(
            "start machine",
            lambda: read_machine(root),
            self._machine.show_machine,
            lambda _: None,
        )

    def show_runs(self, runs: list[PastRun]) -> None:
        """Show these runs, or what to do where there are none."""
        clear(self._runs)
        if not runs:
            self._runs.addWidget(
                empty_state(
                    "history",
                    lambda: tr("No runs yet"),
                    lambda: tr("Your first training will stand here with its curve."),
                )
            )
        for index, past in enumerate(runs):
            if index:
                self._runs.addWidget(Rule())
            self._runs.addWidget(self._line(past))
        if runs:
            self._runs.addStretch(1)

    def _line(self, past: PastRun) -> QWidget:
        words = column(
            Text(past.name, "strong"), Text(lambda: _detail(past), "caption", "text3"), gap=1
        )
        day = Text(lambda: amounts.day(past.created), "caption", "text3")
        day.setFixedWidth(84)
        day.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        curve = Sparkline([each.loss for each in past.state.metrics if each.loss is not None])
        line = row(box(words), _badge(past), curve, day, gap=Space.l, pad=(8, 10, 8, 10))
        line.setStretch(0, 1)
        card = PressCard(line, name=past.name, bare=True)
        path = str(past.run.path)
        card.pressed.connect(lambda: self.run_asked.emit(path), Qt.ConnectionType.QueuedConnection)
        return card


class MachineCard(Card):
    """What this computer is, as far as training goes."""

    def __init__(self) -> None:
        super().__init__()
        self._name = Text(lambda: tr("Looking at this machine …"), "strong", wrap=True)
        self._note = Text("", "caption", "text3", wrap=True)
        self._gpu = Meter(lambda: tr("GPU memory in use"))
        self._ram = Meter(lambda: tr("Memory in use"))
        self._disk = Meter(lambda: tr("Free disk space"))
        for each in (self._gpu, self._ram, self._disk):
            each.hide()
        head = row(Glyph("gpu", "text2"), self._name, gap=10)
        head.setStretch(1, 1)
        self.hold(column(head, self._note, self._gpu, self._ram, self._disk, gap=11, pad=18))

    def show_machine(self, machine: Machine) -> None:
        """Show what was found."""
        if machine.gpus:
            gpu = machine.gpus[0]
            self._name.say(gpu.name)
            self._note.say(lambda: tr("Driver {version}").format(version=gpu.driver))
            used = gpu.total_bytes - gpu.free_bytes
            self._show(self._gpu, used, gpu.total_bytes)
        else:
            self._name.say(lambda: tr("No NVIDIA GPU"))
            self._note.say(
                lambda: tr(
                    "The embedded model trains on the processor ({cores} cores); larger models "
                    "need a GPU."
                ).format(cores=machine.cores)
            )
        self._show(self._ram, machine.ram_total - machine.ram_free, machine.ram_total)
        if machine.disk_free is not None:
            self._disk.show()
            self._disk.show_reading(amounts.size(machine.disk_free), None)

    @staticmethod
    def _show(meter: Meter, used: int, total: int) -> None:
        meter.show()
        meter.show_reading(f"{amounts.memory(used)} / {amounts.memory(total)}", used / total)


def door(glyph: str, title: Words, detail: Words) -> PressCard:
    """A way in."""
    words = column(Text(title, "section"), Text(detail, "caption", "text2", wrap=True), gap=2)
    line = row(
        Glyph(glyph, "accent", 16, "accent_soft"),
        box(words),
        Glyph("chevron-right", "text3"),
        gap=14,
        pad=(18, 20, 18, 20),
    )
    line.setStretch(1, 1)
    return PressCard(line, name=title)


def _detail(past: PastRun) -> str:
    state = past.state
    held = [loss for _, loss in state.validation("loss") if loss is not None]
    parts = [amounts.steps(state.step)] if state.step else []
    if held:
        parts.append(tr("validation loss {loss:.2f}").format(loss=min(held)))
    return " · ".join(parts) or tr("no steps yet")


def _badge(past: PastRun) -> Badge:
    outcome = past.state.outcome
    if past.alive:
        return Badge(lambda: tr("Running"), "learned", "play")
    if isinstance(outcome, Finished):
        return Badge(lambda: tr("Done"), "ok")
    if isinstance(outcome, Failed) or outcome is None:
        return Badge(lambda: tr("Broke off"), "warn")
    return Badge(lambda: tr("Stopped"), "plain", "square")


def _fixed(widget: QWidget, width: int) -> QWidget:
    widget.setFixedWidth(width)
    return widget
