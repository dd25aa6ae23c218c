"""What the trainer has said beside its figures: warnings, changes that it made, broken lines."""

from functools import partial

from PySide6.QtWidgets import QWidget

from finetune_studio import i18n
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.watch import Watch
from finetune_studio.gui.widgets.finding import LEVELS, FindingBox
from finetune_studio.gui.widgets.layout import clear, column
from finetune_studio.runs.events import Notice

MOST = 3  # the newest of them


class Notices(QWidget):
    """The newest notices of a run; each kind once."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch
        self._shown: list[Notice] = []
        self._lines = column(gap=Space.s)
        self.setLayout(self._lines)
        self.hide()

    def refresh(self) -> None:
        """Show what there is now."""
        newest = {each.code: each for each in self._watch.state.notices}
        wanted = sorted(newest.values(), key=lambda each: each.time)[-MOST:]
        if wanted == self._shown:
            return
        self._shown = wanted
        clear(self._lines)
        for each in wanted:
            level = each.level if each.level in LEVELS else "advice"
            self._lines.addWidget(FindingBox(level, partial(sentence, each)))
        self.setVisible(bool(wanted))


def sentence(notice: Notice) -> str:
    """What a notice says, in the language in use; as it stands where its values do not fit it."""
    text = i18n.tr(notice.text)
    try:
        return text.format(**notice.values)
    except (KeyError, IndexError, ValueError, TypeError):
        return text
