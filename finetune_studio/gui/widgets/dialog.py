"""Dialogs: as tall as their words; a question as a sentence, answered by verbs. Escape is safe."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QLayout, QWidget
from typing_extensions import override

from finetune_studio.gui.language import Words, say
from finetune_studio.gui.theme import theme
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.layout import column, row
from finetune_studio.gui.widgets.text import Text
from finetune_studio.gui.widgets.veil import Veil


@dataclass(frozen=True)
class Answer:
    """One answer: what the caller gets, what stands on the button, and its kind."""

    name: str
    words: Words
    kind: str = "plain"


class Over(QDialog):
    """A dialog over its window, which is dimmed meanwhile."""

    def __init__(self, parent: QWidget | None, title: str) -> None:
        super().__init__(parent)
        if parent is None:
            theme.dress(self)  # else it looks as its window does
        self.setWindowTitle(title)
        self.setModal(True)
        self._veil: Veil | None = None

    @override
    def showEvent(self, event: QShowEvent) -> None:
        parent = self.parentWidget()
        if parent is not None and self._veil is None:
            self._veil = Veil(parent.window())
        super().showEvent(event)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        veil, self._veil = self._veil, None
        if veil is not None:
            veil.hide()
            veil.deleteLater()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)  # an edge of its own: not every desktop draws one
        painter.setPen(theme.colour("line"))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()


class Sheet(Over):
    """A dialog of one width, always as tall as what it holds.

    Left to itself, a dialog is as tall as its wrapped words would be at their least width.
    """

    def __init__(self, parent: QWidget | None, title: str, width: int) -> None:
        super().__init__(parent, title)
        self.setFixedWidth(width)

    def hold(self, layout: QLayout) -> None:
        """Put a layout in, with the margins of a dialog."""
        layout.setContentsMargins(Space.xl, Space.xl, Space.xl, Space.xl)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setLayout(layout)

    def _fit(self) -> None:
        layout = self.layout()
        if layout is not None:
            tall = layout.totalHeightForWidth(self.width())
            self.setFixedHeight(tall if tall > 0 else layout.totalSizeHint().height())

    @override
    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return done

    @override
    def showEvent(self, event: QShowEvent) -> None:
        self._fit()
        super().showEvent(event)


class Ask(Sheet):
    """A question with one safe answer and one to three others."""

    def __init__(
        self,
        parent: QWidget | None,
        title: Words,
        detail: Words,
        safe: Answer,
        others: Sequence[Answer],
    ) -> None:
        super().__init__(parent, say(title), 520 if len(others) > 1 else 440)
        self.answer = safe.name
        self._safe = safe.name
        buttons = [self._button(each) for each in (safe, *others)]
        default = buttons[0] if others[-1].kind == "danger" else buttons[-1]
        default.setDefault(True)
        default.setFocus()
        self.hold(
            column(
                Text(title, "section", wrap=True),
                Text(detail, "body", "text2", wrap=True),
                Space.s,
                row(None, *buttons),
                gap=Space.s,
            )
        )

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
