"""Asks the Hub for models by name, and says in a place of the page how that goes."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QBoxLayout, QWidget

from finetune_studio.errors import StudioError
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.model_choice import on_hub
from finetune_studio.gui.pages.model_rows import Row
from finetune_studio.gui.project import Project
from finetune_studio.gui.widgets.finding import tell
from finetune_studio.gui.widgets.layout import clear

SHORTEST = 2  # letters before the Hub is asked


class HubSearch(QObject):
    """The search of one page.

    Attributes:
        found: The rows; none where too little is typed, or the Hub does not answer.
    """

    found = Signal(object)

    def __init__(
        self, page: QWidget, project: Project, said: QBoxLayout, again: Callable[[], None]
    ) -> None:
        """Ask nothing yet.

        Args:
            page: Whose search it is.
            project: Does the asking, and knows the GPU that models are compared on.
            said: Where it is said how it goes.
            again: Asks once more for what is typed then.
        """
        super().__init__(page)
        self._project, self._said, self._again = project, said, again
        self._asked, self._waits = "", False

    def leave(self) -> None:
        """Hear no answer that is still to come: another source is looked at."""
        if self._waits:
            self._asked, self._waits = "", False
            self._project.jobs.forget("models")

    def ask(self, text: str) -> None:
        """Ask for a name, unless it was asked for last."""
        if len(text) < SHORTEST:
            self._asked = ""
            self.found.emit([])
            tell(self._said, "advice", lambda: tr("Type a name, and the Hub is asked."))
            return
        if text == self._asked:
            return
        self._asked, self._waits = text, True
        tell(self._said, "advice", lambda: tr("Asking the Hub …"))
        gpu = self._project.preferences.gpu
        self._project.jobs.run("models", lambda: on_hub(text, gpu), self._show, self._fail)

    def _show(self, rows: list[Row]) -> None:
        self._waits = False
        clear(self._said)
        self.found.emit(rows)
        if not rows:
            tell(self._said, "advice", lambda: tr("The Hub has no text model of that name."))

    def _fail(self, error: StudioError) -> None:
        """To be offline is a normal state: what is here can be used nevertheless."""
        self._asked, self._waits = "", False
        self.found.emit([])
        words = (error.title, error.rest, lambda: tr("Ask again"))
        tell(self._said, "advice", *words, self._again)
