"""What GGUF needs and is not there yet: llama.cpp, got by one press. Under the format's line."""

from typing import TYPE_CHECKING

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from finetune_studio.export import llama
from finetune_studio.gui import apart
from finetune_studio.gui.language import tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.waiting import Waiting
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import box, clear, column, row
from finetune_studio.gui.widgets.text import Text

if TYPE_CHECKING:
    from finetune_studio.errors import StudioError

KEY = "llama.cpp"


class LlamaLine(QWidget):
    """Says that it is missing, and gets it; it is hidden where it is there."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._half = False
        self._waiting = Waiting(self)
        self._waiting.ticked.connect(self._count)
        self._words = Text(self._said, "caption", "text2", wrap=True)
        self.get = Button(lambda: tr("Get it"), "quiet", "package")
        self.get.setObjectName("get llama")
        self.get.clicked.connect(self._start)
        self._trouble = column(gap=0)
        line = row(box(column(self._words)), self.get, gap=12)
        line.setStretch(0, 1)
        self.setLayout(column(line, self._trouble, gap=4, pad=(0, 0, 0, 8)))
        project.closing.connect(self._leave)
        self.refresh()

    def refresh(self) -> None:
        """Show whether any of it is missing."""
        found = llama.find()
        self._half = found.converter is not None
        self.setVisible(not (self._half and found.runs))
        self._count()

    def _start(self) -> None:
        clear(self._trouble)
        self.get.setEnabled(False)
        self._waiting.start()
        self._count()
        work = lambda: apart.TOOLS.do(KEY, get_llama)  # noqa: E731
        self._project.jobs.run(KEY, work, lambda _: self._end(), self._tell)

    def _tell(self, error: "StudioError") -> None:
        detail = " ".join(part for part in (error.detail, error.hint) if part)
        self._trouble.addWidget(FindingBox("warning", error.title, detail))
        self._end()

    def _end(self) -> None:
        self._waiting.stop()
        self.get.setEnabled(True)
        self._count()
        self.refresh()

    def _count(self) -> None:
        self._words.say(self._said)

    def _said(self) -> str:
        if self._waiting.seconds:
            return self._waiting.say(tr("Getting llama.cpp; closing this project ends it …"))
        if self._half:
            return tr(
                "llama.cpp is here by half: what reads GGUF is missing, which takes about 5 "
                "minutes to build."
            )
        return tr(
            "GGUF needs llama.cpp, which is not here yet: 77 MB from PyPI, and about 5 minutes to "
            "build."
        )

    def _leave(self) -> None:
        self._project.jobs.forget(KEY)
        apart.TOOLS.drop(KEY)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._count()


def get_llama() -> str:
    """Get it, in a process beside the window; the folder it is in.

    Raises:
        StudioError: It cannot be downloaded or built.
    """
    from finetune_studio.export import fetching
    from finetune_studio.runs.process import trainer_python

    return str(fetching.fetch(trainer_python(), lambda _: None))
