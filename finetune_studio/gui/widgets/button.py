"""Buttons. One primary on a page; its verb says what will happen."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QPushButton
from typing_extensions import override

from finetune_studio.gui.icons import icon
from finetune_studio.gui.language import Words, say, shaped
from finetune_studio.gui.theme import font
from finetune_studio.gui.tokens import Size

TINTS = {"primary": "on_accent", "link": "accent", "danger": "bad"}


class Button(QPushButton):
    """A button of one kind: plain, primary, quiet, link or danger.

    With `name` and no words it shows its icon alone; the name is its tooltip and what is read out.
    """

    def __init__(
        self, words: Words = "", kind: str = "plain", glyph: str = "", *, name: Words = ""
    ) -> None:
        super().__init__()
        self._words, self._name, self._glyph = words, name, glyph
        self.setProperty("kind", kind)
        self.setFont(font("strong" if kind == "primary" else "body"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # the ring is for the keyboard alone
        self._tint = TINTS.get(kind, "text2")
        self.show_glyph(glyph)

    def say(self, words: Words, *, name: Words = "") -> None:
        """Put other words on it."""
        self._words, self._name = words, name
        self._show()

    def show_glyph(self, glyph: str) -> None:
        """Show another icon."""
        self._glyph = glyph
        self.setIcon(icon(glyph, self._tint) if glyph else QIcon())
        self.setIconSize(QSize(Size.icon, Size.icon))
        self._show()

    def _show(self) -> None:
        text, name = shaped(say(self._words)), shaped(say(self._name))
        self.setText(f" {text}" if self._glyph and text else text)
        self.setAccessibleName(name or text)
        self.setToolTip(name)
        alone = bool(name) and not text
        self.setMinimumWidth(Size.control if alone else 0)
        self.setMaximumWidth(Size.control if alone else 16_777_215)

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._show()
        super().changeEvent(event)
