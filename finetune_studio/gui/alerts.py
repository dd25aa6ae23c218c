"""The one door for errors: what happened, why, what to do, and details to copy without secrets."""

import platform
import re
import sys
import traceback
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from finetune_studio import __version__
from finetune_studio.errors import StudioError
from finetune_studio.gui.language import tr
from finetune_studio.gui.theme import font
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.dialog import Sheet
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import column, row
from finetune_studio.gui.widgets.text import Text

SECRETS = re.compile(r"\b(hf_|sk-|ghp_|github_pat_)[A-Za-z0-9_-]{8,}")
LONG = 240  # characters of detail; more of it stands in a box of its own


class Alert(Sheet):
    """One error, as a sentence that can be acted upon."""

    def __init__(self, parent: QWidget | None, error: StudioError) -> None:
        super().__init__(parent, "Finetune Studio", 520)
        self._details = details(error)
        long = len(error.detail) > LONG or "\n" in error.detail
        body = column(
            row(Glyph("octagon-alert", "bad", 20), Text(error.title, "section", wrap=True), gap=12),
            gap=Space.s,
        )
        body.itemAt(0).layout().setStretch(1, 1)  # type: ignore[union-attr]
        if error.detail and not long:
            body.addWidget(Text(error.detail, "body", "text2", wrap=True))
        if long:
            body.addWidget(_box(error.detail))
        if error.hint:
            body.addWidget(Text(error.hint, "strong", "text", wrap=True))
        copy = Button(lambda: tr("Copy details"), "quiet", "copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._details))
        close = Button(lambda: tr("Close"), "primary")
        close.clicked.connect(self.accept)
        close.setDefault(True)
        body.addSpacing(Space.s)
        body.addLayout(row(copy, None, close))
        self.hold(body)
        close.setFocus()


class Door(QObject):
    """Shows errors one at a time, over one window; the same error once."""

    shown = Signal(object)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._open: Alert | None = None
        self._waiting: list[StudioError] = []

    def tell(self, error: object) -> None:
        """Show an error; any exception that is no StudioError is one of ours."""
        known = error if isinstance(error, StudioError) else surprise(error)
        if known.as_dict() not in [each.as_dict() for each in self._waiting]:
            self._waiting.append(known)
            if self._open is None:
                self._next()

    def preferences_lost(self, error: OSError) -> None:
        """Say that what the person prefers could not be kept."""
        self.tell(
            StudioError(
                tr("Your preferences could not be saved."),
                str(error.strerror or error),
                tr("They count until the program ends. Check that the disk has room."),
            )
        )

    def _next(self) -> None:
        self._open = Alert(self._window, self._waiting[0])
        self._open.finished.connect(self._closed)
        self._open.open()
        self.shown.emit(self._waiting[0])

    def _closed(self) -> None:
        self._waiting.pop(0)
        if self._open is not None:
            self._open.deleteLater()
        self._open = None
        if self._waiting:
            self._next()

    def hook(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """Take the place of `sys.excepthook`: what nobody caught is told, and the window lives."""
        sys.__excepthook__(kind, error, trace)
        if not issubclass(kind, KeyboardInterrupt):
            self.tell(error)


def surprise(error: object) -> StudioError:
    """What to say of an exception that should not have come."""
    words = "".join(traceback.format_exception(error)) if isinstance(error, BaseException) else ""
    return StudioError(
        tr("Something went wrong that should not have."),
        words or str(error),
        tr("Your project is safe. Copy the details and report them, please."),
    )


def details(error: StudioError) -> str:
    """What is copied: the whole error and the versions, without secrets or the person's name."""
    lines = (
        f"Finetune Studio {__version__}, Python {platform.python_version()}, {platform.platform()}",
        *(part for part in (error.title, error.detail, error.hint) if part),
    )
    text = SECRETS.sub(r"\1…", "\n".join(lines))
    return text.replace(str(Path.home()), "~")


def _box(text: str) -> QPlainTextEdit:
    made = QPlainTextEdit(text)
    made.setReadOnly(True)
    made.setFont(font("mono"))
    made.setProperty("well", True)
    made.setFixedHeight(180)
    made.setAccessibleName(tr("Details"))
    return made
