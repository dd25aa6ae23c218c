"""Dialogs: a question as a sentence, answered by verbs. Escape is always the safe answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QDialog, QWidget

from finetune_studio.gui.language import Words, say
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.layout import column, row
from finetune_studio.gui.widgets.text import Text


@dataclass(frozen=True)
class Answer:
    """One answer: what the caller gets, what stands on the button, and its kind."""

    name: str
    words: Words
    kind: str = "plain"


class Ask(QDialog):
    """A question with one safe answer and one to three others."""

    def __init__(
        self,
        parent: QWidget | None,
        title: Words,
        detail: Words,
        safe: Answer,
        others: Sequence[Answer],
    ) -> None:
        super().__init__(parent)
        self.answer = safe.name
        self._safe = safe.name
        self.setWindowTitle(say(title))
        self.setModal(True)
        buttons = [self._button(each) for each in (safe, *others)]
        default = buttons[0] if others[-1].kind == "danger" else buttons[-1]
        default.setDefault(True)
        default.setFocus()
        self.setLayout(
            column(
                Text(title, "section", wrap=True),
                Text(detail, "body", "text2", wrap=True),
                Space.s,
                row(None, *buttons),
                gap=Space.s,
                pad=Space.xl,
            )
        )
        self.setFixedWidth(520 if len(others) > 1 else 440)

    def ask(self) -> str:
        """Show the question and wait; the name of the answer."""
        self.exec()
        return self.answer

    def _button(self, answer: Answer) -> Button:
        button = Button(answer.words, answer.kind)
        button.setObjectName(answer.name)
        button.clicked.connect(lambda: self._take(answer.name))
        return button

    def _take(self, name: str) -> None:
        self.answer = name
        if name == self._safe:
            self.reject()
        else:
            self.accept()
