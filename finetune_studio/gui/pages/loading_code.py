"""How a run or an export is loaded elsewhere: code and commands, to read and to copy."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from finetune_studio.errors import StudioError
from finetune_studio.export.server.elsewhere import ways
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.opening import copy_text
from finetune_studio.gui.theme import font
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.choice import Select
from finetune_studio.gui.widgets.dialog import Over
from finetune_studio.gui.widgets.layout import column, row
from finetune_studio.gui.widgets.text import Text

PORT = 8001  # beside this program's own server
NAMES: dict[str, str] = {
    "python": "Python",
    "vllm": "vLLM",
    "ollama": "Ollama",
    "llama-server": "llama-server",
    "tgi": "Text Generation Inference",
}


class CodeDialog(Over):
    """What is loaded, by which program, and the lines that do it, with a button that copies them.

    Attributes:
        what: The run's result, or one of its exports.
        by: The programs that can load it.
        code: The lines.
    """

    def __init__(self, parent: QWidget, places: Sequence[Path]) -> None:
        """Show the first of some places.

        Args:
            parent: The widget that the dialog belongs to.
            places: The run, then the folders of its exports.
        """
        super().__init__(parent, tr("Loading code"))
        self._ways: dict[str, str] = {}
        self.what = Select(
            [
                (each, (lambda: tr("the run's result")) if place == 0 else each.name)
                for place, each in enumerate(places)
            ]
        )
        self.what.setAccessibleName(tr("What is loaded"))
        self.what.edited.connect(self._look)
        self.by = Select([])
        self.by.setAccessibleName(tr("Program that loads it"))
        self.by.edited.connect(lambda _: self._show())
        self.code = QPlainTextEdit()
        self.code.setReadOnly(True)
        self.code.setFont(font("mono"))
        self.code.setProperty("well", True)
        self.code.setTabChangesFocus(True)
        self.code.setAccessibleName(tr("Loading code"))
        self._lay()
        self.what.show_value(places[0])
        self._look(places[0])

    def _look(self, path: object) -> None:
        """Offer the programs that can load what was chosen."""
        try:
            self._ways = ways(Path(str(path)), PORT)
        except StudioError as error:
            self._ways = {}
            self.code.setPlainText(str(error))
        options: list[tuple[object, Words]] = [(name, NAMES[name]) for name in self._ways]
        before = self.by.value()
        self.by.offer(options)
        self.by.setEnabled(bool(options))
        if options:
            self.by.show_value(before if before in self._ways else options[0][0])
            self._show()

    def _show(self) -> None:
        self.code.setPlainText(self._ways[str(self.by.value())])

    def _lay(self) -> None:
        copy = Button(lambda: tr("Copy"), "quiet", "copy")
        copy.clicked.connect(lambda: copy_text(self, self.code.toPlainText()))
        close = Button(lambda: tr("Close"), "primary")
        close.clicked.connect(self.accept)
        close.setDefault(True)
        self.setLayout(
            column(
                Text(lambda: tr("Load it elsewhere"), "section"),
                row(self.what, self.by, None, gap=Space.s),
                self.code,
                row(copy, None, close),
                gap=Space.m,
                pad=Space.xl,
            )
        )
        self.resize(760, 460)
