"""The licence of the data: one field, and what there is to say of it."""

from PySide6.QtCore import Qt

from finetune_studio.gui.field import FieldRow
from finetune_studio.gui.language import tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.layout import column
from finetune_studio.recipe.fields import describe
from finetune_studio.recipe.schema import Recipe

DATA_LICENCE = "licence.data"


class TermsCard(Card):
    """Under which terms the data may be used."""

    def __init__(self, project: Project) -> None:
        super().__init__(name=lambda: tr("Data licence"))
        self._project = project
        setting = next(each for each in describe(Recipe) if each.path == DATA_LICENCE)
        self.field = FieldRow(project.session, setting)
        self.hold(column(self.field, pad=(16, 12, 16, 14)))

    def refresh(self) -> None:
        """Show what is said now, and what follows from it."""
        self.field.refresh()
        found = self._project.facts.findings()
        self.field.show_findings(each for each in found if each.where == DATA_LICENCE)

    def take_keyboard(self) -> None:
        """Let the licence be chosen by keys."""
        self.field.controls[-1].setFocus(Qt.FocusReason.TabFocusReason)
