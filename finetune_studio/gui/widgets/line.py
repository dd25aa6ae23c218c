"""Text in fields: one line, or one entry a line. What is typed counts when the field is left."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QSizePolicy
from typing_extensions import override

from finetune_studio.gui.language import Words, say
from finetune_studio.gui.theme import font


class Line(QLineEdit):
    """One line of text."""

    edited = Signal(object)

    def __init__(self, placeholder: Words = "") -> None:
        super().__init__()
        self._placeholder = placeholder
        self.setFont(font("body"))
        self.setPlaceholderText(say(placeholder))
        self.setMinimumWidth(150)
        self.editingFinished.connect(self._tell)
        self._shown = ""

    def show_value(self, value: object) -> None:
        """Show a value without telling anybody."""
        self._shown = str(value)
        if self.text() != self._shown:
            self.setText(self._shown)

    def _tell(self) -> None:
        if self.text() != self._shown:
            self._shown = self.text()
            self.edited.emit(self._value())

    def _value(self) -> object:
        return self.text()

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.setPlaceholderText(say(self._placeholder))
        super().changeEvent(event)


class Names(Line):
    """Several names on one line, between commas."""

    def show_value(self, value: object) -> None:
        """Show a tuple of names without telling anybody."""
        assert isinstance(value, tuple | list)
        super().show_value(", ".join(str(each) for each in value))

    @override
    def _value(self) -> object:
        return [each.strip() for each in self.text().split(",") if each.strip()]


class Lines(QPlainTextEdit):
    """Several texts, one a line."""

    edited = Signal(object)
    ROWS = 4

    def __init__(self, placeholder: Words = "") -> None:
        super().__init__()
        self._placeholder = placeholder
        self.setFont(font("body"))
        self.setPlaceholderText(say(placeholder))
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(self.ROWS * 20 + 18)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)

    def show_value(self, value: object) -> None:
        """Show a tuple of texts without telling anybody."""
        assert isinstance(value, tuple | list)
        text = "\n".join(str(each) for each in value)
        if text != self.toPlainText():
            self.setPlainText(text)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        lines = (line.strip() for line in self.toPlainText().split("\n"))
        self.edited.emit([line for line in lines if line])

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.setPlaceholderText(say(self._placeholder))
        super().changeEvent(event)
