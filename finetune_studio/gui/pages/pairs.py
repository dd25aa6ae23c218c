"""Answers before and after, side by side; which is which can be hidden, to judge without bias."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QVBoxLayout

from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.choice import Switch
from finetune_studio.gui.widgets.layout import Rule, box, column, row, show_part
from finetune_studio.gui.widgets.text import Text
from finetune_studio.runs.votes import Side

SHORT = 60  # characters of a question in the head


@dataclass(frozen=True)
class Pair:
    """A question and both answers.

    Attributes:
        prompt: What was asked.
        before: What the base model said.
        after: What the tuned model said.
        reference: The answer in the data; empty where there is none.
    """

    prompt: str
    before: str
    after: str
    reference: str = ""


class PairsCard(Card):
    """One question at a time, answered by the base model and by the tuned one."""

    def __init__(self, vote: Callable[[Pair, Side], None]) -> None:
        super().__init__(name=lambda: tr("Side by side"))
        self._vote, self._pairs = vote, list[Pair]()
        self._at, self._swapped, self._hidden = 0, False, False
        self._asked, self._count = (
            Text("", "body", "text2", exact=True),
            Text("", "caption", "text3"),
        )
        self.blind = Switch()
        self.blind.edited.connect(lambda _: self._turn(0))
        self._back = Button(
            name=lambda: tr("Previous question"), kind="quiet", glyph="chevron-left"
        )
        self._next = Button(name=lambda: tr("Next question"), kind="quiet", glyph="chevron-right")
        self._back.clicked.connect(lambda: self._turn(-1))
        self._next.clicked.connect(lambda: self._turn(1))
        self._labels = [Text("", "label"), Text("", "label")]
        self._answers = [Text("", wrap=True, exact=True), Text("", wrap=True, exact=True)]
        self._reference = Text("", "caption", "text2", wrap=True, exact=True)
        words: tuple[Words, ...] = (
            lambda: tr("A is better"),
            lambda: tr("B is better"),
            lambda: tr("About the same"),
        )
        self.choices = [Button(each) for each in words]
        for place, button in enumerate(self.choices):
            button.clicked.connect(lambda _=False, each=place: self._choose(each))
        self._votes = Text("", "caption", "text2")
        self.hold(self._lay())

    def show_pairs(self, pairs: list[Pair]) -> None:
        """Show other answers."""
        self._pairs, self._at = pairs, 0
        show_part(self, bool(pairs))
        self._turn(0)

    def say_votes(self, words: Words) -> None:
        """Say how the votes stand, beside the buttons."""
        self._votes.say(words)

    def _turn(self, by: int) -> None:
        if not self._pairs:
            return
        self._at = max(0, min(len(self._pairs) - 1, self._at + by))
        self._hidden = self.blind.isChecked()
        self._swapped = self._hidden and random.random() < 0.5
        self._show()

    def _choose(self, place: int) -> None:
        side: Side = "tie"
        if place < 2:
            side = "tuned" if (place == 1) != self._swapped else "base"
        self._hidden = False
        self._vote(self._pairs[self._at], side)
        self._show()

    def _show(self) -> None:
        pair = self._pairs[self._at]
        order = [(True, pair.before), (False, pair.after)]
        if self._swapped:
            order.reverse()
        for place, (base, said) in enumerate(order):
            self._labels[place].say(self._name(place, base))
            tuned = not base and not self._hidden
            self._labels[place].set_tone("learned_text" if tuned else "text3")
            self._answers[place].say(said.strip() or (lambda: tr("(it said nothing)")))
        self._asked.say(f"“{_short(pair.prompt)}”")
        self._reference.setVisible(bool(pair.reference))
        self._reference.say(
            lambda: tr("In the data: {answer}").format(answer=" ".join(pair.reference.split()))
        )
        self._count.say(f"{self._at + 1} / {len(self._pairs)}")
        self._back.setEnabled(self._at > 0)
        self._next.setEnabled(self._at < len(self._pairs) - 1)
        for button in self.choices:
            button.setVisible(self.blind.isChecked())
            button.setEnabled(self._hidden)
        self._votes.setVisible(self.blind.isChecked())
        self.blind.setAccessibleName(tr("Hide which is which"))

    def _name(self, place: int, base: bool) -> Words:
        if self._hidden:
            return (lambda: tr("Answer A")) if place == 0 else (lambda: tr("Answer B"))
        return (lambda: tr("Base model")) if base else (lambda: tr("Tuned model"))

    def _lay(self) -> QVBoxLayout:
        head = row(
            Text(lambda: tr("Side by side"), "section"),
            self._asked,
            None,
            Text(lambda: tr("Hide which is which"), "body", "text2"),
            self.blind,
            self._back,
            self._count,
            self._next,
            gap=Space.s,
        )
        sides = [
            box(column(label, answer, None, gap=Space.xs))
            for label, answer in zip(self._labels, self._answers, strict=True)
        ]
        pair = row(sides[0], Rule(vertical=True), sides[1], gap=20)
        pair.setStretch(0, 1)
        pair.setStretch(2, 1)
        votes = row(*self.choices, self._votes, None, gap=Space.s)
        return column(head, Rule(), pair, self._reference, votes, gap=10, pad=(16, 8, 16, 14))


def _short(prompt: str) -> str:
    words = " ".join(prompt.split())
    return words if len(words) <= SHORT else words[: SHORT - 1] + "…"
