"""Makes a model the base of the recipe: its licence comes along, its own code only after a yes."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from finetune_studio.catalog.licensing import licence_of_model
from finetune_studio.errors import RefusedError
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.model_rows import Row
from finetune_studio.gui.project import Project
from finetune_studio.gui.widgets.dialog import Answer, Ask
from finetune_studio.recipe.advice import following


class Taking(QObject):
    """Takes the models of one page.

    Attributes:
        refused: A RefusedError: the recipe does not take it.
    """

    refused = Signal(object)

    def __init__(self, page: QWidget, project: Project) -> None:
        super().__init__(page)
        self._page, self._project = page, project

    def take(self, shown: Row, *, trust: bool = False) -> None:
        """Make it the recipe's; what nobody decided follows what is advised for it.

        Args:
            shown: The model.
            trust: Whether its own code may run; the person is asked.
        """
        if trust and not self._agrees(shown):
            return
        source = shown.source
        if shown.licence != "unknown":
            self._change(source, shown.licence, trust=trust)
            return
        self._project.jobs.run(
            "licence",
            lambda: licence_of_model(source),
            lambda key: self._change(source, key, trust=trust),
            lambda _: self._change(source, "unknown", trust=trust),
        )

    def _change(self, source: str, licence: str, *, trust: bool) -> None:
        changes = {
            "model.source": source,
            "model.revision": "",
            "model.trust_remote_code": trust,
            "licence.model": licence,
        }
        session = self._project.session
        try:
            session.change(following(session.recipe, changes))
        except RefusedError as error:
            self.refused.emit(error)

    def _agrees(self, shown: Row) -> bool:
        asked = Ask(
            self._page.window(),
            lambda: tr("Let {name} run its own code?").format(name=shown.name),
            lambda: tr(
                "Python code that comes with the model runs on this machine with all your rights: "
                "it can read and change your files. Allow it only for makers that you trust. It "
                "counts for this model alone."
            ),
            Answer("no", lambda: tr("Do not run it")),
            [Answer("yes", lambda: tr("Allow it for this model"), "danger")],
        )
        answer = asked.ask()
        asked.deleteLater()
        return answer == "yes"
