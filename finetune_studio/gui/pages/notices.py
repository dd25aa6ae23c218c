"""What the trainer has said beside its figures: warnings in boxes, the rest in a line."""

from functools import partial

from PySide6.QtWidgets import QWidget

from finetune_studio import i18n
from finetune_studio.gui import amounts, repairs
from finetune_studio.gui.language import tr
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.watch import Watch
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import clear, column, show_part
from finetune_studio.gui.widgets.text import Text
from finetune_studio.runs.events import Notice

MOST = 5  # the newest of them
LOUD = ("warning", "error")
FIXED = "fixed-"  # the beginning of the code of what a fix of the data did


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
        quiet = [each for each in wanted if each.level not in LOUD]
        for each in wanted:
            if each.level in LOUD:
                self._lines.addWidget(FindingBox(each.level, partial(sentence, each)))
        if quiet:
            said = Text(lambda: "  ".join(map(sentence, quiet)), "caption", "text3", wrap=True)
            self._lines.addWidget(said)
        show_part(self, bool(wanted))


def sentence(notice: Notice) -> str:
    """What a notice says, in the language in use; as it stands where its values do not fit it."""
    if notice.code.startswith(FIXED):
        return _fixed(notice)
    text = i18n.tr(notice.text)
    try:
        return text.format(**notice.values)
    except (KeyError, IndexError, ValueError, TypeError):
        return text


def _fixed(notice: Notice) -> str:
    """What a fix of the data did, by the name that the page of the data gives it."""
    values = notice.values
    parts = [
        words.format(rows=amounts.rows(int(count)))
        for words, count in (
            (tr("{rows} mended"), values.get("changed", 0)),
            (tr("{rows} left out"), values.get("left_out", 0)),
        )
        if count
    ]
    name = repairs.fault(notice.code.removeprefix(FIXED))
    return f"{name}: {', '.join(parts) or tr('It finds nothing any more.')}"
