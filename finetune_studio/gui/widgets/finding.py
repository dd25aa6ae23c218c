"""A finding: what is so, what follows, and one press that mends it."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QBoxLayout, QWidget
from typing_extensions import override

from finetune_studio.gui.language import Words, say, shaped
from finetune_studio.gui.setting_names import in_words
from finetune_studio.gui.theme import theme
from finetune_studio.gui.tokens import Radius, Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import PRESS_KEYS
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import box, clear, column, row
from finetune_studio.gui.widgets.text import Text

LEVELS = {
    "error": ("bad", "octagon-alert"),
    "warning": ("warn", "triangle-alert"),
    "advice": ("accent", "lightbulb"),
    "good": ("ok", "circle-check"),
}

LONG = 24  # letters of a button; a longer one stands under the words, or it would squeeze them


class FindingBox(QWidget):
    """A finding on a soft ground, or bare in the panel, where pressing it leads to its step."""

    fix_pressed = Signal()
    pressed = Signal()

    def __init__(
        self,
        level: str,
        title: Words,
        detail: Words = "",
        fix: Words = "",
        *,
        filled: bool = True,
        leads: bool = False,
        upright: bool = False,
    ) -> None:
        """Make one.

        Args:
            level: `error`, `warning`, `advice` or `good`.
            title: What is so.
            detail: What follows.
            fix: What the button says that mends it; none where it is empty.
            filled: Whether it stands on a soft ground.
            leads: Whether pressing it leads to its step.
            upright: Whether the button stands under the words, where there is little width.
        """
        super().__init__()
        tone, glyph = LEVELS[level]
        self._tone, self._filled, self._said = tone, filled, (title, detail)
        self._leads = leads
        if leads:
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._lay(glyph, fix, upright=upright)
        self._name()

    def _lay(self, glyph: str, fix: Words, *, upright: bool) -> None:
        title, detail = self._said
        words = column(Text(title, "strong", wrap=True), gap=Space.hair, pad=(0, 1, 0, 0))
        if detail:
            words.addWidget(Text(detail, "caption", "text2", wrap=True))
        sign = column(Glyph(glyph, self._tone), None, pad=(0, 2, 0, 0))
        line = row(sign, box(words), gap=10)
        line.setStretch(1, 1)
        if self._leads:
            onward = column(Glyph("chevron-right", "text3", 14), None, pad=(0, 4, 0, 0))
            line.addLayout(onward)
        if fix:
            button = Button(fix)
            button.clicked.connect(self.fix_pressed)
            if upright or len(say(fix)) > LONG:
                words.addSpacing(Space.xs)
                words.addLayout(row(button, None))
            else:
                line.addWidget(button, alignment=Qt.AlignmentFlag.AlignVCenter)
        if self._filled:
            line.setContentsMargins(Space.m, 10, Space.m, 10)
        self.setLayout(line)

    def refresh(self) -> None:
        """Say the same words as they are now."""
        for each in self.findChildren(Text):
            each.refresh()
        self._name()

    def _name(self) -> None:
        said = " ".join(say(words) for words in self._said)
        self.setAccessibleName(in_words(shaped(said.strip())))

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._name()
        super().changeEvent(event)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        inside = self.rect().contains(event.position().toPoint())
        if self._leads and inside and event.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._leads and event.key() in PRESS_KEYS:
            self.pressed.emit()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._leads and self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), 2))
            rect = QRectF(self.rect()).adjusted(1, 1, -1, -1)
            painter.drawRoundedRect(rect, Radius.control, Radius.control)
        if not self._filled:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(f"{self._tone}_soft"))
        painter.drawRoundedRect(QRectF(self.rect()), Radius.control + 2, Radius.control + 2)


def tell(
    place: QBoxLayout,
    level: str,
    title: Words,
    detail: Words = "",
    fix: Words = "",
    mend: Callable[[], None] | None = None,
) -> None:
    """Say one thing in a place of a page, instead of what was said there before.

    Args:
        place: Where.
        level: `error`, `warning`, `advice` or `good`.
        title: What is so.
        detail: What follows.
        fix: What the button says that mends it.
        mend: What the button does.
    """
    clear(place)
    made = FindingBox(level, title, detail, fix)
    if mend:
        made.fix_pressed.connect(mend, Qt.ConnectionType.QueuedConnection)
    place.addWidget(made)
