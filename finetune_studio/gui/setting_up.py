"""One set-up of training, in a thread of the window: what it tells, and what steers it.

Knows no widget. It goes on while other pages are open, and ends with the window; what was fetched
stays, so that the next start goes on from there.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Signal

from finetune_studio import installed
from finetune_studio.errors import StudioError
from finetune_studio.gui.jobs import Jobs
from finetune_studio.hardware.torch_build import Build

if TYPE_CHECKING:
    from finetune_studio.setup.training import Plan, Told, Training

Phase = Literal["idle", "looking", "ready", "running", "failed", "done"]


class SettingUp(QObject):
    """The set-up that there is at most one of; it belongs to the window's jobs.

    Attributes:
        moved: There is news to show.
        phase: Where it stands.
        plan: What will be done, once that is known.
        told: How far it is.
        error: Why it failed.
        speed: Bytes a second of the download.
    """

    moved = Signal()

    def __init__(self, jobs: Jobs) -> None:
        super().__init__(jobs)
        self._jobs = jobs
        self._job: Training | None = None
        self._one_at_a_time = threading.Lock()  # another choice may come while one is looked at
        self.phase: Phase = "idle"
        self.folder = installed.training_folder()
        self.build: Build | None = None
        self.bundle: Path | None = None
        self.plan: Plan | None = None
        self.told: Told | None = None
        self.error: StudioError | None = None
        jobs.closing.connect(self.leave)

    @classmethod
    def of(cls, jobs: Jobs) -> "SettingUp":
        """The one of this window."""
        found = jobs.findChild(cls)
        return found if found is not None else cls(jobs)

    @property
    def paused(self) -> bool:
        """Whether it waits for the person."""
        return self._job is not None and self._job.control.paused

    @property
    def running(self) -> bool:
        """Whether it is being done, paused or not."""
        return self.phase == "running"

    def choose(
        self, *, folder: Path | None = None, build: Build | None = None, bundle: Path | None = None
    ) -> None:
        """Take another folder, build or bundle, and look again."""
        self.folder = folder or self.folder
        self.build, self.bundle = build, bundle
        self.look()

    def look(self) -> None:
        """Find out what would be done."""
        if self.running:
            return
        self._begin("looking")
        asked = (self.folder, self.build, self.bundle)

        def work() -> "tuple[Training, Plan]":
            from finetune_studio.setup.training import Request, Training

            with self._one_at_a_time:
                job = Training(Request(*asked))
                return job, job.plan()

        self._jobs.run("set-up look", work, self._take_plan, self._fail)

    def start(self) -> None:
        """Do it."""
        job, plan = self._job, self.plan
        if self.running or job is None or plan is None:
            return
        self._begin("running")
        self._job, self.plan = job, plan
        told = self._jobs.telling(self._hear)
        self._jobs.run("set-up", lambda: job.run(plan, told), self._arrive, self._fail)

    def repair(self) -> None:
        """Try what is there, and install it again where it does not compute."""
        if self.running:
            return
        self._begin("running")
        told = self._jobs.telling(self._hear)

        def work() -> bool:
            from finetune_studio.setup.life import repair

            return repair(told)

        self._jobs.run("set-up", work, self._arrive, self._fail)

    def move(self, folder: Path) -> None:
        """Bring what is there to another folder."""
        if self.running:
            return
        self._begin("running")

        def work() -> Path:
            from finetune_studio.setup.life import move

            return move(folder)

        self._jobs.run("set-up", work, self._arrive, self._fail)

    def pause_or_go_on(self) -> None:
        """Give up the connections for now, or continue where it was."""
        if self._job is not None:
            if self.paused:
                self._job.control.go_on()
            else:
                self._job.control.pause()
            self.moved.emit()

    def cancel(self) -> None:
        """End it; what was fetched stays."""
        if self._job is not None:
            self._job.cancel()

    def leave(self) -> None:
        """End it because the window ends."""
        self.cancel()
        self._jobs.forget("set-up")

    def _begin(self, phase: Phase) -> None:
        self.phase, self.error, self.told = phase, None, None
        if phase == "looking":
            self._job = self.plan = None
        self.moved.emit()

    def _take_plan(self, found: "tuple[Training, Plan]") -> None:
        self._job, self.plan = found
        self.phase = "ready"
        self.moved.emit()

    def _hear(self, told: "Told") -> None:
        self.told = told
        self.moved.emit()

    def _arrive(self, _: object) -> None:
        self.phase = "done"
        self._job = self.plan = None
        self.folder = installed.training_folder()
        self.moved.emit()

    def _fail(self, error: StudioError) -> None:
        self.phase, self.error = "failed", error
        self.moved.emit()
