"""Talk to the tuned model, beside the base model, on the page of the results."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QWidget

from finetune_studio.errors import StudioError
from finetune_studio.gui.language import tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.talk import Talk, Turn
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.choice import Switch
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import Rule, Scroller, box, clear, column, row
from finetune_studio.gui.widgets.line import Line
from finetune_studio.gui.widgets.text import Text

HEIGHT = 260


class ChatCard(Card):
    """The conversation: what was said, and the line to say more."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project, self.talk = project, Talk(self)
        self.talk.changed.connect(self._show)
        self.talk.ready.connect(self._show)
        self.talk.failed.connect(self._tell)
        project.closing.connect(self.talk.close)
        self._beside = Switch()
        self._beside.setChecked(True)
        self._said = column(gap=Space.m)
        self._trouble = column(gap=0)
        self._held = Scroller(self._said)
        self._held.setFixedHeight(HEIGHT)
        self._held.hide()
        self.field = Line(lambda: tr("Say something to it"))
        self.field.returnPressed.connect(self.send)
        self._send = Button(lambda: tr("Send"))
        self._send.clicked.connect(self.send)
        self._anew = Button(lambda: tr("Begin anew"), "quiet", "rotate-ccw")
        self._anew.clicked.connect(self.talk.clear)
        self._note = Text("", "caption", "text3")
        head = row(
            Text(lambda: tr("Chat"), "section"),
            self._note,
            None,
            self._anew,
            Text(lambda: tr("with the base model beside it"), "body", "text2"),
            self._beside,
            gap=Space.s,
        )
        line = row(self.field, self._send, gap=Space.s)
        line.setStretch(0, 1)
        self.hold(column(head, self._held, self._trouble, line, gap=Space.s, pad=(16, 10, 16, 14)))
        self._show()

    def send(self) -> None:
        """Ask what stands in the line."""
        run, question = self._project.watch.run, self.field.text().strip()
        if run is None or not question or self.talk.busy:
            return
        clear(self._trouble)
        self.field.clear()
        chat = self._project.session.recipe.task.kind == "chat"
        self.talk.ask(run.path, question, base=self._beside.isChecked(), chat=chat)

    def _show(self) -> None:
        clear(self._said)
        for index, turn in enumerate(self.talk.turns):
            if index:
                self._said.addWidget(Rule())
            self._said.addWidget(_turn(turn))
        self._said.addStretch(1)
        self._held.setVisible(bool(self.talk.turns))
        self._anew.setVisible(bool(self.talk.turns))
        self._send.setEnabled(not self.talk.busy)
        self._note.say(self._state)
        self.field.setAccessibleName(tr("Say something to it"))
        self._beside.setAccessibleName(tr("with the base model beside it"))
        bar = self._held.verticalScrollBar()
        QTimer.singleShot(0, self._held, lambda: bar.setValue(bar.maximum()))

    def _state(self) -> str:
        if self.talk.loading:
            return tr("Loading the model …")
        return tr("It is answering …") if self.talk.busy else ""

    def _tell(self, error: StudioError) -> None:
        clear(self._trouble)
        detail = " ".join(part for part in (error.detail, error.hint) if part)
        self._trouble.addWidget(FindingBox("error", error.title, detail))


def _turn(turn: Turn) -> QWidget:
    sides = [_answer(turn, side) for side in (True, False) if _asked(turn, side)]
    pair = row(*sides, gap=Space.xl)
    for index in range(len(sides)):
        pair.setStretch(index, 1)
    return box(column(Text(turn.question, "strong", wrap=True), pair, gap=Space.xs))


def _asked(turn: Turn, side: bool) -> bool:
    return side in turn.answers or side in turn.waiting


def _answer(turn: Turn, base: bool) -> QWidget:
    name = (lambda: tr("Base model")) if base else (lambda: tr("Tuned model"))
    words = "…" if base in turn.waiting else turn.answers.get(base, "").strip()
    said = Text(words or (lambda: tr("(it said nothing)")), wrap=True)
    said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label = Text(name, "label", "text3" if base else "learned_text")
    return box(column(label, said, None, gap=2))
