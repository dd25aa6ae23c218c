"""What there is to know of the chosen model and its licence, with what mends it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from finetune_studio.catalog.licensing import licence_findings
from finetune_studio.gui.field import finding_box
from finetune_studio.gui.language import tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import clear, column
from finetune_studio.recipe.findings import Finding


class ModelFindings(QWidget):
    """The findings of the model's step, and those of the licence guardian.

    Attributes:
        led: It leads to where a setting is edited, by its dotted path.
    """

    led = Signal(str)

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._licences: list[Finding] = []
        self._shown: list[Finding] = []
        self._boxes = column(gap=Space.s)
        self.setLayout(self._boxes)

    def judge(self) -> None:
        """Ask the licence guardian; it reads the model's and the data's README."""
        recipe = self._project.session.recipe
        self._project.jobs.run(
            "guardian", lambda: licence_findings(recipe), self._know_licences, lambda _: None
        )

    def show_findings(self) -> None:
        """Show what is known now."""
        facts = self._project.facts.findings()
        ours = [each for each in facts if each.where.startswith(("model.", "licence."))]
        codes = {each.code for each in ours}
        data = bool(self._project.session.recipe.data.files)  # without it, it has no licence yet
        ours += [
            each
            for each in self._licences
            if each.code not in codes and (data or each.where != "licence.data")
        ]
        if ours == self._shown:
            return
        self._shown = ours
        clear(self._boxes)
        for each in ours:
            self._boxes.addWidget(self._box(each))

    def _box(self, found: Finding) -> FindingBox:
        if found.fix or not found.where.startswith("licence.data"):
            return finding_box(found, self._project.session, lambda _: None)
        made = FindingBox(found.level, lambda: found.sentence, fix=lambda: tr("Say it"))
        queued = Qt.ConnectionType.QueuedConnection
        made.fix_pressed.connect(lambda: self.led.emit(found.where), queued)
        return made

    def _know_licences(self, found: list[Finding]) -> None:
        self._licences = found
        self.show_findings()
