"""Said where a run answered no question: why, and where questions are written."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from finetune_studio.gui.language import tr
from finetune_studio.gui.watch import Watch
from finetune_studio.gui.watched import PROMPTS
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import column, show_part


class Unwatched(QWidget):
    """One line with a press that leads to the setting; hidden where there are answers.

    Attributes:
        led: It leads to the setting, by its dotted path.
    """

    led = Signal(str)

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch
        told = FindingBox(
            "advice",
            lambda: tr("No question was asked while it learned"),
            lambda: tr(
                "With a few questions in the settings you see here what the model answered before, "
                "and what it answers after."
            ),
            lambda: tr("Write questions"),
        )
        queued = Qt.ConnectionType.QueuedConnection
        told.fix_pressed.connect(lambda: self.led.emit(PROMPTS), queued)
        self.setLayout(column(told))
        self.refresh()

    def refresh(self, *, answered: bool = False) -> None:
        """Show it where something was measured and nothing answered, then or later."""
        state = self._watch.state
        show_part(self, bool(state.evaluations) and not (state.samples or answered))
