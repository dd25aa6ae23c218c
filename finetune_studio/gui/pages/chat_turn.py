"""One turn of a conversation: what was asked, the answers beside each other, the vote."""

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.talk import BASE, Turn
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.layout import Rule, box, column, row
from finetune_studio.gui.widgets.text import Text

BADGE = 22  # pixels
Choice = Literal["first", "second", "neither"]
CHOICES: tuple[tuple[Choice, Words], ...] = (
    ("first", lambda: tr("A is better")),
    ("second", lambda: tr("B is better")),
    ("neither", lambda: tr("About the same")),
)


class TurnView(QWidget):
    """Shows a turn, and takes its vote."""

    def __init__(self, turn: Turn, vote: Callable[[Turn, Choice], None]) -> None:
        super().__init__()
        self._turn = turn
        self._texts: dict[bool, Text] = {}
        sides = [self._side(place, side) for place, side in enumerate(turn.order)]
        pair = row(gap=Space.l)
        for place, each in enumerate(sides):
            if place:
                pair.addWidget(Rule(vertical=True))
            pair.addWidget(each, 1)
        whole = column(Text(turn.question, "strong", wrap=True, exact=True), pair, gap=Space.xs)
        if turn.open:
            whole.addLayout(self._votes(vote))
        self.setLayout(whole)

    def grow(self, side: bool) -> None:
        """Show what has come of a side's answer."""
        self._texts[side].say(self._said(side))

    def _side(self, place: int, side: bool) -> QWidget:
        turn = self._turn
        text = self._texts[side] = Text(self._said(side), wrap=True, exact=True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        tuned = side != BASE and not turn.hidden
        head = row(Text(_name(turn, place, side), "label", "learned_text" if tuned else "text3"))
        head.addStretch(1)
        if turn.liked in ("base", "tuned") and turn.liked == ("base" if side == BASE else "tuned"):
            head.addWidget(Badge(lambda: tr("your choice"), "accent", "check"))
        line = box(head)
        line.setMinimumHeight(BADGE)  # so that both answers begin on one line
        return box(column(line, text, None, gap=2))

    def _said(self, side: bool) -> Words:
        said = self._turn.answers.get(side, "").strip()
        if side in self._turn.waiting:
            return f"{said} …" if said else "…"
        if side not in self._turn.answers:
            return lambda: tr("(no answer came)")
        return said or (lambda: tr("(it said nothing)"))

    def _votes(self, vote: Callable[[Turn, Choice], None]) -> QHBoxLayout:
        buttons = []
        for choice, words in CHOICES:
            button = Button(words)
            button.setObjectName(f"vote {choice}")
            button.clicked.connect(lambda _=False, each=choice: vote(self._turn, each))
            buttons.append(button)
        return row(*buttons, None, gap=Space.s)


def _name(turn: Turn, place: int, side: bool) -> Words:
    if turn.hidden:
        return (lambda: tr("Answer A")) if place == 0 else (lambda: tr("Answer B"))
    return (lambda: tr("Base model")) if side == BASE else (lambda: tr("Tuned model"))
