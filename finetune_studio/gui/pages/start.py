"""The first page: try it, begin, go on, and see what this machine can do."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from finetune_studio.gui.ahead import Ahead
from finetune_studio.gui.header import Looks
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.pages.machine import MachineCard
from finetune_studio.gui.pages.run_line import draft_line, run_line
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card, PressCard
from finetune_studio.gui.widgets.chips import Chips
from finetune_studio.gui.widgets.glyph import Glyph, Mark
from finetune_studio.gui.widgets.layout import Pane, Rule, Scroller, box, clear, column, row
from finetune_studio.gui.widgets.notice import empty_state
from finetune_studio.gui.widgets.text import Text
from finetune_studio.preferences import Preferences

if TYPE_CHECKING:
    from finetune_studio.gui.drafts import Draft
    from finetune_studio.gui.past import PastRun

MOST = 6  # runs in the list
DRAFTS = 3  # projects without a run over them
WIDEST = 1180
DOORS = 340
LABEL = 76
RESTS = 500  # milliseconds
# Rows of the bundled sample, as they stand in resources/samples/korean_qa.csv.
EXAMPLES = (
    ("기차여행 가고 싶어", "꿈꾸던 여행이네요."),
    ("인생 공부한건가", "단맛도 있을 거예요."),
)


class StartPage(QWidget):
    """What stands there when nothing is open.

    Attributes:
        demo_asked: The demo is to be trained.
        new_asked: A new project.
        open_asked: Something is to be opened.
        run_asked: This run or project is to be opened, by its path.
        place_asked: A page beside the wizard, by its name.
    """

    demo_asked = Signal()
    new_asked = Signal()
    open_asked = Signal()
    run_asked = Signal(str)
    place_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.looks = Looks()
        self._runs = column(gap=0, pad=(12, 6, 12, 6))
        self._machine = MachineCard()
        self._machine.setFixedWidth(DOORS)
        self._all = Button(lambda: tr("See all"), "link")
        self._all.clicked.connect(lambda: self.place_asked.emit("history"))
        upper = row(self._demo(), self._doors(), gap=Space.xl)
        upper.setStretch(0, 1)
        lower = row(Card(self._runs), column(self._machine, None), gap=Space.xl)
        lower.setStretch(0, 1)
        inner = column(
            self._top(), 8, upper, self._heads(), lower, None, self._private(), gap=Space.m
        )
        held = box(inner)
        held.setMaximumWidth(WIDEST)
        content = column(row(held), pad=(48, 28, 48, 20))
        self.setLayout(column(Pane(column(Scroller(content)), "canvas")))
        self.show_runs([])

    def start(self, jobs: Jobs, root: Path, preferences: Preferences) -> None:
        """Find out what there is."""

        def read() -> "tuple[list[PastRun], list[Draft]]":
            from finetune_studio.gui.drafts import read_drafts
            from finetune_studio.gui.past import read_runs  # numpy; the window is shown before

            drafts = read_drafts(preferences.recent, preferences.runs, DRAFTS)
            return read_runs(root, MOST - len(drafts)), drafts

        jobs.run("runs", read, lambda found: self.show_runs(*found), lambda _: None)
        self._machine.start(jobs, root)
        Ahead(self, jobs)

    def show_runs(self, runs: "Sequence[PastRun]", drafts: "Sequence[Draft]" = ()) -> None:
        """Show these runs and projects, or what to do where there are none."""
        clear(self._runs)
        self._all.setVisible(bool(runs))
        if not runs and not drafts:
            self._runs.addWidget(
                empty_state(
                    "history",
                    lambda: tr("No runs yet"),
                    lambda: tr("Your first training will stand here with its curve."),
                )
            )
        lines = [(draft_line(each), str(each.path)) for each in drafts]
        lines += [(run_line(each), str(each.run.path)) for each in runs]
        for index, (line, path) in enumerate(lines):
            if index:
                self._runs.addWidget(Rule())
            line.pressed.connect(self._asks(path), Qt.ConnectionType.QueuedConnection)
            self._runs.addWidget(line)
        if lines:
            self._runs.addStretch(1)

    def _asks(self, path: str) -> Callable[[], None]:
        return lambda: self.run_asked.emit(path)

    def _top(self) -> QHBoxLayout:
        options = Button(lambda: tr("Preferences"), "quiet", "sliders-horizontal")
        options.clicked.connect(lambda: self.place_asked.emit("preferences"))
        mark = Text("Finetune Studio", "section")
        return row(Mark(22), mark, None, options, self.looks, gap=10)

    def _demo(self) -> Card:
        go = self._go = Button(lambda: tr("Start the demo"), "primary", "play")
        go.setObjectName("demo")
        go.clicked.connect(self._begin)
        sign = row(
            Glyph("sparkles", "learned_text"),
            Text(lambda: tr("Try it"), "label", "learned_text"),
            None,
        )
        title = Text(lambda: tr("Your own model in a minute"), "display", wrap=True)
        about = Text(
            lambda: tr(
                "The small model that is built in learns from the sample data, from the first "
                "step to the last. No GPU and no internet needed."
            ),
            "body",
            "text2",
            wrap=True,
        )
        left = column(sign, title, about, None, row(go, None), gap=Space.s)
        line = row(box(left), Card(_example(), fill="canvas"), gap=Space.xl, pad=Space.xl)
        line.setStretch(0, 9)
        line.setStretch(1, 10)
        return Card(line)

    def _begin(self) -> None:
        """Show that it begins; opening the project takes the window's thread for a moment."""
        self._go.say(lambda: tr("Starting …"))
        self._go.setEnabled(False)
        QTimer.singleShot(0, self, self._ask_for_demo)

    def _ask_for_demo(self) -> None:
        self.demo_asked.emit()
        QTimer.singleShot(
            RESTS, self, self._rest
        )  # where the page is still there, it did not begin

    def _rest(self) -> None:
        self._go.say(lambda: tr("Start the demo"))
        self._go.setEnabled(True)

    def _doors(self) -> QWidget:
        new = door(
            "plus",
            lambda: tr("New project"),
            lambda: tr("Choose a model, and begin with your own data."),
        )
        new.pressed.connect(self.new_asked)
        opened = door(
            "folder-open",
            lambda: tr("Open"),
            lambda: tr("Go on with a recipe or an earlier run."),
        )
        opened.pressed.connect(self.open_asked)
        learn = door(
            "graduation-cap",
            lambda: tr("Learn"),
            lambda: tr("From tokens to overfitting, a short page for each step."),
        )
        learn.pressed.connect(lambda: self.place_asked.emit("help"))
        held = box(column(new, opened, learn, gap=Space.m))
        held.setFixedWidth(DOORS)
        return held

    def _heads(self) -> QHBoxLayout:
        machine = Text(lambda: tr("This computer"), "section")
        machine.setFixedWidth(DOORS)
        return row(
            Text(lambda: tr("Recent work"), "section"),
            None,
            self._all,
            machine,
            gap=Space.xl,
            pad=(0, 12, 0, 0),
        )

    @staticmethod
    def _private() -> QHBoxLayout:
        words = Text(
            lambda: tr("Nothing leaves this computer until you press Upload."), "caption", "text3"
        )
        return row(Glyph("shield-check", "text3", 14), words, None)


def _example() -> QVBoxLayout:
    """A row of the sample: what is given, and what the model learns to say."""
    body = column(
        Text(lambda: tr("Two of 1,500 rows"), "label", "text3"),
        gap=Space.s,
        pad=(20, 18, 20, 16),
    )
    for question, answer in EXAMPLES:
        given, learned = Chips(question.split(), learned=False), Chips(answer.split(), learned=True)
        body.addLayout(row(_label(lambda: tr("Given"), "text3"), given, gap=Space.s))
        body.addLayout(row(_label(lambda: tr("Learned"), "learned_text"), learned, gap=Space.s))
        body.addSpacing(Space.s)
    body.addStretch(1)
    body.addWidget(Text(_note, "caption", "text3", wrap=True))
    return body


def _note() -> str:
    return tr(
        "It speaks Korean: “I want to go on a train journey” – “The journey of your dreams.” "
        "Underlined in teal: what the model learns to say."
    )


def _label(words: Words, tone: str) -> Text:
    text = Text(words, "label", tone)
    text.setFixedWidth(LABEL)
    return text


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
