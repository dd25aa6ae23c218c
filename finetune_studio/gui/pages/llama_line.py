"""What GGUF needs and is not there yet: llama.cpp, got by one press. Under the format's line."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from finetune_studio.errors import StudioError
from finetune_studio.export import llama
from finetune_studio.gui.getting_llama import GettingLlama
from finetune_studio.gui.language import tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.retelling import words_of
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import box, clear, column, row, show_part
from finetune_studio.gui.widgets.meter import Track
from finetune_studio.gui.widgets.text import Text
from finetune_studio.gui.work_strip import said


class LlamaLine(QWidget):
    """Says that it is missing, and gets it; it is hidden where it is there.

    Attributes:
        looked: It was looked for.
    """

    looked = Signal()

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._half = False
        self._told: StudioError | None = None
        self._getting = GettingLlama.of(project.jobs)
        self._words = Text(self._said, "caption", "text2", wrap=True)
        self.get = Button(lambda: tr("Get it"), "quiet", "package")
        self.get.setObjectName("get llama")
        self.get.clicked.connect(self._getting.start)
        self.stop = Button(lambda: tr("Stop"), "quiet")
        self.stop.clicked.connect(self._getting.stop)
        self._track, self._trouble = Track(), column(gap=0)
        line = row(box(column(self._words)), self.get, self.stop, gap=12)
        line.setStretch(0, 1)
        self.setLayout(column(line, self._track, self._trouble, gap=4, pad=(0, 0, 0, 8)))
        self._getting.moved.connect(self._move)
        self.refresh()

    def refresh(self) -> None:
        """Show whether any of it is missing."""
        found = llama.find()
        self._half = found.converter is not None
        show_part(self, self._getting.running or not (self._half and found.runs))
        self._show()
        self.looked.emit()

    @property
    def writes(self) -> bool:
        """Whether what writes GGUF is here, as was seen last."""
        return self._half

    def _move(self) -> None:
        if self._getting.running:
            self._show()
        else:
            self.refresh()

    def _show(self) -> None:
        running = self._getting.running
        self._words.say(self._said)
        self.get.setVisible(not running)
        self.stop.setVisible(running)
        self._track.setVisible(running and self._getting.share > 0)
        self._track.show_part(self._getting.share)
        self._tell(self._getting.error)

    def _tell(self, error: StudioError | None) -> None:
        if error is self._told:
            return
        self._told = error
        clear(self._trouble)
        if error is not None:
            self._trouble.addWidget(FindingBox("warning", *words_of(error)))

    def _said(self) -> str:
        if self._getting.running:
            return said(self._getting)
        if self._half:
            return tr(
                "llama.cpp is here by half: what reads GGUF is missing, which takes about 5 "
                "minutes to build."
            )
        return tr(
            "GGUF needs llama.cpp, which is not here yet: 77 MB from PyPI, and about 5 minutes to "
            "build. It goes on while you do something else."
        )

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()
