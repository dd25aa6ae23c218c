"""The first rows as the model is given them: a mapping shows at once what it does."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout

from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import box, clear, column, laid_once, row, show_part
from finetune_studio.gui.widgets.text import Text

LONGEST = 400  # characters of a turn
TURNS = 8
SPEAKER = 96  # pixels


class ReadingCard(Card):
    """One row at a time, turn by turn."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project, self._number = project, 0
        self._rows: Sequence[Mapping[str, Any]] = ()
        self._back = Button(name=lambda: tr("Previous row"), kind="quiet", glyph="chevron-left")
        self._next = Button(name=lambda: tr("Next row"), kind="quiet", glyph="chevron-right")
        self._back.clicked.connect(lambda: self._go(-1))
        self._next.clicked.connect(lambda: self._go(1))
        self._place, self._turns = Text("", "caption", "text3"), column(gap=Space.s)
        self._said = box(self._turns)
        title = Text(lambda: tr("As the model is given it"), "section")
        head = row(title, None, self._back, self._place, self._next, gap=6)
        self.hold(column(head, self._said, gap=Space.s, pad=(16, 8, 12, 14)))
        self.hide()  # until there are rows
        self.refresh()

    def refresh(self) -> None:
        """Show the rows as they are mapped now."""
        data = self._project.facts.data
        if data is None:
            return
        if data.read != self._rows:
            self._rows = data.read
            self._number = min(self._number, max(0, len(self._rows) - 1))
            self._show()
        show_part(self, bool(self._rows))

    def _go(self, by: int) -> None:
        self._number = (self._number + by) % max(1, len(self._rows))
        self._show()

    def _show(self) -> None:
        with laid_once(self._said):
            self._show_turns()

    def _show_turns(self) -> None:
        clear(self._turns)
        if not self._rows:
            return
        shown, number, count = self._rows[self._number], self._number + 1, len(self._rows)
        data = self._project.facts.data
        part = data is not None and data.rows > count
        self._place.say(
            lambda: (
                tr("Row {row} of the first {rows}") if part else tr("Row {row} of {rows}")
            ).format(row=number, rows=count)
        )
        if shown["problem"]:
            left_out = partial(_left_out, shown["problem"])
            self._turns.addWidget(FindingBox("warning", left_out))
        for name, text, learned in _said(shown)[:TURNS]:
            self._turns.addLayout(_turn(name, text, learned=learned))
        if (more := len(_said(shown)) - TURNS) > 0:
            self._turns.addWidget(
                Text(lambda: tr("and {count} more").format(count=more), "caption", "text3")
            )


def _left_out(why: str) -> str:
    return tr("This row is left out: {why}.").format(why=why)


def _said(shown: Mapping[str, Any]) -> list[tuple[Words, str, bool]]:
    """Who says what, and whether it is an answer that can be learned."""
    if "messages" in shown:
        return [
            (partial(speaker, turn["role"]), str(turn["content"]), turn["role"] == "assistant")
            for turn in shown["messages"]
        ]
    found: list[tuple[Words, str, bool]]
    found = [(lambda: tr("Text"), str(shown["text"] or ""), "label" not in shown)]
    if "label" in shown:
        found.append((lambda: tr("Label"), str(shown["label"] or ""), True))
    return found


def speaker(role: str) -> str:
    """What a role of a conversation is called."""
    known = {
        "system": tr("System prompt"),
        "user": tr("Person"),
        "assistant": tr("Model"),
        "tool": tr("Tool"),
    }
    return known.get(role, role)


def _turn(name: Words, text: str, *, learned: bool) -> QLayout:
    who = Text(name, "label", "learned_text" if learned else "text3")
    who.setFixedWidth(SPEAKER)
    words = text if len(text) <= LONGEST else text[:LONGEST] + " …"
    said = Text(words, "body", "text" if learned else "text2", wrap=True)
    who.setAlignment(Qt.AlignmentFlag.AlignTop)
    line = row(who, said, gap=Space.m)
    line.setStretch(1, 1)
    return line
