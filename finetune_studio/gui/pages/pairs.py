"""Answers before and after, side by side; which is which can be hidden, to judge without bias."""

import random

from PySide6.QtWidgets import QVBoxLayout

from finetune_studio.gui.language import tr
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.choice import Switch
from finetune_studio.gui.widgets.layout import Rule, box, column, row
from finetune_studio.gui.widgets.text import Text
from finetune_studio.runs.events import Sample

Pair = tuple[Sample, Sample]


class PairsCard(Card):
    """One question at a time, answered by the base model and by the tuned one."""

    def __init__(self) -> None:
        super().__init__()
        self._pairs: list[Pair] = []
        self._at, self._swapped = 0, False
        self._asked, self._count = Text("", "body", "text2"), Text("", "caption", "text3")
        self._blind = Switch()
        self._blind.edited.connect(lambda _: self._turn(0))
        self._back = Button(
            name=lambda: tr("Previous question"), kind="quiet", glyph="chevron-left"
        )
        self._next = Button(name=lambda: tr("Next question"), kind="quiet", glyph="chevron-right")
        self._back.clicked.connect(lambda: self._turn(-1))
        self._next.clicked.connect(lambda: self._turn(1))
        self._labels = [Text("", "label"), Text("", "label")]
        self._answers = [Text("", wrap=True), Text("", wrap=True)]
        self.hold(self._lay())

    def show_pairs(self, pairs: list[Pair]) -> None:
        """Show other answers."""
        self._pairs, self._at = pairs, 0
        self.setVisible(bool(pairs))
        self._turn(0)

    def _turn(self, by: int) -> None:
        if not self._pairs:
            return
        self._at = max(0, min(len(self._pairs) - 1, self._at + by))
        self._swapped = self._blind.isChecked() and random.random() < 0.5
        self._show()

    def _show(self) -> None:
        before, after = self._pairs[self._at]
        order = [after, before] if self._swapped else [before, after]
        blind = self._blind.isChecked()
        names = [lambda: tr("Answer A"), lambda: tr("Answer B")]
        if not blind:
            names = [lambda: tr("Base model"), lambda: tr("Tuned model")]
        for index, said in enumerate(order):
            self._labels[index].say(names[index])
            self._labels[index].set_tone("learned_text" if index and not blind else "text3")
            self._answers[index].say(said.text.strip() or (lambda: tr("(it said nothing)")))
        self._asked.say(f"“{' '.join(before.prompt.split())}”")
        self._count.say(f"{self._at + 1} / {len(self._pairs)}")
        self._back.setEnabled(self._at > 0)
        self._next.setEnabled(self._at < len(self._pairs) - 1)
        self._blind.setAccessibleName(tr("Hide which is which"))

    def _lay(self) -> QVBoxLayout:
        head = row(
            Text(lambda: tr("Side by side"), "section"),
            self._asked,
            None,
            Text(lambda: tr("Hide which is which"), "body", "text2"),
            self._blind,
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
        return column(head, Rule(), pair, gap=10, pad=(16, 8, 12, 14))
