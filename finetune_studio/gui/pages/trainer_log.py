"""The drawer with the trainer's own words, and the checkpoints that there are."""

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit
from typing_extensions import override

from finetune_studio.gui import amounts
from finetune_studio.gui.language import tr
from finetune_studio.gui.theme import font
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.watch import Watch
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.layout import Pane, column, row
from finetune_studio.gui.widgets.text import Text
from finetune_studio.runs.log import last_lines, without_warnings

LINES = 200
LOOKS = 1000  # milliseconds
NEWEST = 4  # checkpoints that are named, and the best one


class LogDrawer(Pane):
    """The last lines of trainer.log, without libraries' warnings; closed at first."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(None, "sunken", "t")
        self._watch = watch
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setFont(font("mono"))
        self._text.setProperty("well", True)
        self._text.setFixedHeight(120)
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setMaximumBlockCount(LINES)
        self._text.hide()
        self._button = Button(lambda: tr("Log"), "quiet", "chevron-right")
        self._button.clicked.connect(lambda: self.open(self._text.isHidden()))
        self._copy = Button(name=lambda: tr("Copy the log"), kind="quiet", glyph="copy")
        self._copy.clicked.connect(
            lambda: QGuiApplication.clipboard().setText("\n".join(self._lines()))
        )
        self._warnings = 0
        self._file = Text(self._file_words, "caption", "text3")
        self._checkpoints = Text(self._checkpoint_words, "caption", "text3")
        head = row(
            self._button,
            self._file,
            None,
            self._checkpoints,
            self._copy,
            gap=Space.s,
            pad=(12, 0, 12, 0),
        )
        self.setLayout(column(head, self._text, gap=0))
        self._timer = QTimer(self, interval=LOOKS)
        self._timer.timeout.connect(self._read)
        watch.moved.connect(self._show_checkpoints)
        watch.began.connect(self._read)
        watch.ended.connect(self._read)

    def open(self, opened: bool) -> None:
        """Show the log, or its head alone."""
        self._text.setVisible(opened)
        self._button.show_glyph("chevron-down" if opened else "chevron-right")
        self._text.setAccessibleName(tr("Log"))
        self._text.setPlaceholderText(tr("The trainer has written nothing here."))
        self._read()

    def _read(self) -> None:
        self._show_checkpoints()
        wanted = self._watch.alive and self.isVisible() and self._text.isVisible()
        self._timer.start() if wanted else self._timer.stop()
        if self._watch.run is None or self._text.isHidden():
            return
        kept, self._warnings = without_warnings(self._lines())
        self._file.refresh()
        lines = "\n".join(kept)
        if lines != self._text.toPlainText():
            self._text.setPlainText(lines)
            self._text.moveCursor(QTextCursor.MoveOperation.End)

    def _lines(self) -> list[str]:
        """The last lines as they stand in the file."""
        return last_lines(self._watch.run.log, LINES) if self._watch.run else []

    def _file_words(self) -> str:
        if not self._warnings:
            return "trainer.log"
        words = tr("trainer.log; not shown here: warnings of libraries ({count})")
        return words.format(count=amounts.whole(self._warnings))

    def _show_checkpoints(self) -> None:
        self._checkpoints.refresh()

    def _checkpoint_words(self) -> str:
        state = self._watch.state
        best = state.best
        newest = state.checkpoints[-NEWEST:]
        shown = newest if best is None or best in newest else [best, *newest]
        names = [
            tr("{step} (best)").format(step=amounts.whole(each.step))
            if each is best
            else amounts.whole(each.step)
            for each in shown
        ]
        words = tr("checkpoints {steps}").format(steps=" · ".join(names))
        return words if names else ""

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._read()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()
