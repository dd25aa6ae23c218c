"""What drives one program of the engine at a time: started, heard, ended. Knows no program."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from finetune_studio.errors import StudioError
from finetune_studio.gui.child import Child
from finetune_studio.gui.waiting import Waiting


class Driven(QObject):
    """The base of those that measure, upload and serve.

    Attributes:
        moved: It came further, began or ended.
        failed: A StudioError: it did not begin, or did not end well.
        waiting: How long it has been going on.
    """

    moved = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.waiting = Waiting(self)
        self.waiting.ticked.connect(self.moved)
        self._child = Child(self)
        self._child.said.connect(self.hear)
        self._child.ended.connect(self._end)

    @property
    def busy(self) -> bool:
        """Whether it runs."""
        return self._child.alive

    def launch(self, name: str, *arguments: str, more: Mapping[str, str] | None = None) -> None:
        """Start a program of the engine; why it did not start is told by `failed`.

        Args:
            name: The program.
            arguments: Its command line.
            more: Environment variables to add.
        """
        try:
            self._child.start(name, *arguments, more=more)
        except StudioError as error:
            self.failed.emit(error)
        else:
            self.waiting.start()
        self.moved.emit()

    def stop(self) -> None:
        """Give it up; nothing half made is left."""
        self._child.stop()

    def close(self) -> None:
        """End it now."""
        self._child.close()
        self.waiting.stop()

    def hear(self, document: dict[str, Any]) -> None:
        """Take what the program prints."""

    def finish(self) -> None:
        """Tell what came of it, once it has ended well."""

    def _end(self, error: StudioError | None) -> None:
        self.waiting.stop()
        self.moved.emit()
        if error is not None:
            self.failed.emit(error)
        else:
            self.finish()
