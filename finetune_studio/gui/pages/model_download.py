"""One download of a model, in a thread: what it tells, and what stops it. Knows no widget.

A download ends with its project, and what came is kept: the next one goes on from there.
"""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from finetune_studio.catalog.progress import Control, Progress
from finetune_studio.errors import StudioError
from finetune_studio.gui.project import Project


class Download(QObject):
    """The model that is being fetched; one at a time.

    Attributes:
        moved: There is news to show: progress, a pause, the end.
        finished: The model is on the disk; its Hub id.
        failed: The Hub id, and a StudioError.
    """

    moved = Signal()
    finished = Signal(str)
    failed = Signal(str, object)

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._control: Control | None = None
        self.model = ""
        self.files: dict[str, Progress] = {}
        self.progress: Progress | None = None
        self.cancelled = False
        project.closing.connect(self.leave)

    @property
    def running(self) -> bool:
        """Whether a model is being fetched, paused or not."""
        return self._control is not None

    @property
    def paused(self) -> bool:
        """Whether it waits for the person."""
        return self._control is not None and self._control.paused

    def start(self, model: str, *, trust: bool = False) -> None:
        """Fetch a model; what came before is not fetched again."""
        if self.running:
            return
        self.model, self.files, self.progress, self.cancelled = model, {}, None, False
        control = self._control = Control()
        told = self._project.jobs.telling(self._hear)

        def work() -> Path:
            from finetune_studio.catalog import hub

            return hub.fetch(model, "", trust, told, control)

        self._project.jobs.run("download", work, self._arrive, self._fail)
        self.moved.emit()

    def pause(self) -> None:
        """Give up the connections for now; what came is kept."""
        if self._control:
            self._control.pause()
            self.moved.emit()

    def go_on(self) -> None:
        """Continue where it was."""
        if self._control:
            self._control.go_on()
            self.moved.emit()

    def cancel(self, *, keep: bool) -> None:
        """End it; `keep` leaves what came for another time."""
        if self._control:
            self.cancelled = True
            self._control.cancel(keep)

    def leave(self) -> None:
        """End it because the project ends."""
        if self._control:
            self._control.cancel(keep=True)
        self._project.jobs.forget("download")

    def _hear(self, progress: Progress) -> None:
        if self.running:
            self.progress = progress
            self.files[progress.file] = progress
            self.moved.emit()

    def _arrive(self, _: Path) -> None:
        self._end()
        self.finished.emit(self.model)

    def _fail(self, error: StudioError) -> None:
        self._end()
        if not self.cancelled:
            self.failed.emit(self.model, error)

    def _end(self) -> None:
        self._control = None
        self.moved.emit()
