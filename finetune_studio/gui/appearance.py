"""Language and theme: switched for everything there is, and remembered. Knows no page."""

from PySide6.QtCore import QObject, Signal

from finetune_studio.errors import StudioError
from finetune_studio.gui import language
from finetune_studio.gui.header import Looks
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.theme import theme


class Appearance(QObject):
    """How the program speaks and looks.

    Attributes:
        failed: A StudioError: the language could not be switched, and stays as it was.
    """

    failed = Signal(object)

    def __init__(self, preferred: Preferred, parent: QObject) -> None:
        super().__init__(parent)
        self._preferred = preferred

    def join(self, looks: Looks) -> None:
        """Do what these buttons ask for."""
        looks.language_asked.connect(self.use_language)
        looks.theme_asked.connect(self.use_theme)

    def use_language(self, code: str) -> None:
        """Switch the language of everything, and remember it."""
        before = self._preferred.value.language
        self._preferred.change(language=code)
        try:
            language.use(self._preferred.value.language)
        except StudioError as error:
            self._preferred.change(language=before)
            self.failed.emit(error)

    def use_theme(self, mode: str) -> None:
        """Switch the colours, and remember them."""
        self._preferred.change(theme=mode)
        theme.use(self._preferred.value.theme)
