"""Choices: a list that opens, two to four in sight, and a switch."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QSizePolicy,
    QWidget,
)
from typing_extensions import override

from finetune_studio.gui.icons import paint_icon
from finetune_studio.gui.language import Words, say
from finetune_studio.gui.theme import font, theme
from finetune_studio.gui.tokens import Radius, Size
from finetune_studio.gui.widgets.field import paint_frame

Option = tuple[object, Words]  # the value, and how it is called


class Select(QComboBox):
    """A combo box painted from tokens; its list stays Qt's own, for keyboard and screen reader."""

    edited = Signal(object)

    def __init__(self, options: Sequence[Option]) -> None:
        super().__init__()
        self._options = list(options)
        self.addItems([say(words) for _, words in options])
        self.setFixedHeight(Size.control)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.activated.connect(lambda index: self.edited.emit(self._options[index][0]))

    def offer(self, options: Sequence[Option]) -> None:
        """Offer other values; the one that is shown stays where it is among them."""
        value = self.value()
        self._options = list(options)
        self.clear()
        self.addItems([say(words) for _, words in options])
        self.show_value(value)
        self.updateGeometry()

    def value(self) -> object:
        """The value that is shown; None where there is none."""
        index = self.currentIndex()
        return self._options[index][0] if 0 <= index < len(self._options) else None

    def show_value(self, value: object) -> None:
        """Show a value without telling anybody."""
        values = [each for each, _ in self._options]
        self.setCurrentIndex(values.index(value) if value in values else -1)

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            for index, (_, words) in enumerate(self._options):
                self.setItemText(index, say(words))
            self.updateGeometry()  # other words are of another width
        super().changeEvent(event)

    @override
    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(font("body"))
        sizes = (metrics.horizontalAdvance(say(words)) for _, words in self._options)
        widest = max(sizes, default=0)
        return QSize(widest + 46, Size.control)

    @override
    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint().boundedTo(self.sizeHint())  # Qt keeps that of other words

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        paint_frame(self)
        painter = QPainter(self)
        painter.setPen(theme.colour("text" if self.isEnabled() else "text3"))
        words = self.rect().adjusted(10, 0, -28, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.currentText())
        at = QRectF(self.width() - 24, self.height() / 2 - 7, 14, 14)
        paint_icon(painter, "chevron-down", at, "text2")


class Known(Select):
    """The values that are known; another one that a file brings along stands among them, too."""

    @override
    def show_value(self, value: object) -> None:
        if value not in [each for each, _ in self._options]:
            self._options.append((value, str(value)))
            self.addItem(str(value))
            self.updateGeometry()
        super().show_value(value)


class _Segment(QAbstractButton):
    def __init__(self) -> None:
        super().__init__()
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @override
    def sizeHint(self) -> QSize:
        words = QFontMetrics(font("strong")).horizontalAdvance(self.text())
        return QSize(words + 28, Size.control - 4)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        on = self.isChecked()
        if on:
            painter.setPen(QPen(theme.colour("edge", 0.6), 1))
            painter.setBrush(theme.colour("raised"))
            painter.drawRoundedRect(rect, Radius.control - 1, Radius.control - 1)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            inner = rect.adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(inner, Radius.control - 1, Radius.control - 1)
        painter.setFont(font("strong" if on else "body"))
        painter.setPen(theme.colour("text" if on else "text2"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())


class Segmented(QWidget):
    """Two to four choices, all in sight; arrow keys go from one to the next."""

    edited = Signal(object)

    def __init__(self, options: Sequence[Option]) -> None:
        super().__init__()
        self._options = list(options)
        self._group = QButtonGroup(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(2)
        for index in range(len(options)):
            segment = _Segment()
            self._group.addButton(segment, index)
            layout.addWidget(segment)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFocusProxy(self._group.button(0))
        self._group.idClicked.connect(lambda index: self.edited.emit(self._options[index][0]))
        self._say()

    def show_value(self, value: object) -> None:
        """Show a value without telling anybody."""
        for index, (each, _) in enumerate(self._options):
            if each == value:
                self._group.button(index).setChecked(True)
                self.setFocusProxy(self._group.button(index))

    def _say(self) -> None:
        for index, (_, words) in enumerate(self._options):
            self._group.button(index).setText(say(words))
            self._group.button(index).updateGeometry()

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
        super().changeEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        step = steps.get(Qt.Key(event.key()), 0)
        index = self._group.checkedId() + step
        if step and 0 <= index < len(self._options):
            self._group.button(index).setFocus(Qt.FocusReason.TabFocusReason)
            self._group.button(index).click()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("hover"))
        painter.drawRoundedRect(QRectF(self.rect()), Radius.control + 1, Radius.control + 1)


class _Toggle(QAbstractButton):
    """What is on or off; those that are one say how it looks."""

    WIDTH = 22
    edited = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedSize(self.WIDTH, 22)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(lambda: self.edited.emit(self.isChecked()))

    def show_value(self, value: object) -> None:
        """Show a value without telling anybody."""
        self.setChecked(bool(value))


class Tick(_Toggle):
    """One of several that are picked out; nothing happens yet by picking."""

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        square, on, focus = QRectF(3, 3, 16, 16), self.isChecked(), self.hasFocus()
        line = "text" if on and focus else "accent" if on or focus else "edge"
        painter.setPen(QPen(theme.colour(line), 2 if focus else 1))
        painter.setBrush(theme.colour("accent" if on else "raised"))
        painter.drawRoundedRect(square, Radius.chip, Radius.chip)
        if on:
            paint_icon(painter, "check", square.adjusted(2, 2, -2, -2), "on_accent")


class Switch(_Toggle):
    """On or off, at once. The knob's place says it; colour only repeats it."""

    WIDTH = 36

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track, on, focus = QRectF(1, 2, 34, 18), self.isChecked(), self.hasFocus()
        line = "text" if on and focus else "accent" if on or focus else "edge"
        painter.setPen(QPen(theme.colour(line), 2 if focus else 1))
        painter.setBrush(theme.colour("accent" if on else "raised"))
        painter.drawRoundedRect(track, 9, 9)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("on_accent" if on else "edge"))
        painter.drawEllipse(QPointF(track.right() - 9 if on else track.left() + 9, 11), 5.5, 5.5)
