"""A card with a hairline; one that can be pressed is a button."""

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLayout
from typing_extensions import override

from finetune_studio.gui.language import Words, say
from finetune_studio.gui.theme import theme
from finetune_studio.gui.tokens import Radius, Space
from finetune_studio.gui.turns import Part

PRESS_KEYS = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Card(Part):
    """A hairline card around a layout."""

    def __init__(
        self, layout: QLayout | None = None, *, fill: str = "surface", name: Words = ""
    ) -> None:
        super().__init__()
        self._fill, self._called = fill, name
        self.setAccessibleName(say(name))
        if layout is not None:
            self.hold(layout)

    def hold(self, layout: QLayout) -> None:
        """Put a layout in the card, with the usual margins where it has none."""
        if layout.contentsMargins().isNull():
            layout.setContentsMargins(Space.l, Space.l, Space.l, Space.l)
        self.setLayout(layout)

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.setAccessibleName(say(self._called))
        super().changeEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, "line", 1, self._fill)

    def _paint_ground(self, painter: QPainter, line: str, width: float, fill: str) -> None:
        painter.setPen(QPen(theme.colour(line), width))
        painter.setBrush(theme.colour(fill))
        half = width / 2
        rect = QRectF(self.rect()).adjusted(half, half, -half, -half)
        painter.drawRoundedRect(rect, Radius.card, Radius.card)


class PressCard(Card):
    """A card that is a button: hover, focus ring, Space and Enter; it can be the chosen one."""

    pressed = Signal()

    def __init__(
        self,
        layout: QLayout,
        *,
        name: Words = "",
        bare: bool = False,
        chosen: str = "",
    ) -> None:
        """Make a card.

        Args:
            layout: What is on it.
            name: What it is called when read out.
            bare: Without a line, for rows inside another card.
            chosen: The ground of the chosen one, in place of a thick line around it.
        """
        super().__init__(layout, name=name)
        self.selected, self._bare, self._chosen_fill = False, bare, chosen
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def select(self, selected: bool) -> None:
        """Show it as the chosen one, or not."""
        self.selected = selected
        self.update()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        left = event.button() == Qt.MouseButton.LeftButton
        if left and self.rect().contains(event.position().toPoint()):
            self.pressed.emit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in PRESS_KEYS:
            self.pressed.emit()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hovered = self.underMouse() and not self.selected
        fill = "hover" if hovered else self._fill
        if self.selected and self._chosen_fill:
            fill = self._chosen_fill
        ringed = self.selected and not self._chosen_fill
        line, width = ("accent", 2.0) if ringed else (fill if self._bare else "line", 1.0)
        self._paint_ground(painter, line, width, fill)
        if self.hasFocus():  # a second, inner line: focus must not look like choice
            painter.setPen(QPen(theme.colour("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            rect = QRectF(self.rect()).adjusted(4.5, 4.5, -4.5, -4.5)
            painter.drawRoundedRect(rect, Radius.card - 4, Radius.card - 4)
