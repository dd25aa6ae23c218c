"""What the window says outside a form: the empty state, and the toast."""

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGraphicsDropShadowEffect, QWidget
from typing_extensions import override

from finetune_studio.gui.announcing import announce
from finetune_studio.gui.language import Words
from finetune_studio.gui.theme import theme
from finetune_studio.gui.tokens import Radius, Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import box, column, row
from finetune_studio.gui.widgets.text import Text

STAYS = 6000  # milliseconds


def empty_state(glyph: str, title: Words, detail: Words, *actions: Button) -> QWidget:
    """Says what will stand here and the first thing to do; never only "nothing here"."""
    centre = Qt.AlignmentFlag.AlignHCenter
    words = Text(detail, "body", "text2", wrap=True)
    words.setAlignment(centre)
    words.setFixedWidth(420)
    layout = column(None, gap=Space.s, pad=(0, Space.l, 0, Space.m))
    layout.addWidget(Glyph(glyph, "accent", 24, "accent_soft"), alignment=centre)
    layout.addSpacing(Space.s)
    layout.addWidget(Text(title, "section"), alignment=centre)
    # An aligned item would get the height of one line, not of its wrapped words.
    layout.addWidget(box(row(None, words, None)))
    layout.addSpacing(Space.s)
    layout.addWidget(box(row(*actions)), alignment=centre)
    layout.addStretch(1)
    return box(layout)


class Toast(QWidget):
    """One line at the bottom; it leaves after six seconds."""

    def __init__(self, parent: QWidget, glyph: str, tone: str, words: Words) -> None:
        super().__init__(parent)
        self._over = parent
        self._words = Text(words)
        self.setLayout(row(Glyph(glyph, tone), self._words, gap=10, pad=(14, 8, 16, 8)))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(24)
        shadow.setOffset(0, 6)
        shadow.setColor(theme.colour("shadow", 0.2))
        self.setGraphicsEffect(shadow)
        self._leaves = QTimer(self, singleShot=True, interval=STAYS)
        self._leaves.timeout.connect(self.close)

    def rise(self, above: int) -> None:
        """Show it in the middle of its parent, `above` pixels over the parent's foot."""
        self.adjustSize()
        room = self._over.rect()
        self.move((room.width() - self.width()) // 2, room.height() - self.height() - above)
        self.show()
        self.raise_()
        announce(self, self._words.plain)
        self._leaves.start()

    @override
    def enterEvent(self, event: QEnterEvent) -> None:
        self._leaves.start()  # whoever points at it still reads

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.setBrush(theme.colour("raised"))
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(rect, Radius.card, Radius.card)
