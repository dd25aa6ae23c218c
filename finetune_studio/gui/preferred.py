"""The preferences in use, written whenever they change. Knows no page."""

import threading
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from finetune_studio import preferences
from finetune_studio.preferences import Preferences

if TYPE_CHECKING:
    from finetune_studio.gui.jobs import Jobs

JOB = "preferences"


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
        self.value = self._written = value
        self._jobs: Jobs | None = None
        self._alone = threading.Lock()

    def write_in(self, jobs: "Jobs") -> None:
        """Write in the threads of these jobs: a disk can take long, and a window must not wait.

        As they end, what they had not come to is written at once.
        """
        self._jobs = jobs
        jobs.closed.connect(self._write_last)

    def change(self, **values: Any) -> None:
        """Change some, and remember them."""
        self.become(self.value.changed(**values))

    def become(self, value: Preferences) -> None:
        """Take other preferences, and remember them."""
        if value == self.value:
            return
        self.value = value
        if self._jobs is None:
            self._tell(self._write())
        else:
            self._jobs.run(JOB, self._write, self._tell, self.failed.emit)
        self.changed.emit()

    def _write(self) -> OSError | None:
        """Write them as they are when it is their turn: an older job never undoes a newer one."""
        with self._alone:
            value = self.value
            try:
                preferences.save(value)
            except OSError as error:
                return error
            self._written = value
        return None

    def _write_last(self) -> None:
        self._jobs = None
        if self._written is not self.value:
            self._tell(self._write())

    def _tell(self, error: OSError | None) -> None:
        if error is not None:
            self.failed.emit(error)
