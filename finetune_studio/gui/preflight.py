"""The pre-flight of the open recipe: what the trainer would do with its rows, and what is wrong.

It reads and tokenises, so it runs in a process of its own, a while after the last change.
"""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from finetune_studio.errors import StudioError
from finetune_studio.gui import apart
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.session import Session
from finetune_studio.recipe.findings import Finding
from finetune_studio.recipe.schema import Recipe

if TYPE_CHECKING:
    from finetune_studio.tokens.preflight import Preflight

KEY = "preflight"
RESTS = 700  # milliseconds after the last change
CONCERNED = (
    "model.",
    "data.",
    "task.",
    "licence.",
    "training.sequence_length",
    "training.packing",
)


class Preflights(QObject):
    """The newest pre-flight of a session.

    Attributes:
        looking: Whether there will be another one soon.
        changed: There is another one, or will be none.
    """

    changed = Signal()

    def __init__(self, session: Session, jobs: Jobs) -> None:
        super().__init__()
        self._session, self._jobs = session, jobs
        self.found: Preflight | None = None
        self.looking = False
        self._rest = QTimer(self, singleShot=True, interval=RESTS)
        self._rest.timeout.connect(self.look)
        session.changed.connect(self._follow)

    def look(self) -> None:
        """Look now, where there is data."""
        recipe = self._session.recipe
        self.looking = bool(recipe.data.files)
        if not self.looking:
            return
        apart.CHECKS.drop(KEY)
        work = partial(apart.CHECKS.do, KEY, flown, recipe)
        self._jobs.run(KEY, work, self._know, self._give_up)

    def findings(self) -> list[Finding]:
        """What it found."""
        return list(self.found.findings) if self.found else []

    def leave(self) -> None:
        """Look no more."""
        self.looking = False
        self._rest.stop()
        self._jobs.forget(KEY)
        apart.CHECKS.drop(KEY)

    def _follow(self, paths: frozenset[str]) -> None:
        if any(path.startswith(CONCERNED) for path in paths):
            self.found = None  # it was about other rows
            self._jobs.forget(KEY)
            apart.CHECKS.drop(KEY)
            self.looking = bool(self._session.recipe.data.files)
            self._rest.start()

    def _know(self, found: "Preflight") -> None:
        self.found, self.looking = found, False
        self.changed.emit()

    def _give_up(self, error: StudioError) -> None:
        """Say no more than that nothing was found; the page of the data says what is wrong."""
        self.looking = False
        self.changed.emit()


def flown(recipe: Recipe) -> "Preflight":
    """The pre-flight of a recipe."""
    from finetune_studio.tokens.preflight import preflight

    return preflight(recipe)
