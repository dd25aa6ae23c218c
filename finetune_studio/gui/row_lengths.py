"""How long the rows of the open recipe are in tokens, and the length that follows from it.

Whoever counts them tells it here, so that every page advises the same. Knows no widget.
"""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from finetune_studio.errors import StudioError
from finetune_studio.gui import apart, token_views
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.session import Session
from finetune_studio.i18n import mark
from finetune_studio.recipe.advice import Advice
from finetune_studio.recipe.schema import Recipe

if TYPE_CHECKING:
    from finetune_studio.tokens.lengths import Lengths

LENGTH = "training.sequence_length"
KEY = "row lengths"
CONCERNED = ("model.", "data.", "task.")
FEW = 20_000  # rows that are counted for an advice alone


class RowLengths(QObject):
    """The lengths that were counted of the rows as they are now; None where nobody has.

    Attributes:
        changed: There are others, or none any more.
    """

    changed = Signal()

    def __init__(self, session: Session, jobs: Jobs) -> None:
        super().__init__()
        self._session, self._jobs = session, jobs
        self.found: Lengths | None = None
        self._asked = False  # once for the same rows, also where it failed
        session.changed.connect(self._follow)

    def count(self, rows: int) -> None:
        """Count the rows where nobody has, and they are few."""
        if self.found is not None or self._asked or not 0 < rows <= FEW:
            return
        self._asked, recipe = True, self._session.recipe
        work = partial(apart.CHECKS.do, KEY, token_views.lengths, recipe)
        self._jobs.run(KEY, work, partial(self.know, recipe), self._give_up)

    def know(self, recipe: Recipe, found: "Lengths") -> None:
        """Take what was counted of a recipe, where its rows are still the same."""
        if _rows(recipe) == _rows(self._session.recipe):
            self.found = found
            self.changed.emit()

    def advice(self, context: int) -> Advice | None:
        """The length that suits the rows; None while they are not counted.

        Args:
            context: Tokens that the model reads; 0 where unknown.
        """
        if self.found is None or not self.found.rows:
            return None
        suits = self.found.suggest(context)
        source = mark("lengths of your rows")
        return Advice(LENGTH, suits.length, suits.text, source, suits.values)

    def leave(self) -> None:
        """Count no more."""
        self._jobs.forget(KEY)
        apart.CHECKS.drop(KEY)

    def _follow(self, changed: frozenset[str]) -> None:
        if any(each.startswith(CONCERNED) for each in changed):
            self.leave()
            self.found, self._asked = None, False
            self.changed.emit()

    def _give_up(self, error: StudioError) -> None:
        """The page of the tokenizer says why rows cannot be counted."""


def _rows(recipe: Recipe) -> tuple[object, ...]:
    return recipe.model, recipe.data, recipe.task
