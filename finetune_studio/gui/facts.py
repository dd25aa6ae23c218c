"""What is known beside the recipe: how many rows its files hold, and what this machine is.

Counted away from the window's thread, again whenever the settings that it follows from change.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from finetune_studio import paths
from finetune_studio.errors import StudioError
from finetune_studio.gui import apart
from finetune_studio.gui.counted import DataFacts, count_rows, peeked
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.plan import Plan
from finetune_studio.gui.preflight import Preflights
from finetune_studio.gui.quality import Quality
from finetune_studio.gui.row_lengths import RowLengths
from finetune_studio.gui.session import Session
from finetune_studio.hardware.machine import Machine, read_machine
from finetune_studio.recipe.checks import check_batch
from finetune_studio.recipe.findings import Finding
from finetune_studio.recipe.steps import Steps, count_steps

ROWS = ("data.", "task.")
UNREADABLE = "data-unreadable"  # the finding of files that cannot be read
REFUSED = "refused"  # the pre-flight's word for what it could not look at
PLAIN = (".jsonl", ".ndjson", ".csv", ".tsv", ".tab", ".txt")
"""Endings of files whose first rows can be read without all the others."""
RESTS = 150  # milliseconds after the last change of what moves by a slider
SAME_ROWS = ("data.fixes", "data.split.")  # settings that leave the files' rows as they are


class Facts(QObject):
    """The facts about one session.

    Attributes:
        first: The first rows, from the files' beginnings alone, until all are read.
        data: What its files hold, once they are read.
        data_error: Why they could not be read.
        machine: What this machine is.
        plan: The model's figures, memory, time and disk.
        lengths: How long the rows are in tokens, where that was counted.
        quality: What is found when every row is looked at.
        preflight: What the trainer would do with the rows.
        changed: Something is known now that was not, or no longer.
    """

    changed = Signal()

    def __init__(self, session: Session, jobs: Jobs, gpu: Callable[[], str] = str) -> None:
        super().__init__()
        self._session, self._jobs = session, jobs
        self.first: tuple[Mapping[str, Any], ...] = ()
        self.data: DataFacts | None = None
        self.data_error: StudioError | None = None
        self.machine: Machine | None = None
        self.plan = Plan(session, jobs, gpu)
        self.plan.changed.connect(self.changed)
        self.quality = Quality(session, jobs)
        self.quality.changed.connect(self.changed)
        self.lengths = RowLengths(session, jobs)
        self.preflight = Preflights(session, jobs)
        self.preflight.changed.connect(self.changed)
        self._rest = QTimer(self, singleShot=True, interval=RESTS)
        self._rest.timeout.connect(self._read)
        session.changed.connect(self._follow)

    def start(self) -> None:
        """Begin to find out."""
        self._ask_machine()
        self.plan.reckon()
        self._count(0)
        self.preflight.look()

    def tell_again(self) -> None:
        """Find out once more what is said in words: there is another language now.

        What was found in the rows says itself in any; until the rest is known again it stays.
        """
        self._ask_machine()
        self.plan.reckon()
        self.preflight.look()
        if self.data is not None and self.quality.error is None:
            self._read(self._know_words)
        else:
            self._count(0, same_rows=self.counting)

    def look_again(self) -> None:
        """Read the files once more: they may have changed, or be there again."""
        self._count(0)
        self.preflight.look()

    def leave(self) -> None:
        """Find out no more."""
        self._rest.stop()
        self._jobs.forget("data")
        self._jobs.forget("first rows")
        apart.ROWS.drop("data")
        self.quality.leave()
        self.plan.leave()
        self.lengths.leave()
        self.preflight.leave()

    @property
    def counting(self) -> bool:
        """Whether the rows are being counted."""
        return bool(self._session.recipe.data.files) and not (self.data or self.data_error)

    @property
    def looking(self) -> bool:
        """Whether there may be findings yet that nobody has looked for."""
        return self.counting or self.quality.looking or self.preflight.looking

    @property
    def steps(self) -> Steps | None:
        """How long the run is; None while the rows are unknown, or share sequences."""
        if self.data is None or self._session.recipe.training.packing:
            return None
        return count_steps(self._session.recipe, self.data.training)

    def findings(self) -> list[Finding]:
        """Every finding there is: of the recipe, of its data and of the plan."""
        found = [*self._session.findings(), *(self.data.findings if self.data else ())]
        found += [*self.quality.findings(), *self.plan.findings()]
        found += check_batch(self._session.recipe, self.data.training) if self.data else []
        if self.data_error:
            found.append(_as_finding(self.data_error))
        codes = {each.code for each in found}
        blocked = [each.where for each in found if each.level == "error"]

        def told(where: str) -> bool:  # whatever part of the data it is, one reason is enough
            return where in blocked or (
                where.startswith(ROWS) and any(each.startswith(ROWS) for each in blocked)
            )

        for each in self.preflight.findings():
            if each.code not in codes and not (each.code == REFUSED and told(each.where)):
                found.append(each)
        order = ("error", "warning", "advice")
        return sorted(found, key=lambda each: order.index(each.level))

    def _follow(self, paths_changed: frozenset[str]) -> None:
        ours = [each for each in paths_changed if each.startswith(("data.", "task.kind"))]
        if ours:
            same = all(each.startswith(SAME_ROWS) for each in ours)
            self._count(RESTS if same else 0, same_rows=same)

    def _count(self, after: int, *, same_rows: bool = False) -> None:
        """Count in a while; what was found in the same rows stays in sight until then."""
        self.data = self.data_error = None
        self._jobs.forget("data")
        apart.ROWS.drop("data")
        if same_rows:
            self.quality.age()
        else:
            self.quality.leave()
            self._peek()
        self._rest.stop()
        if self._session.recipe.data.files:
            self._rest.start(after) if after else self._read()
        self.changed.emit()

    def _peek(self) -> None:
        self.first = ()
        files = self._session.recipe.data.files
        if files and all(each.lower().endswith(PLAIN) for each in files):
            work = partial(apart.VIEWS.do, "first rows", peeked, files)
            self._jobs.run("first rows", work, self._know_first, lambda _: None)

    def _know_first(self, first: tuple[Mapping[str, Any], ...]) -> None:
        self.first = first
        if self.data is None:
            self.changed.emit()

    def _ask_machine(self) -> None:
        self._jobs.run(
            "machine", lambda: read_machine(paths.data()), self._know_machine, self._no_machine
        )

    def _read(self, know: Callable[[DataFacts], None] | None = None) -> None:
        recipe = self._session.recipe
        work = partial(apart.ROWS.do, "data", count_rows, recipe)
        self._jobs.run("data", work, know or self._know_data, self._no_data)

    def _know_words(self, data: DataFacts) -> None:
        self.data = data
        self.changed.emit()

    def _know_data(self, data: DataFacts) -> None:
        self.data, self.first = data, ()
        if data.training:
            recipe = self._session.recipe
            self.quality.know_rows(recipe, data.rows, recipe.task.kind)  # which tells of a change
        else:
            self.changed.emit()

    def _no_data(self, error: StudioError) -> None:
        self.data_error = error
        self.changed.emit()

    def _know_machine(self, machine: Machine) -> None:
        self.machine = machine
        self.changed.emit()

    def _no_machine(self, error: StudioError) -> None:
        self.changed.emit()


def _as_finding(error: StudioError) -> Finding:
    values = error.as_dict()
    text = " ".join(f"{{{name}}}" for name in ("title", "detail", "hint") if values[name])
    return Finding("error", UNREADABLE, "data.files", text, values)
