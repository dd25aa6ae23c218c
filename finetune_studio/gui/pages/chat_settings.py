"""How both models are to answer: a row of settings that opens over the conversation."""

from functools import partial

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from finetune_studio.gui.language import Words, say, tr
from finetune_studio.gui.talk import Manner
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.layout import column, row
from finetune_studio.gui.widgets.line import Line
from finetune_studio.gui.widgets.number import Number
from finetune_studio.gui.widgets.text import Text

LONGEST = 4096  # tokens of an answer
SEEDS = 999_999


class ChatSettings(QWidget):
    """System prompt, temperature, top-p, length, seed, and what ends an answer."""

    def __init__(self) -> None:
        super().__init__()
        usual = Manner()
        self.system = Line(lambda: tr("Such as: You are a friendly help desk."))
        self.temperature = Number(0, 2, decimals=2, step=0.1, width=88)
        self.top_p = Number(0.01, 1, decimals=2, step=0.05, width=88)
        self.tokens = Number(1, LONGEST, width=88)
        self.seed = Number(0, SEEDS, width=88)
        self.stop = Line(lambda: tr("none"))
        numbers: tuple[tuple[Words, Number, float], ...] = (
            (lambda: tr("Temperature"), self.temperature, usual.temperature),
            (lambda: tr("Top-p"), self.top_p, usual.top_p),
            (lambda: tr("Tokens at most"), self.tokens, usual.tokens),
            (lambda: tr("Seed"), self.seed, usual.seed),
        )
        for name, field, value in numbers:
            field.show_value(value)
            field.refused.connect(partial(self._refuse, name, field))
            field.edited.connect(lambda _: self._explain())
        small = row(
            *(_Named(name, field) for name, field, _ in numbers),
            _Named(lambda: tr("Stop at"), self.stop),
            gap=Space.m,
        )
        small.setStretch(4, 1)
        self._system = _Named(lambda: tr("System prompt"), self.system)
        self._note = Text(_meaning, "caption", "text3", wrap=True)
        self.setLayout(column(self._system, small, self._note, gap=Space.s))

    def _refuse(self, name: Words, field: Number, text: str) -> None:
        self._note.say(lambda: field.refusal(say(name), text))
        self._note.set_tone("bad")

    def _explain(self) -> None:
        self._note.say(_meaning)
        self._note.set_tone("text3")

    def manner(self) -> Manner:
        """What is set now."""
        stop = self.stop.text()
        return Manner(
            system=self.system.text().strip(),
            tokens=int(self.tokens.value()),
            temperature=self.temperature.value(),
            top_p=self.top_p.value(),
            seed=int(self.seed.value()),
            stop=(stop,) if stop else (),
        )

    def suit(self, chat: bool) -> None:
        """Offer a system prompt where there are conversations."""
        self._system.setVisible(chat)


def _meaning() -> str:
    return tr(
        "Temperature 0 always says the likeliest. Both models get the same settings and the same"
        " seed."
    )


class _Named(QWidget):
    """A field under its name, by which it is read out, too."""

    def __init__(self, name: Words, field: QWidget) -> None:
        super().__init__()
        self._label, self._field = Text(name, "label", "text2"), field
        self._label.setBuddy(field)
        self.setLayout(column(self._label, field, gap=2))
        field.setAccessibleName(self._label.plain)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._label.refresh()
            self._field.setAccessibleName(self._label.plain)
