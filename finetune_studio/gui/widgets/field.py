"""What every field shares: the frame that it paints, and that the wheel never changes a value."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from finetune_studio.gui.theme import theme
from finetune_studio.gui.tokens import Radius


def paint_frame(field: QWidget) -> None:
    """Draw the field's ground and border: 2 pixels of accent with the focus."""
    painter = QPainter(field)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    focus = field.hasFocus()
    painter.setPen(QPen(theme.colour("accent" if focus else "edge"), 2 if focus else 1))
    painter.setBrush(theme.colour("raised" if field.isEnabled() else "sunken"))
    inset = 1 if focus else 0.5
    rect = QRectF(field.rect()).adjusted(inset, inset, -inset, -inset)
    painter.drawRoundedRect(rect, Radius.control, Radius.control)
