"""The look at what every row says: its findings, and how far it has come.

It reads all rows, so it runs in a process of its own, and ends when another one begins. More rows
than `UNASKED` are looked at when the person asks for it: that takes minutes.
"""

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from finetune_studio.errors import StudioError
from finetune_studio.gui import apart
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.session import Session
from finetune_studio.recipe.findings import Finding
from finetune_studio.recipe.schema import Recipe

UNASKED = 1_000_000
BEAT = 100  # milliseconds between two readings of how far it has come
KEY = "quality"
WHERE = "data.fixes"  # the setting that findings on quality concern


@dataclass(frozen=True)
class Waiting:
    """Rows that nobody has looked at yet.

    Attributes:
        recipe: Whose rows.
        rows: How many.
        kind: The task that they suit.
    """

    recipe: Recipe
    rows: int
    kind: str


class Quality(QObject):
    """The newest look of a session.

    Attributes:
        found: What the newest one that ended found; None before the first.
        error: Why it could not end.
        waiting: The rows to look at when the person asks.
        changed: One of these is different now.
        moved: It is further than before.
    """

    changed = Signal()
    moved = Signal()

    def __init__(self, session: Session, jobs: Jobs) -> None:
        super().__init__()
        self._session, self._jobs = session, jobs
        self._aged = False
        self.found: tuple[Finding, ...] | None = None
        self.error: StudioError | None = None
        self.waiting: Waiting | None = None
        self._looking = False
        self._beat = QTimer(self, interval=BEAT)
        self._beat.timeout.connect(self.moved)

    @property
    def looking(self) -> bool:
        """Whether it goes on."""
        return self._looking

    @property
    def share(self) -> float:
        """How far it is, from 0 to 1."""
        return apart.ROWS.share if self._looking else 0.0

    def findings(self) -> list[Finding]:
        """What is known to be so: of an older look, what no fix in use is for."""
        used = {each.get("code") for each in self._session.recipe.data.fixes}
        return [e for e in self.found or () if not (self._aged and e.code in used)]

    def know_rows(self, recipe: Recipe, rows: int, kind: str) -> None:
        """There are other rows, or other fixes of them."""
        self._stop()
        self.waiting = Waiting(recipe, rows, kind)
        if rows <= UNASKED:
            self.look()
        else:
            self.changed.emit()

    def look(self) -> None:
        """Look at the rows that wait."""
        waiting = self.waiting
        if waiting is None:
            return
        self.waiting, self._looking = None, True
        self._beat.start()
        work = partial(apart.ROWS.do, KEY, survey, waiting)
        self._jobs.run(KEY, work, self._know, self._fail)
        self.changed.emit()

    def age(self) -> None:
        """The rows are the same, but what is done to them is not: what was found is of before."""
        self._stop()
        self._aged = True

    def leave(self) -> None:
        """Forget what was found; what goes on ends unheard."""
        self._stop()
        self.found = None

    def _stop(self) -> None:
        self._beat.stop()
        self._jobs.forget(KEY)
        if self._looking:
            apart.ROWS.drop(KEY)
        self._looking, self.error, self.waiting = False, None, None

    def _know(self, found: tuple[Finding, ...]) -> None:
        self._end()
        self.found, self._aged = found, False
        self.changed.emit()

    def _fail(self, error: StudioError) -> None:
        self._end()
        self.error = error
        self.changed.emit()

    def _end(self) -> None:
        self._looking = False
        self._beat.stop()


def survey(waiting: Waiting) -> tuple[Finding, ...]:
    """What is found in a recipe's rows after the fixes that are in use.

    Raises:
        StudioError: They cannot be read.
    """
    from finetune_studio.data.check import Closely, examine

    data = waiting.recipe.data
    closely = Closely(waiting.kind, data, progress=apart.tell)
    report = examine(data.files, data.shape, data.mapping, closely=closely)
    return tuple(each for each in report.findings if each.where == WHERE)
