"""Words on the page: one class, a role of type and a tone."""

from html import escape

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy
from typing_extensions import override

from finetune_studio.gui.language import Words, say, shaped
from finetune_studio.gui.setting_names import in_words
from finetune_studio.gui.theme import font
from finetune_studio.gui.tokens import TYPE

LETTERS = (QEvent.Type.FontChange, QEvent.Type.StyleChange)
"""Changes after which the same words may be of another height."""
LEAST = 8  # letters of a line that is cut
OWN_LINE = 1.19  # em; Pretendard's own leading, which is too tight for Hangul


class Text(QLabel):
    """A label whose wrapped lines keep the leading of their role."""

    def __init__(
        self,
        words: Words,
        role: str = "body",
        tone: str = "text",
        *,
        wrap: bool = False,
        exact: bool = False,
    ) -> None:
        """Make one.

        Args:
            words: What is said.
            role: Of type.
            tone: Of the theme.
            wrap: Whether it may take several lines.
            exact: Whether it is somebody's own text, of which not a letter is changed.
        """
        super().__init__()
        self._words, self._wrap, self._exact = words, wrap, exact
        self._explained: Words = ""
        self._heights: dict[tuple[int, int], int] = {}
        self._leading = round(TYPE[role].line / OWN_LINE * 100)
        self.setFont(font(role))
        self.setProperty("tone", tone)
        self.setWordWrap(wrap)
        self.setTextFormat(Qt.TextFormat.RichText if wrap else Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        if wrap:
            policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
        self._show()

    @property
    def plain(self) -> str:
        """What is said, without markup."""
        text = say(self._words)
        return text if self._exact else in_words(shaped(text))

    def say(self, words: Words) -> None:
        """Say something else."""
        self._words = words
        self._show()

    def explain(self, words: Words) -> "Text":
        """Say what it means to whoever rests the mouse on it; returns itself."""
        self._explained = words
        self._show()
        return self

    def refresh(self) -> None:
        """Say the same words as they are now."""
        self._show()

    def set_tone(self, tone: str) -> None:
        """Say it in another tone of the theme."""
        if self.property("tone") != tone:
            self.setProperty("tone", tone)
            self.style().unpolish(self)
            self.style().polish(self)

    @override
    def heightForWidth(self, width: int) -> int:
        # Qt asks for the width that there is, also where the words may not be as wide. It asks
        # often, and lays rich text out for every answer.
        asked = min(width, self.maximumWidth()), self.logicalDpiY()
        if asked not in self._heights:
            self._heights[asked] = super().heightForWidth(asked[0])
        return self._heights[asked]

    def _show(self) -> None:
        text = self.plain
        self.setAccessibleName(text)
        if explained := say(self._explained):
            self.setToolTip(explained)
            self.setAccessibleDescription(explained)
        if self._wrap:
            body = escape(text).replace("\n", "<br>")
            text = f'<p style="line-height:{self._leading}%; margin:0">{body}</p>' if body else ""
        if text != self.text():
            self._heights.clear()
            self.setText(text)

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._show()
        elif event.type() in LETTERS:
            self._heights.clear()
        super().changeEvent(event)


class OneLine(Text):
    """A line that is cut with an ellipsis where it has less room than it would take."""

    @override
    def minimumSizeHint(self) -> QSize:
        letters = self.fontMetrics().averageCharWidth() * LEAST
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), letters), hint.height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        text = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.contentsRect().width()
        )
        painter = QPainter(self)
        self.style().drawItemText(
            painter,
            self.contentsRect(),
            int(self.alignment()),
            self.palette(),
            self.isEnabled(),
            text,
            self.foregroundRole(),
        )
        painter.end()
