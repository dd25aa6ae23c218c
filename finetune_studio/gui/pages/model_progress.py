"""A running download as a card: the whole, each file, the speed, and what can be done with it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from finetune_studio.catalog.progress import Progress
from finetune_studio.gui import amounts
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.model_download import Download
from finetune_studio.gui.theme import font
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.dialog import Answer, Ask
from finetune_studio.gui.widgets.layout import box, column, row, show_part
from finetune_studio.gui.widgets.meter import Track
from finetune_studio.gui.widgets.text import Text

AMOUNT = 120  # pixels
LARGE = 10_000_000  # bytes; smaller files are over before they are read


class _FileLine(QWidget):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._name, self._track, self._amount = Text(name, "caption", "text2"), Track(), Text("")
        self._amount.setProperty("tone", "text3")
        self._amount.setFont(font("caption"))
        self._amount.setMinimumWidth(AMOUNT)  # so that the tracks stand one under the other
        self._amount.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._track.setFixedWidth(140)
        self._track.setAccessibleName(name)
        self.setLayout(row(self._name, None, self._track, self._amount, gap=Space.m))

    def show_progress(self, told: Progress) -> None:
        self._track.show_part(told.file_done / max(1, told.file_size))
        if told.phase == "checking":
            self._amount.say(lambda: tr("checking its hash"))
        else:
            done, size = amounts.size(told.file_done), amounts.size(told.file_size)
            self._amount.say(lambda: tr("{done} of {size}").format(done=done, size=size))


class ProgressCard(Card):
    """Shows a download while there is one."""

    def __init__(self, download: Download) -> None:
        super().__init__(fill="canvas", name=lambda: tr("Download"))
        self._download = download
        self._title = Text(self._title_words, "strong")
        self._amount = Text(self._amount_words, "caption", "text2")
        self._track = Track(height=8)
        self._pause = Button(self._pause_words, glyph="pause")
        self._pause.clicked.connect(self._pause_or_go_on)
        self._cancel = Button(lambda: tr("Cancel …"), "quiet", "x")
        self._cancel.clicked.connect(self._ask)
        self._files: dict[str, _FileLine] = {}
        self._lines = column(gap=Space.xs)
        head = row(
            box(column(self._title, self._amount, gap=2)),
            None,
            self._pause,
            self._cancel,
            gap=Space.s,
        )
        self.hold(column(head, self._track, self._lines, gap=Space.s, pad=(16, 12, 16, 12)))
        download.moved.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is known now."""
        show_part(self, self._download.running)
        if not self._download.running:
            self._drop_lines()
            return
        told = self._download.progress
        self._title.say(self._title_words)
        self._amount.say(self._amount_words)
        self._track.show_part(told.done / max(1, told.total) if told else 0.0)
        self._track.setAccessibleName(self._amount.plain)
        self._pause.say(self._pause_words)
        self._pause.show_glyph("play" if self._download.paused else "pause")
        for name, progress in self._download.files.items():
            if progress.file_size >= LARGE:
                self._line(name).show_progress(progress)

    def _line(self, name: str) -> _FileLine:
        if name not in self._files:
            self._files[name] = _FileLine(name)
            self._lines.addWidget(self._files[name])
        return self._files[name]

    def _drop_lines(self) -> None:
        for each in self._files.values():
            each.hide()
            each.deleteLater()
        self._files.clear()

    def _title_words(self) -> str:
        model = self._download.model
        if self._download.paused:
            return tr("{model} is paused").format(model=model)
        return tr("{model} is being downloaded").format(model=model)

    def _amount_words(self) -> str:
        told = self._download.progress
        if told is None:
            return tr("Asking the Hub what there is …")
        done, total = amounts.size(told.done), amounts.size(told.total)
        parts = [tr("{done} of {size}").format(done=done, size=total)]
        if not self._download.paused and told.speed:
            parts.append(f"{amounts.size(told.speed)}/s")
            if told.seconds_left is not None:
                left = amounts.duration(told.seconds_left)
                parts.append(tr("{time} left").format(time=left))
        return " · ".join(parts)

    def _pause_words(self) -> str:
        return tr("Go on") if self._download.paused else tr("Pause")

    def _pause_or_go_on(self) -> None:
        if self._download.paused:
            self._download.go_on()
        else:
            self._download.pause()

    def _ask(self) -> None:
        asked = Ask(
            self.window(),
            lambda: tr("Cancel the download?"),
            lambda: tr("What came so far can stay on the disk; a later download goes on from it."),
            Answer("stay", lambda: tr("Keep downloading")),
            [
                Answer("keep", lambda: tr("Stop and keep it")),
                Answer("drop", lambda: tr("Stop and delete it"), "danger"),
            ],
        )
        answer = asked.ask()
        asked.deleteLater()
        if answer != "stay":
            self._download.cancel(keep=answer == "keep")
