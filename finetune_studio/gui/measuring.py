"""Measures a recipe instead of reckoning it: the engine's dry run, two steps at the longest batch.

What was measured counts for as long as nothing changes that it follows from. Knows no widget.
"""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from finetune_studio.errors import StudioError
from finetune_studio.gui.child import Child
from finetune_studio.gui.session import Session
from finetune_studio.gui.waiting import Waiting
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe

if TYPE_CHECKING:
    from finetune_studio.hardware.measured import Measured

COUNTS = ("model", "task", "data", "method", "training")
"""The parts of a recipe that memory and time follow from."""


class Measuring(QObject):
    """The dry run of a session's recipe; one at a time.

    Attributes:
        changed: It began, or has ended.
        waiting: How long it has gone on.
        measured: There is a result.
        failed: A StudioError.
    """

    changed = Signal()
    measured = Signal()
    failed = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._known: dict[str, Measured] = {}
        self._asked = ""
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.waiting = Waiting(self)
        self._child = Child(self)
        self._child.said.connect(self._hear)
        self._child.ended.connect(self._end)

    @property
    def running(self) -> bool:
        """Whether it is being measured."""
        return self._folder is not None

    @property
    def result(self) -> "Measured | None":
        """What was measured of the recipe as it is now; None where that was not."""
        return self._known.get(_fingerprint(self._session.recipe)) if self._known else None

    def start(self) -> None:
        """Measure the recipe as it is now; how that ends is told by a signal."""
        if self.running:
            return
        recipe = self._session.recipe
        self._asked = _fingerprint(recipe)
        self._folder = tempfile.TemporaryDirectory(prefix="dry-run-")
        file = Path(self._folder.name) / "recipe.yaml"
        try:
            store.save(recipe, file)
            self._child.start("dry_run", str(file), str(_held()), "--json", recipe=file)
        except (StudioError, OSError) as error:
            self._put_away()
            self.failed.emit(error if isinstance(error, StudioError) else StudioError(str(error)))
        else:
            self.waiting.start()
        self.changed.emit()

    def stop(self) -> None:
        """Break it off; nothing is known then that was not known before."""
        self._child.stop()

    def close(self) -> None:
        """End it now, because its project ends."""
        self._child.close()
        self._put_away()

    def _hear(self, document: dict[str, Any]) -> None:
        if "peak_bytes" in document:
            from finetune_studio.hardware.measured import Measured

            self._known[self._asked] = Measured.read(document)

    def _end(self, error: StudioError | None) -> None:
        known = self._asked in self._known
        self._put_away()
        self.changed.emit()
        if known:
            self.measured.emit()
        elif error is not None:
            self.failed.emit(error)

    def _put_away(self) -> None:
        self.waiting.stop()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def _held() -> int:
    """Bytes of the GPU that other programs hold: the driver's figures count them, too."""
    from finetune_studio.hardware.target import target_of

    target = target_of("")
    return target.total - target.free if target.capability else 0


def _fingerprint(recipe: Recipe) -> str:
    return repr([getattr(recipe, name) for name in COUNTS])
