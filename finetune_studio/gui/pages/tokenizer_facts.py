"""The tokenizer itself: its control tokens, its vocabulary, the chat template in use."""

from PySide6.QtWidgets import QWidget

from finetune_studio.gui import amounts
from finetune_studio.gui.language import tr
from finetune_studio.gui.token_views import Known
from finetune_studio.gui.tokens import Size, Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.layout import box, clear, column, row
from finetune_studio.gui.widgets.sunken import Sunken
from finetune_studio.gui.widgets.text import Text


class FactsCard(Card):
    """Control tokens with their ids, and the template when it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._known: Known | None = None
        self._figures, self._lines = Text("", "caption", "text3"), column(gap=2)
        self._more = Button(self._more_words, "link")
        self._more.clicked.connect(self._toggle)
        self._template = Text("", "mono", "text2", wrap=True)
        self._well = Sunken(column(self._template, pad=(12, 8, 12, 8)))
        self._well.hide()
        self._foot = box(row(self._more, None))
        head = row(Text(lambda: tr("Control tokens"), "section"), None, self._figures)
        parts = (head, box(self._lines), self._foot, self._well)
        self.hold(column(*parts, gap=Space.s))

    def show_known(self, known: Known) -> None:
        """Show another tokenizer."""
        self._known = known
        self._figures.say(
            lambda: tr("{count} entries in the vocabulary").format(
                count=amounts.whole(known.vocabulary)
            )
        )
        clear(self._lines)
        for name, text, number in known.specials:
            self._lines.addWidget(_line(name, text, number))
        self._foot.setVisible(known.template is not None)
        self._template.say(known.template or "")

    def _more_words(self) -> str:
        hidden = not hasattr(self, "_well") or self._well.isHidden()
        return tr("Show the chat template") if hidden else tr("Hide the chat template")

    def _toggle(self) -> None:
        self._well.setVisible(self._well.isHidden())
        self._more.say(self._more_words)


def _line(name: str, text: str, number: int | None) -> QWidget:
    title = Text(lambda: _title(name))
    title.setFixedWidth(Size.label)
    made = row(
        title, Text(text, "mono"), Text("" if number is None else str(number), "mono", "text3")
    )
    made.addStretch(1)
    return box(made)


def _title(name: str) -> str:
    return {
        "bos_token": tr("Begins a text"),
        "eos_token": tr("Ends a text"),
        "unk_token": tr("Unknown"),
        "sep_token": tr("Parts texts"),
        "pad_token": tr("Fills up"),
        "cls_token": tr("Stands for the whole"),
    }.get(name, name)
