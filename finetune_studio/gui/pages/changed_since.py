"""Said where a training's project was changed after it began: the run keeps what it was asked."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from PySide6.QtWidgets import QWidget

from finetune_studio.gui.language import tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.widgets.layout import column, show_part
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.schema import Recipe

TELLS_NOTHING = ("name", "licence", "export")
"""Parts of a recipe that change nothing of how it is trained."""
LENGTH = ("epochs", "max_steps")
"""Settings of the training that a run alone is given when it is to go on for longer."""


class ChangedSince(QWidget):
    """One line, hidden where the run and its project are of one mind."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._known: tuple[object, object] = (None, None)
        self.setLayout(column(Text(self._words, "caption", "text2", wrap=True)))
        self.hide()

    def refresh(self) -> None:
        """Show it where the settings differ."""
        watch = self._project.watch
        started, recipe = watch.state.started, self._project.session.recipe
        if (started, recipe) == self._known:
            return
        self._known = (started, recipe)
        longer = watch.state.launches > 1
        differs = started is not None and _differ(started.asked, recipe, longer=longer)
        for words in self.findChildren(Text):
            words.refresh()
        show_part(self, differs)

    def _words(self) -> str:
        if self._project.watch.alive:
            return tr("The settings were changed meanwhile: this training goes on as it began.")
        return tr("The settings were changed since: the change counts for the next training.")


def _differ(asked: Mapping[str, Any], recipe: Recipe, *, longer: bool) -> bool:
    if not asked:
        return False  # nothing is known of it
    try:
        before = Recipe.model_validate(asked)
    except ValidationError:
        return False  # of another version: what it says of the same settings is not comparable
    return _told(before, longer=longer) != _told(recipe, longer=longer)


def _told(recipe: Recipe, *, longer: bool) -> dict[str, Any]:
    told = recipe.model_dump(exclude=set(TELLS_NOTHING))
    for setting in LENGTH if longer else ():
        told["training"].pop(setting)
    return told
