"""What dims a window while a dialog stands over it. Knows no dialog."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from finetune_studio.gui.theme import theme

LIGHT, DARK = 0.28, 0.5  # how much of the window it takes away


class Veil(QWidget):
    """Covers its window whole, and follows its size."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        window.installEventFilter(self)
        self.setGeometry(window.rect())
        self.raise_()
        self.show()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return False

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colour = QPainter(self), QColor(0, 0, 0)
        colour.setAlphaF(DARK if theme.dark else LIGHT)
        painter.fillRect(self.rect(), colour)
        painter.end()
