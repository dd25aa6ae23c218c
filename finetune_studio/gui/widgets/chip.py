"""Badges: they state a fact in a word, and repeat their tone by a glyph."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from finetune_studio.gui.icons import paint_icon
from finetune_studio.gui.language import Words, say
from finetune_studio.gui.theme import font, theme
from finetune_studio.gui.tokens import Radius

# tone: (words and icon, fill)
TONES = {
    "ok": ("ok", "ok_soft"),
    "warn": ("warn", "warn_soft"),
    "bad": ("bad", "bad_soft"),
    "learned": ("learned_text", "learned_soft"),
    "given": ("text2", "given_soft"),
    "accent": ("accent", "accent_soft"),
    "plain": ("text2", "sunken"),
}
GLYPHS = {"ok": "check", "warn": "triangle-alert", "bad": "x"}
HEIGHT = 22


def chip_width(text: str, glyph: str) -> float:
    """How wide a chip is, in pixels."""
    return QFontMetricsF(font("label")).horizontalAdvance(text) + 16 + (16 if glyph else 0)


def paint_chip(painter: QPainter, rect: QRectF, text: str, tone: str, glyph: str) -> None:
    """Draw a chip; badges and the delegates of tables share it."""
    ink, fill = TONES[tone]
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(fill))
    painter.drawRoundedRect(rect, Radius.chip, Radius.chip)
    left = rect.left() + 8
    if glyph:
        paint_icon(painter, glyph, QRectF(left - 2, rect.center().y() - 6, 12, 12), ink)
        left += 14
    painter.setPen(theme.colour(ink))
    painter.setFont(font("label"))
    words = QRectF(left, rect.top(), rect.right() - left, rect.height())
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
    painter.restore()


class Badge(QWidget):
    """States a fact; never pressed."""

    def __init__(self, words: Words, tone: str = "plain", glyph: str | None = None) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.say(words, tone, glyph)

    def say(self, words: Words, tone: str = "plain", glyph: str | None = None) -> None:
        """State something else."""
        self._words, self._tone = words, tone
        self._glyph = GLYPHS.get(tone, "") if glyph is None else glyph
        self.refresh()

    def refresh(self) -> None:
        """State the same as it is now."""
        self.setAccessibleName(say(self._words))
        self.updateGeometry()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(round(chip_width(say(self._words), self._glyph)), HEIGHT)

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.refresh()
        super().changeEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        paint_chip(QPainter(self), QRectF(self.rect()), say(self._words), self._tone, self._glyph)
