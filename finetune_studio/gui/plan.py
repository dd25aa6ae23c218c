"""The plan of the open recipe on this machine: the model's figures, memory, steps, time, disk.

Reckoned away from the window's thread, a moment after the last change.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from finetune_studio.catalog.figures import KnownModel, known_model
from finetune_studio.errors import StudioError
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.session import Session
from finetune_studio.i18n import mark
from finetune_studio.recipe.checks import check_context
from finetune_studio.recipe.findings import Finding
from finetune_studio.recipe.schema import Recipe
from finetune_studio.recipe.store import with_changes

if TYPE_CHECKING:
    from finetune_studio.hardware.estimate import Estimate

RESTS = 120  # milliseconds after the last change


@dataclass(frozen=True)
class Outlook:
    """What is known of a recipe before it runs.

    Attributes:
        source: The model that it is about.
        model: Its configuration, and its row in the catalogue; None where nothing is known of it.
        estimate: Memory, steps, time and disk; None where the model is unknown or is refused.
        trouble: Why something of that is missing.
    """

    source: str
    model: KnownModel | None
    estimate: "Estimate | None"
    trouble: StudioError | None

    @property
    def context(self) -> int:
        """Tokens that the model reads; 0 where unknown."""
        if self.model is None:
            return 0
        entry = self.model.entry
        stated = self.model.config.get("max_position_embeddings") or (entry.context if entry else 0)
        return int(stated or 0)


class Plan(QObject):
    """The newest outlook of a session.

    Attributes:
        changed: There is another outlook.
    """

    changed = Signal()

    def __init__(self, session: Session, jobs: Jobs) -> None:
        super().__init__()
        self._session, self._jobs = session, jobs
        self.outlook: Outlook | None = None
        self._rest = QTimer(self, singleShot=True, interval=RESTS)
        self._rest.timeout.connect(self.reckon)
        session.changed.connect(self._wait)

    @property
    def estimate(self) -> "Estimate | None":
        """The plan, where there is one."""
        return self.outlook.estimate if self.outlook else None

    def reckon(self) -> None:
        """Reckon now."""
        recipe = self._session.recipe
        self._jobs.run("plan", lambda: look_ahead(recipe), self._know, lambda _: None)

    def findings(self) -> list[Finding]:
        """What the plan gives to think about."""
        if self.outlook is None:
            return []
        found = check_context(self._session.recipe, self.outlook.context)
        if self.outlook.model is None and self.outlook.trouble is not None:
            found.append(_unknown(self.outlook.trouble))
        return [*found, *_memory(self.outlook.estimate)]

    def leave(self) -> None:
        """Reckon no more."""
        self._rest.stop()
        self._jobs.forget("plan")

    def _wait(self) -> None:
        self._rest.start()

    def _know(self, outlook: Outlook) -> None:
        self.outlook = outlook
        self.changed.emit()


def look_ahead(recipe: Recipe) -> Outlook:
    """What is known of a recipe; what is not, and why, instead of an exception."""
    from finetune_studio.hardware.estimate import estimate

    source = recipe.model.source
    try:
        model = known_model(source, recipe.model.revision)
    except StudioError as error:
        return Outlook(source, None, None, error)
    try:
        return Outlook(source, model, estimate(recipe), None)
    except StudioError as error:
        trouble = error
    try:  # data that cannot be read is no reason to hide the memory
        without = with_changes(recipe, {"data.files": [], "data.validation_files": []})
        return Outlook(source, model, estimate(without), trouble)
    except StudioError as error:
        return Outlook(source, model, None, error)


def _unknown(error: StudioError) -> Finding:
    text = mark("{title} {detail}")
    return Finding("error", "model-unknown", "model.source", text, error.as_dict())


def _memory(estimate: "Estimate | None") -> list[Finding]:
    if estimate is None or estimate.verdict == "fits":
        return []
    need = f"{estimate.plan.total / 2**30:.1f} GB"
    values = {"need": need, "free": f"{estimate.target.free / 2**30:.1f} GB"}
    if estimate.verdict == "tight":
        text = mark("{need} of {free} free memory is tight; close other programs that use it.")
        return [Finding("advice", "memory-tight", "training.batch_size", text, values)]
    fix = {each.path: each.after for each in estimate.fitted.changes} if estimate.fitted else {}
    text = mark("It needs {need}, but {free} of memory are free.")
    return [Finding("warning", "memory-short", "training.batch_size", text, values, fix=fix)]
