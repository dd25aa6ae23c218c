"""The local server's process, for as long as the window wants it. Knows no widget."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from typing_extensions import override

from finetune_studio.errors import StudioError
from finetune_studio.export.server.served import KEY
from finetune_studio.gui.driven import Driven


class Serving(Driven):
    """One server at a time, on this machine alone. It dies with the window.

    It fails, too, where it goes down by itself.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.url, self.model, self.task, self.key = "", "", "", ""

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
        self.launch("serve", *asked, more=more)

    @override
    def close(self) -> None:
        super().close()
        self.url = ""

    @override
    def hear(self, document: dict[str, Any]) -> None:
        if document.get("ready"):
            self.url, self.model = str(document["url"]), str(document["model"])
            self.task = str(document["task"])
            self.waiting.stop()
            self.moved.emit()

    @override
    def _end(self, error: StudioError | None) -> None:
        self.url = ""
        super()._end(error)
