"""The recipe being edited: one immutable value, its history, its file. Knows no widget.

Every change goes through `change`, which refuses what the recipe does not take; whoever shows a
setting listens to `changed`, which names the dotted paths that are different now.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from PySide6.QtCore import QObject, QTimer, Signal

from finetune_studio.errors import StudioError
from finetune_studio.i18n import tr
from finetune_studio.recipe import store
from finetune_studio.recipe.checks import check
from finetune_studio.recipe.findings import Finding
from finetune_studio.recipe.schema import Recipe

MERGES = 1.0  # seconds in which changes of the same settings are one step of the history
RESTS = 800  # milliseconds after the last change until a project saves itself
DEPTH = 200  # steps of history


class Session(QObject):
    """One open recipe.

    Attributes:
        changed: The dotted paths of the settings that are different now.
        file_changed: The recipe was saved, or differs from its file now.
        failed: A StudioError: the recipe could not save itself.
    """

    changed = Signal(frozenset)
    file_changed = Signal()
    failed = Signal(object)

    def __init__(self, recipe: Recipe, path: Path | None = None, *, saves: bool = False) -> None:
        """Begin to edit.

        Args:
            recipe: What is edited.
            path: Its file; None for a recipe that has none yet.
            saves: Whether it saves itself, as a project does; a file from elsewhere waits for
                the person.
        """
        super().__init__()
        self._recipe = self._saved = recipe
        self._path, self._saves = path, saves
        self._undo: list[Recipe] = []
        self._redo: list[Recipe] = []
        self._last: tuple[frozenset[str], float] = (frozenset(), 0.0)
        self._rest = QTimer(self, singleShot=True, interval=RESTS)
        self._rest.timeout.connect(self._save_itself)

    @property
    def recipe(self) -> Recipe:
        """What is decided now."""
        return self._recipe

    @property
    def path(self) -> Path | None:
        """The recipe's file."""
        return self._path

    @property
    def modified(self) -> bool:
        """Whether the recipe differs from its file."""
        return self._recipe != self._saved

    @property
    def saves_itself(self) -> bool:
        """Whether changes reach the file by themselves."""
        return self._saves and self._path is not None

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to take again."""
        return bool(self._redo)

    def has(self, path: str) -> bool:
        """Whether the recipe has this setting now; an adapter's rank is gone in full training."""
        holder, _, name = path.rpartition(".")
        return name in type(self._part(holder)).model_fields if self._holds(holder) else False

    def value(self, path: str) -> Any:
        """The value of a setting, by its dotted path.

        Raises:
            AttributeError: There is no such setting now.
        """
        found: Any = self._recipe
        for name in path.split("."):
            found = getattr(found, name)
        return found

    def findings(self) -> list[Finding]:
        """What the recipe alone gives to think about, errors first."""
        return check(self._recipe)

    def change(self, changes: Mapping[str, Any]) -> None:
        """Change settings, as one step of the history.

        Raises:
            RefusedError: A value is outside its limits; nothing has changed then.
        """
        made = store.with_changes(self._recipe, changes)
        if made == self._recipe:
            return
        paths, now = frozenset(changes), time.monotonic()
        if paths != self._last[0] or now - self._last[1] > MERGES or not self._undo:
            self._undo = [*self._undo, self._recipe][-DEPTH:]
        self._last = (paths, now)
        self._redo.clear()
        self._become(made)

    def complete(self, changes: Mapping[str, Any]) -> None:
        """Change settings that follow from the last step by themselves, as a part of it.

        Raises:
            RefusedError: A value is outside its limits; nothing has changed then.
        """
        made = store.with_changes(self._recipe, changes)
        if made != self._recipe:
            self._become(made)

    def undo(self) -> None:
        """Take the last step back."""
        if self._undo:
            self._redo.append(self._recipe)
            self._last = (frozenset(), 0.0)
            self._become(self._undo.pop())

    def redo(self) -> None:
        """Take a step again that was taken back."""
        if self._redo:
            self._undo.append(self._recipe)
            self._last = (frozenset(), 0.0)
            self._become(self._redo.pop())

    def save(self, path: Path | None = None) -> None:
        """Write the recipe to its file, or to another that becomes its file.

        Raises:
            StudioError: There is no file yet, or the disk refuses.
        """
        target = path or self._path
        if target is None:
            raise StudioError(tr("This recipe has no file yet."), hint=tr("Save it under a name."))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            store.save(self._recipe, target)
        except OSError as error:
            raise StudioError(
                tr("The recipe could not be saved."),
                f"{target}: {error.strerror or error}",
                tr("Free space on the disk, or save it elsewhere."),
            ) from error
        self._path, self._saved = target, self._recipe
        self.file_changed.emit()

    def settle(self) -> None:
        """Save now what waits to save itself.

        Raises:
            StudioError: The disk refuses.
        """
        self._rest.stop()
        if self.saves_itself and self.modified:
            self.save()

    def leave(self) -> None:
        """Save now what waits to save itself, and nothing any more.

        Raises:
            StudioError: The disk refuses; it goes on saving itself.
        """
        self.settle()
        self._saves = False

    def _save_itself(self) -> None:
        try:
            self.settle()
        except StudioError as error:
            self.failed.emit(error)

    def _become(self, recipe: Recipe) -> None:
        before, self._recipe = self._recipe, recipe
        if self.saves_itself:
            self._rest.start()
        self.changed.emit(different(before, recipe))
        self.file_changed.emit()

    def _holds(self, holder: str) -> bool:
        try:
            return isinstance(self._part(holder), BaseModel)
        except AttributeError:
            return False

    def _part(self, holder: str) -> Any:
        return self.value(holder) if holder else self._recipe


def different(before: Recipe, after: Recipe) -> frozenset[str]:
    """The dotted paths of the settings that differ, those that came or went among them."""
    one, other = _flat(before), _flat(after)
    missing = object()
    return frozenset(
        path
        for path in one.keys() | other.keys()
        if one.get(path, missing) != other.get(path, missing)
    )


def _flat(model: BaseModel, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found
