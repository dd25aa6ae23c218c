"""The plan of the open recipe: the model's figures, memory, steps, time, disk.

It is made for the GPU that the person compares on, as the pages of model and method are, else for
this machine. What it gives to think about is always about this machine: here the run will start.
Reckoned away from the window's thread, a moment after the last change.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from finetune_studio.catalog.figures import KnownModel, known_model
from finetune_studio.errors import StudioError
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.measuring import Measuring
from finetune_studio.gui.session import Session
from finetune_studio.i18n import mark
from finetune_studio.recipe.checks import check_context, check_precision
from finetune_studio.recipe.findings import Finding
from finetune_studio.recipe.schema import Recipe
from finetune_studio.recipe.store import with_changes

if TYPE_CHECKING:
    from finetune_studio.hardware.estimate import Estimate
    from finetune_studio.hardware.measured import Measured
    from finetune_studio.hardware.target import Target

RESTS = 120  # milliseconds after the last change


@dataclass(frozen=True)
class Outlook:
    """What is known of a recipe before it runs.

    Attributes:
        source: The model that it is about.
        model: Its configuration, and its row in the catalogue; None where nothing is known of it.
        estimate: Memory, steps, time and disk; None where the model is unknown or is refused.
        trouble: Why something of that is missing.
        here: The same for this machine, where the estimate is for another GPU.
        gpu: The GPU that the estimate is for; empty for this machine.
    """

    source: str
    model: KnownModel | None
    estimate: "Estimate | None"
    trouble: StudioError | None
    here: "Estimate | None" = None
    gpu: str = ""

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
        measuring: The dry run that puts what is measured in the place of what is reckoned.
    """

    changed = Signal()

    def __init__(self, session: Session, jobs: Jobs, gpu: Callable[[], str] = str) -> None:
        """Plan a session.

        Args:
            session: What is planned.
            jobs: Where it is reckoned.
            gpu: The GPU that the person compares on; empty for this machine.
        """
        super().__init__()
        self._session, self._jobs, self._gpu = session, jobs, gpu
        self.outlook: Outlook | None = None
        self.measuring = Measuring(session)
        self.measuring.changed.connect(self.changed)
        self.measuring.measured.connect(self.reckon)
        self._rest = QTimer(self, singleShot=True, interval=RESTS)
        self._rest.timeout.connect(self.reckon)
        session.changed.connect(self._wait)

    @property
    def estimate(self) -> "Estimate | None":
        """The plan, where there is one."""
        return self.outlook.estimate if self.outlook else None

    def reckon(self) -> None:
        """Reckon now."""
        recipe, gpu, measured = self._session.recipe, self._gpu(), self.measuring.result
        self._jobs.run(
            "plan", lambda: look_ahead(recipe, gpu, measured), self._know, lambda _: None
        )

    def follow_gpu(self) -> None:
        """Reckon again where the person compares on another GPU now."""
        if self.outlook is None or self.outlook.gpu != self._gpu():
            self._rest.start()

    def findings(self) -> list[Finding]:
        """What the plan gives to think about."""
        if self.outlook is None:
            return []
        found = check_context(self._session.recipe, self.outlook.context)
        if self.outlook.model is None and self.outlook.trouble is not None:
            found.append(_unknown(self.outlook.trouble))
        here = self.outlook.here
        if here is not None:
            found += check_precision(self._session.recipe, here.target.capability)
        return [*found, *_memory(here)]

    def leave(self) -> None:
        """Reckon no more."""
        self._rest.stop()
        self.measuring.close()
        self._jobs.forget("plan")

    def _wait(self) -> None:
        self._rest.start()

    def _know(self, outlook: Outlook) -> None:
        self.outlook = outlook
        self.changed.emit()


def look_ahead(recipe: Recipe, gpu: str = "", measured: "Measured | None" = None) -> Outlook:
    """What is known of a recipe; what is not, and why, instead of an exception.

    Args:
        recipe: What is planned.
        gpu: The GPU that it is planned for; empty for this machine.
        measured: What a dry run of this very recipe took on this machine.
    """
    from finetune_studio.hardware.measured import with_measured

    source = recipe.model.source
    try:
        model = known_model(source, recipe.model.revision)
    except StudioError as error:
        return Outlook(source, None, None, error, gpu=gpu)
    here, trouble = plan_of(recipe)
    if here is not None and measured is not None:
        here = with_measured(here, recipe, measured)
    shown, trouble = plan_of(recipe, gpu) if gpu else (here, trouble)
    return Outlook(source, model, shown, trouble, here, gpu)


def plan_of(
    recipe: Recipe, gpu: str = "", target: "Target | None" = None
) -> tuple["Estimate | None", StudioError | None]:
    """The plan of a recipe, and why something of it is missing; arguments as of `estimate`."""
    from finetune_studio.hardware.estimate import estimate

    try:
        return estimate(recipe, gpu, target), None
    except StudioError as error:
        trouble = error
    try:  # data that cannot be read is no reason to hide the memory
        without = with_changes(recipe, {"data.files": [], "data.validation_files": []})
        return estimate(without, gpu, target), trouble
    except StudioError as error:
        return None, error


def _unknown(error: StudioError) -> Finding:
    text = mark("{title} {detail}")
    return Finding("error", "model-unknown", "model.source", text, error.as_dict())


def _memory(estimate: "Estimate | None") -> list[Finding]:
    if estimate is None or estimate.verdict == "fits":
        return []
    need = f"{estimate.plan.total / 2**30:.1f} GB"
    values = {"need": need, "free": f"{estimate.target.free / 2**30:.1f} GB"}
    if estimate.verdict == "tight":
        text = mark(
            "{need} of the {free} that this computer has free is tight; close other programs."
        )
        return [Finding("advice", "memory-tight", "training.batch_size", text, values)]
    fix = {each.path: each.after for each in estimate.fitted.changes} if estimate.fitted else {}
    text = mark("It needs {need}; this computer has {free} of memory free.")
    return [Finding("warning", "memory-short", "training.batch_size", text, values, fix=fix)]
