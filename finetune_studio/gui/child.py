"""A program of the engine as a child of the window: JSON lines in and out. Knows no program."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from finetune_studio.errors import StudioError
from finetune_studio.gui.retelling import as_error
from finetune_studio.i18n import mark, told
from finetune_studio.runs.process import engine_command, engine_environment

GRACE = 3000  # milliseconds between the request to end and the end
KEPT = 4000  # characters of what it said on stderr


class Child(QObject):
    """One running program; it goes when it is stopped, and is never left behind.

    Attributes:
        said: A JSON document that it printed.
        ended: It has ended: None where all is well, else a StudioError.
    """

    said = Signal(object)
    ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process = QProcess(self)
        self._process.readyReadStandardOutput.connect(self._hear)
        self._process.readyReadStandardError.connect(self._keep)
        self._process.finished.connect(self._end)
        self._process.errorOccurred.connect(self._fail)
        self._rest, self._words = b"", b""
        self._error: StudioError | None = None
        self._stopped = False
        self._killer = QTimer(self, singleShot=True, interval=GRACE)
        self._killer.timeout.connect(self._process.kill)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.state() != QProcess.ProcessState.NotRunning

    def start(
        self,
        name: str,
        *arguments: str,
        recipe: Path | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        """Start a program of the engine, such as "chat".

        Args:
            name: The program.
            arguments: Its command line.
            recipe: The file of the recipe that it trains, where it trains one.
            more: Environment variables to add.

        Raises:
            StudioError: Training is not set up.
        """
        command = engine_command(name, *arguments, recipe=recipe)
        environment = QProcessEnvironment()
        for key, value in (engine_environment() | dict(more or {})).items():
            environment.insert(key, value)
        self._process.setProcessEnvironment(environment)
        self._rest = self._words = b""
        self._error, self._stopped = None, False
        self._process.start(command[0], command[1:])

    def tell(self, document: dict[str, Any]) -> None:
        """Send it a JSON line."""
        self._process.write(json.dumps(document, ensure_ascii=False).encode() + b"\n")

    def stop(self) -> None:
        """Ask it to end; force it where it does not."""
        if self.alive:
            self._stopped = True
            self._process.terminate()
            self._killer.start()

    def close(self) -> None:
        """End it now, and wait until it has ended."""
        if self.alive:
            self._stopped = True
            self._process.blockSignals(True)
            self._process.terminate()
            if not self._process.waitForFinished(GRACE):
                self._process.kill()
                self._process.waitForFinished(GRACE)
            self._process.blockSignals(False)
        self._killer.stop()

    def _hear(self) -> None:
        *lines, self._rest = (self._rest + self._process.readAllStandardOutput().data()).split(
            b"\n"
        )
        for line in lines:
            try:
                document = json.loads(line)
            except ValueError:
                continue  # a library's own words
            if isinstance(document, dict):
                self._take(document)

    def _take(self, document: dict[str, Any]) -> None:
        if set(document) == {"error"} and isinstance(document["error"], dict):
            self._error = as_error(document["error"])
        self.said.emit(document)

    def _keep(self) -> None:
        self._words = (self._words + self._process.readAllStandardError().data())[-KEPT:]

    def _end(self, code: int) -> None:
        self._killer.stop()
        self._hear()
        if self._stopped or code == 0:
            self.ended.emit(None)
        else:
            self.ended.emit(self._error or self._unsaid())

    def _fail(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._words = self._process.errorString().encode()
            self.ended.emit(self._unsaid())

    def _unsaid(self) -> StudioError:
        lines = self._words.decode("utf-8", "replace").strip().splitlines()
        return StudioError(
            told(mark("The engine ended without an answer.")),
            lines[-1] if lines else "",
            told(mark("Close other programs that use much memory, and try again.")),
        )
