"""How both models are to answer: a row of settings that opens over the conversation."""

from PySide6.QtWidgets import QWidget

from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.talk import Manner
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.layout import box, column, row
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
        for field, value in (
            (self.temperature, usual.temperature),
            (self.top_p, usual.top_p),
            (self.tokens, usual.tokens),
            (self.seed, usual.seed),
        ):
            field.show_value(value)
        small = row(
            _named(lambda: tr("Temperature"), self.temperature),
            _named(lambda: tr("Top-p"), self.top_p),
            _named(lambda: tr("Longest answer"), self.tokens),
            _named(lambda: tr("Seed"), self.seed),
            _named(lambda: tr("Stop at"), self.stop),
            gap=Space.m,
        )
        small.setStretch(4, 1)
        self._system = _named(lambda: tr("System prompt"), self.system)
        note = Text(
            lambda: tr(
                "Temperature 0 always says the likeliest. Both models get the same settings and"
                " the same seed."
            ),
            "caption",
            "text3",
            wrap=True,
        )
        self.setLayout(column(self._system, small, note, gap=Space.s))

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


def _named(name: Words, field: QWidget) -> QWidget:
    label = Text(name, "label", "text2")
    label.setBuddy(field)
    field.setAccessibleName(label.plain)
    return box(column(label, field, gap=2))
