"""Taking the model along: one line for each format, and what llama.cpp lacks for GGUF."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal

from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.export_line import ExportLine
from finetune_studio.gui.pages.llama_line import LlamaLine
from finetune_studio.gui.project import Project
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.layout import Rule, column
from finetune_studio.gui.widgets.text import Text
from finetune_studio.runs.folder import RunFolder

SHOWN = ("adapter", "merged", "gguf")


class Exports(Card):
    """The formats there are.

    Attributes:
        wrote: The folder of a new export.
    """

    wrote = Signal(object)

    def __init__(self, project: Project) -> None:
        super().__init__(name=lambda: tr("Save"))
        self.lines = {name: ExportLine(project, name) for name in SHOWN}
        self._shown: tuple[object, ...] = ()
        self._rule = Rule()
        rows = column(Text(lambda: tr("Save"), "section"), gap=0, pad=(16, 12, 16, 8))
        for place, line in enumerate(self.lines.values()):
            if place:
                rows.addWidget(self._rule if place == 1 else Rule())
            rows.addWidget(line)
            line.wrote.connect(self.wrote)
        self.llama = LlamaLine(project)
        self.llama.looked.connect(self._see_llama)
        self._see_llama()
        rows.addWidget(self.llama)
        rows.addStretch(1)
        self.hold(rows)

    def suit(self, run: RunFolder, exports: Sequence[Path], adapter: bool) -> None:
        """Suit another run: offer the adapter where it has one, show what was written of it.

        Args:
            run: The run.
            exports: Its exports that are known here, the newest last.
            adapter: Whether it has an adapter.
        """
        self.llama.refresh()
        if (run, *exports) != self._shown:
            self._shown = (run, *exports)
            for line in self.lines.values():
                line.suit(run, exports)
        self.lines["adapter"].setVisible(adapter)
        self._rule.setVisible(adapter)

    def _see_llama(self) -> None:
        """GGUF's own button waits for llama.cpp, which the line below it gets."""
        self.lines["gguf"].allow(self.llama.writes)
