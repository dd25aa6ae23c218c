"""Talk to the tuned model, beside the base model, blind if wanted, on the page of the results."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QVBoxLayout

from finetune_studio.errors import StudioError
from finetune_studio.gui import outcomes
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.chat_settings import ChatSettings
from finetune_studio.gui.pages.chat_turn import Choice, TurnView
from finetune_studio.gui.project import Project
from finetune_studio.gui.retelling import words_of
from finetune_studio.gui.talk import Talk, Turn
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.choice import Switch
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import Rule, Scroller, bring_into_sight, clear, column, row
from finetune_studio.gui.widgets.line import Line
from finetune_studio.gui.widgets.text import Text
from finetune_studio.runs.votes import vote

HEIGHT = 200  # pixels of what was said; kept free before, so that nothing below moves


class ChatCard(Card):
    """The conversation: what was said, the line to say more, how it is answered."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project, self.talk = project, Talk(self)
        self.talk.changed.connect(self._show)
        self.talk.grew.connect(self._grow)
        self.talk.ready.connect(self._show_state)
        self.talk.rested.connect(self._show_state)
        self.talk.waiting.ticked.connect(self._count)
        self.talk.failed.connect(self._tell)
        project.closing.connect(self.talk.close)
        self._views: list[TurnView] = []
        self.beside, self.blind = Switch(), Switch()
        self.beside.setChecked(True)
        self.beside.edited.connect(lambda _: self._show_state())
        self.settings = ChatSettings()
        self.settings.hide()
        self._said, self._trouble = column(gap=Space.m), column(gap=0)
        self._held = Scroller(self._said)
        self._held.setFixedHeight(HEIGHT)
        self.field = Line(lambda: tr("Say something to it"))
        self.field.returnPressed.connect(self.send)
        self._send = Button(lambda: tr("Send"))
        self._send.clicked.connect(self.send)
        self._enough = Button(lambda: tr("Stop"), glyph="square")
        self._enough.clicked.connect(self.talk.enough)
        self._anew = Button(lambda: tr("New chat"), "quiet", "rotate-ccw")
        self._anew.clicked.connect(self.talk.clear)
        self._free = Button(lambda: tr("Unload the model"), "quiet")
        self._free.clicked.connect(self.talk.close)
        self._more = Button(lambda: tr("Settings"), "quiet", "sliders-horizontal")
        self._more.setCheckable(True)
        self._more.toggled.connect(self.settings.setVisible)
        self._note, self._votes = Text("", "caption", "text3"), Text("", "caption", "text2")
        self._names = (
            Text(lambda: tr("with the base model beside it"), "body", "text2"),
            Text(lambda: tr("Hide which is which"), "body", "text2"),
        )
        self.hold(self._lay())
        self._show()

    def send(self) -> None:
        """Ask what stands in the line."""
        run, question = self._project.watch.run, self.field.text().strip()
        if run is None or not question or self.talk.busy:
            return
        clear(self._trouble)
        self.field.clear()
        base = self._comparable and self.beside.isChecked()
        self.talk.ask(
            run.path,
            question,
            base=base,
            chat=self._project.session.recipe.task.kind == "chat",
            blind=base and self.blind.isChecked(),
            manner=self.settings.manner(),
        )
        QTimer.singleShot(0, self, self._stay_in_sight)

    def _stay_in_sight(self) -> None:
        """The line that is typed in does not go below the edge as the conversation grows."""
        bring_into_sight(self.field)

    def refresh(self) -> None:
        """Suit another run, or another task."""
        self.settings.suit(self._project.session.recipe.task.kind == "chat")
        self._show_state()

    @property
    def _comparable(self) -> bool:
        """A classification's base model has an untrained head: nothing to compare with."""
        return self._project.session.recipe.task.kind != "classify"

    def _show(self) -> None:
        clear(self._said)
        self._views = []
        for index, turn in enumerate(self.talk.turns):
            if index:
                self._said.addWidget(Rule())
            self._views.append(TurnView(turn, self._vote))
            self._said.addWidget(self._views[-1])
        if not self.talk.turns:
            self._said.addStretch(1)
            nothing = Text(_nothing_yet, "caption", "text3", wrap=True)
            nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self._said.addWidget(nothing)
        self._said.addStretch(1)
        self._show_state()
        self._scroll()

    def _grow(self, turn: Turn, side: bool) -> None:
        if self._views and self.talk.turns and self.talk.turns[-1] is turn:
            self._views[-1].grow(side)
            self._scroll()

    def _scroll(self) -> None:
        bar = self._held.verticalScrollBar()
        QTimer.singleShot(0, self._held, lambda: bar.setValue(bar.maximum()))

    def _show_state(self) -> None:
        talk, both = self.talk, self._comparable
        self._anew.setVisible(bool(talk.turns) and not talk.busy)
        self._free.setVisible(talk.awake and not talk.busy)
        self._send.setVisible(not talk.busy)
        self._enough.setVisible(talk.busy)
        for each in (self.beside, self._names[0]):
            each.setVisible(both)
        for each in (self.blind, self._names[1]):
            each.setVisible(both and self.beside.isChecked())
        self._note.say(self._state)
        self._votes.say(self._tally)
        self.field.setAccessibleName(tr("Say something to it"))
        self.beside.setAccessibleName(tr("with the base model beside it"))
        self.blind.setAccessibleName(tr("Hide which is which"))

    def _count(self) -> None:
        self._note.say(self._state)

    def _state(self) -> str:
        if self.talk.loading:
            return self.talk.waiting.say(tr("Loading the model …"))
        return tr("It is answering …") if self.talk.busy else ""

    def _tally(self) -> str:
        return outcomes.votes(self._project.watch.run)

    def _vote(self, turn: Turn, choice: Choice) -> None:
        run = self._project.watch.run
        side = self.talk.like(turn, choice)
        if run is None:
            return
        answers = {"base" if base else "tuned": text for base, text in turn.answers.items()}
        try:
            vote(run, side, turn.question, answers)
        except OSError as error:
            self._tell(
                StudioError(
                    tr("The vote could not be kept."),
                    f"{run.path}: {error.strerror or error}",
                    tr("Check that the run's folder is there and the disk has room."),
                )
            )
        self._show_state()

    def _tell(self, error: StudioError) -> None:
        clear(self._trouble)
        self._trouble.addWidget(FindingBox("error", *words_of(error)))

    def _lay(self) -> QVBoxLayout:
        head = row(
            Text(lambda: tr("Chat"), "section"),
            self._note,
            None,
            self._votes,
            self._free,
            self._anew,
            self._more,
            gap=Space.s,
        )
        line = row(self.field, self._enough, self._send, gap=Space.s)
        line.setStretch(0, 1)
        beside, blind = self._names
        foot = row(self.beside, beside, Space.m, self.blind, blind, None, gap=Space.s)
        foot.setAlignment(Qt.AlignmentFlag.AlignLeft)
        return column(
            head,
            self.settings,
            self._held,
            self._trouble,
            line,
            foot,
            gap=Space.s,
            pad=(16, 10, 16, 12),
        )


def _nothing_yet() -> str:
    return tr(
        "What you ask and what the models answer stands here. The first answer takes longer: "
        "the model is loaded for it."
    )
