"""The preferences in use, written whenever they change. Knows no page."""

from typing import Any

from PySide6.QtCore import QObject, Signal

from finetune_studio import preferences
from finetune_studio.preferences import Preferences


class Preferred(QObject):
    """The preferences in use, written whenever they change.

    Attributes:
        changed: They are different now.
        failed: An OSError: they could not be written; they count until the program ends.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, value: Preferences) -> None:
        super().__init__()
        self.value = value

    def change(self, **values: Any) -> None:
        """Change some, and remember them."""
        self.become(self.value.changed(**values))

    def become(self, value: Preferences) -> None:
        """Take other preferences, and remember them."""
        if value == self.value:
            return
        self.value = value
        try:
            preferences.save(value)
        except OSError as error:
            self.failed.emit(error)
        self.changed.emit()
