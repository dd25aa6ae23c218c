"""Uploads a run or an export to the Hub through the engine's process. Knows no widget."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from typing_extensions import override

from finetune_studio.export.repository import Order
from finetune_studio.export.transport import upload_variables
from finetune_studio.gui import language
from finetune_studio.gui.driven import Driven


@dataclass(frozen=True)
class Sent:
    """How far an upload is.

    Attributes:
        phase: What is being done, in English; `i18n.tr` says it in the language in use.
        file: The file that is being sent.
        done: Bytes sent.
        total: Bytes in all.
        speed: Bytes a second.
        seconds_left: How long it will take; None where that is not known.
        waits: Seconds that the Hub asked to wait; 0 where it did not.
    """

    phase: str = ""
    file: str = ""
    done: int = 0
    total: int = 0
    speed: float = 0.0
    seconds_left: float | None = None
    waits: float = 0.0


class Uploading(Driven):
    """One upload at a time; given up, it leaves nothing half made on the Hub.

    Attributes:
        done: What came of it: `{"repo", "url", "commit", "files"}`.
        given_up: Whether the last one was cancelled before its end.
        left_behind: Files of another model that lie there from before, and stay.
    """

    done = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.sent = Sent()
        self.left_behind: list[str] = []
        self.given_up = False
        self._outcome: dict[str, Any] | None = None

    def start(self, path: Path, order: Order, run: Path, *, compatible: bool) -> None:
        """Upload, unless something is being uploaded.

        Args:
            path: A run or an export.
            order: Where to.
            run: The run behind it.
            compatible: Whether to go without Xet, over plain HTTPS.
        """
        if self.busy:
            return
        self.sent, self.left_behind, self._outcome = Sent(), [], None
        self.given_up = False
        asked = [str(path), "--repo", order.repo, "--json", "--language", language.current()]
        asked += ["--public"] if order.public else []
        asked += ["--branch", order.branch] if order.branch else []
        asked += ["--pull-request"] if order.pull_request else []
        asked += ["--run", str(run)] if path != run else []
        self.launch("push", *asked, more=upload_variables(compatible))

    @override
    def hear(self, document: dict[str, Any]) -> None:
        if "progress" in document:
            self.sent = _sent(self.sent.phase, document["progress"])
        elif "phase" in document:
            self.sent = Sent(str(document["phase"]))
        elif "waits" in document:
            self.sent = Sent(self.sent.phase, waits=float(document["waits"]))
        elif document.get("notice") == "left-behind":
            self.left_behind.append(str(document["file"]))
        elif "commit" in document:
            self._outcome = document
        self.moved.emit()

    @override
    def stop(self) -> None:
        self.given_up = self.busy
        super().stop()

    @override
    def finish(self) -> None:
        if self._outcome is not None:
            self.given_up = False  # it was there already
            self.done.emit(self._outcome)
        else:
            self.moved.emit()


def _sent(phase: str, told: Mapping[str, Any]) -> Sent:
    left = told.get("seconds_left")
    return Sent(
        phase,
        str(told.get("file", "")),
        int(told.get("done", 0)),
        int(told.get("total", 0)),
        float(told.get("speed") or 0.0),
        None if left is None else float(left),
    )
