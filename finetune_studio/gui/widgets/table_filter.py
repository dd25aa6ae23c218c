"""What narrows a table down: a field to search with, and round chips that are on or off."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy
from typing_extensions import override

from finetune_studio.gui.icons import paint_icon
from finetune_studio.gui.language import Words, say
from finetune_studio.gui.theme import font, theme
from finetune_studio.gui.widgets.line import Line

HEIGHT = 28
CHECK = 15  # pixels that the check takes


class SearchLine(Line):
    """A field with a glass; Escape empties it."""

    def __init__(self, placeholder: Words) -> None:
        super().__init__(placeholder)
        self.setTextMargins(20, 0, 0, 0)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        glass = QRectF(9, self.height() / 2 - 8, 16, 16)
        paint_icon(QPainter(self), "search", glass, "text3")


class FilterChip(QAbstractButton):
    """A chip that lets only some rows through while it is on."""

    edited = Signal(object)

    def __init__(self, words: Words) -> None:
        super().__init__()
        self._words = words
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setText(say(words))
        self.toggled.connect(lambda _: self.updateGeometry())
        self.clicked.connect(lambda: self.edited.emit(self.isChecked()))

    @override
    def sizeHint(self) -> QSize:
        words = QFontMetricsF(font("label")).horizontalAdvance(self.text())
        return QSize(round(words) + 22 + (CHECK if self.isChecked() else 0), HEIGHT)

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.setText(say(self._words))
            self.updateGeometry()
        super().changeEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on, focus = self.isChecked(), self.hasFocus()
        line = "accent" if on or focus else "edge"
        fill = "accent_soft" if on else "hover" if self.underMouse() else "surface"
        painter.setPen(QPen(theme.colour(line), 2 if focus else 1))
        painter.setBrush(theme.colour(fill))
        radius = self.height() / 2 - 1
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), radius, radius)
        ink, words = "accent" if on else "text2", QRectF(self.rect())
        if on:
            paint_icon(painter, "check", QRectF(9, self.height() / 2 - 6.5, 13, 13), ink)
            words.adjust(CHECK, 0, 0, 0)
        painter.setPen(theme.colour(ink))
        painter.setFont(font("label"))
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, self.text())
