"""Gets llama.cpp for the window: goes on over every page and project, until it is there or stopped.

Knows no widget. There is at most one, and it belongs to the window's jobs: it ends with them, and
leaves nothing half made.
"""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from finetune_studio.errors import StudioError
from finetune_studio.export import fetching
from finetune_studio.gui import apart
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.waiting import Waiting
from finetune_studio.i18n import sources_kept
from finetune_studio.runs.process import trainer_python

KEY = "llama.cpp"


class GettingLlama(QObject):
    """One going and getting, as it stands.

    Attributes:
        moved: There is news to show.
        ended: It has ended: True where llama.cpp is there now.
        running: Whether it goes on.
        words: What is being done.
        share: How far that is, from 0 to 1; 0 where nobody can say.
        error: Why it could not be got; None where nothing went wrong.
    """

    moved = Signal()
    ended = Signal(bool)

    def __init__(self, jobs: Jobs) -> None:
        super().__init__(jobs)
        self._jobs = jobs
        self._course: fetching.Course | None = None
        self.words, self.share = "", 0.0
        self.error: StudioError | None = None
        self.waiting = Waiting(self)
        self.waiting.ticked.connect(self.moved)
        jobs.closing.connect(self._leave)

    @classmethod
    def of(cls, jobs: Jobs) -> "GettingLlama":
        """The one of this window."""
        found = jobs.findChild(cls)
        return found if found is not None else cls(jobs)

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self._course is not None

    def start(self) -> None:
        """Go and get it, unless that is being done."""
        if self.running:
            return
        course = self._course = fetching.Course(
            self._jobs.telling(self._hear), self._jobs.telling(self._see)
        )
        self.words, self.share, self.error = "", 0.0, None
        self.waiting.start()
        # Reading the archive would hold Python's lock.
        unpack = partial(apart.TOOLS.do, KEY, fetching.unpack_converter)

        def work() -> Path:
            with sources_kept():
                return fetching.fetch(trainer_python(), course, unpack)

        self._jobs.run(KEY, work, lambda _: self._end(None), self._end)
        self.moved.emit()

    def stop(self) -> None:
        """Give it up; what is half made goes."""
        if self._course is not None:
            self._course.given_up.set()
            apart.TOOLS.drop(KEY)

    def _leave(self) -> None:
        self.stop()
        self.waiting.stop()

    def _hear(self, words: str) -> None:
        self.words, self.share = words, 0.0
        self.moved.emit()

    def _see(self, share: float) -> None:
        self.share = share
        self.moved.emit()

    def _end(self, error: StudioError | None) -> None:
        stopped = self._course is not None and self._course.given_up.is_set()
        self._course = None
        self.waiting.stop()
        self.error = None if stopped else error
        self.moved.emit()
        if not stopped:
            self.ended.emit(error is None)
