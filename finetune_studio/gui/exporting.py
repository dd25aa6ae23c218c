"""Writes one export through the engine, then lets it be verified. Knows no widget."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from finetune_studio.errors import StudioError
from finetune_studio.export.facts import read_json
from finetune_studio.export.verdict import REPORT
from finetune_studio.gui.child import Child
from finetune_studio.gui.evaluating import Progress
from finetune_studio.gui.waiting import Waiting
from finetune_studio.runs.folder import RunFolder


class Exporting(QObject):
    """One export at a time: written, loaded again, compared.

    Attributes:
        moved: The progress, or what is being done, has changed.
        written: The export's report: its folder is there.
        judged: The verdict over it.
        failed: A StudioError: it was not written, or could not be compared.
    """

    moved = Signal()
    written = Signal(object)
    judged = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.progress = Progress()
        self.waiting = Waiting(self)
        self.waiting.ticked.connect(self.moved)
        self.report: dict[str, Any] | None = None
        self.verdict: dict[str, Any] | None = None
        self._run: RunFolder | None = None
        self._writing, self._judging = Child(self), Child(self)
        self._writing.said.connect(self._hear)
        self._writing.ended.connect(self._end)
        self._judging.said.connect(self._hear)
        self._judging.ended.connect(self._judge)

    @property
    def busy(self) -> bool:
        """Whether it is written or compared now."""
        return self._writing.alive or self._judging.alive

    @property
    def writing(self) -> bool:
        """Whether it is written now; what is compared is there already."""
        return self._writing.alive

    def start(
        self, run: RunFolder, form: str, out: Path, quant: str = "", *, with_base: bool = False
    ) -> None:
        """Write a run's result in a format into a new folder, and verify it.

        Args:
            run: The run.
            form: The format as the engine calls it.
            out: The new folder.
            quant: The quantisation of a GGUF file.
            with_base: Whether a GGUF adapter gets its base model beside it.
        """
        if self.busy:
            return
        self._run, self.report, self.verdict = run, None, None
        self.progress = Progress()
        quants = ["--quant", quant] if quant else []
        more = [*quants, *(["--with-base"] if with_base else [])]
        self._launch(self._writing, "export", str(run.path), form, str(out), *more)

    def recall(self, run: RunFolder, export: Path | None) -> None:
        """Take what was written before, and its verdict, for what was written last.

        Args:
            run: The run.
            export: The folder; None where there is none.
        """
        self._run = run
        self.report = self.verdict = None
        if export is None:
            return
        files = [each for each in sorted(export.iterdir()) if each.is_file()]
        sizes = [{"name": each.name, "bytes": each.stat().st_size} for each in files]
        self.report = {"path": str(export), "files": sizes}
        self.verdict = read_json(export / REPORT) or None

    def verify(self) -> None:
        """Compare what was written last with the run once more."""
        if self.report is not None and self._run is not None and not self.busy:
            self.verdict = None
            self.progress = Progress()
            place = str(self.report["path"])
            self._launch(self._judging, "verify", place, "--run", str(self._run.path))

    def stop(self) -> None:
        """Give up what is done now; a half-written folder goes."""
        self._writing.stop()
        self._judging.stop()

    def close(self) -> None:
        """End it now."""
        self._writing.close()
        self._judging.close()
        self.waiting.stop()

    def _launch(self, child: Child, *arguments: str) -> None:
        try:
            child.start(*arguments, "--json", "--lines")
        except StudioError as error:
            self.failed.emit(error)
        else:
            self.waiting.start()
        self.moved.emit()

    def _hear(self, document: dict[str, Any]) -> None:
        told = document.get("progress")
        if isinstance(told, dict):
            if told.get("words") != self.progress.words:
                self.waiting.start()
            self.progress = Progress.read(told)
            self.moved.emit()
        elif "verdict" in document:
            self.verdict = document
        elif "files" in document:
            self.report = document

    def _end(self, error: StudioError | None) -> None:
        self.waiting.stop()
        self.moved.emit()
        if error is not None:
            self.failed.emit(error)
        elif self.report is not None:
            self.written.emit(self.report)
            self.verify()

    def _judge(self, error: StudioError | None) -> None:
        self.waiting.stop()
        self.moved.emit()
        if error is not None:
            self.failed.emit(error)
        elif self.verdict is not None:
            self.judged.emit(self.verdict)
