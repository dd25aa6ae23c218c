"""The local server's process, for as long as the window wants it. Knows no widget."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from finetune_studio.errors import StudioError
from finetune_studio.gui.child import Child

KEY = "FINETUNE_STUDIO_SERVE_KEY"
"""How the server is told its key: no list of processes shows the environment."""


class Serving(QObject):
    """One server at a time, on this machine alone. It dies with the window.

    Attributes:
        moved: It began, became ready, or ended.
        failed: A StudioError: it did not come up, or went down by itself.
    """

    moved = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.url, self.model, self.task, self.key = "", "", "", ""
        self._child = Child(self)
        self._child.said.connect(self._hear)
        self._child.ended.connect(self._end)

    @property
    def busy(self) -> bool:
        """Whether it is up, or on its way."""
        return self._child.alive

    @property
    def ready(self) -> bool:
        """Whether it answers."""
        return self.busy and bool(self.url)

    def start(self, path: Path, port: int, key: str) -> None:
        """Serve a run or an export, unless something is being served.

        Args:
            path: What.
            port: Where; 0 takes a free one.
            key: What clients must send; empty for nothing.
        """
        if self.busy:
            return
        self.url, self.model, self.key = "", "", key
        more = {"PYTHONWARNINGS": "ignore"} | ({KEY: key} if key else {})
        asked = [str(path), "--port", str(port), "--quiet", "--follow-input", "--json"]
        try:
            self._child.start("serve", *asked, more=more)
        except StudioError as error:
            self.failed.emit(error)
        self.moved.emit()

    def stop(self) -> None:
        """End it, and free its memory."""
        self._child.stop()

    def close(self) -> None:
        """End it now."""
        self._child.close()
        self.url = ""

    def _hear(self, document: dict[str, Any]) -> None:
        if document.get("ready"):
            self.url, self.model = str(document["url"]), str(document["model"])
            self.task = str(document["task"])
            self.moved.emit()

    def _end(self, error: StudioError | None) -> None:
        self.url = ""
        self.moved.emit()
        if error is not None:
            self.failed.emit(error)
