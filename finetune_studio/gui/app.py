"""Starts the window: fonts, colours, language, the one door for errors. Knows no page."""

import locale
import os
import signal
import sys

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from finetune_studio import __version__, installed, preferences
from finetune_studio.errors import WINDOW, StudioError
from finetune_studio.gui import language
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.theme import theme

CHECKS = 200  # milliseconds between two looks at Ctrl+C in the terminal


def start(given: str = "") -> int:
    """Open the window on a recipe, a run, or where it was left; returns the exit code.

    Args:
        given: The path of a recipe or of a run's folder; empty for where it was left.
    """
    os.environ[WINDOW] = "1"
    app = QApplication(sys.argv[:1])
    locale.setlocale(locale.LC_NUMERIC, "C")  # Qt takes it from the environment; tokenizers break
    app.setApplicationName("Finetune Studio")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("finetune-studio")
    loaded = preferences.load()
    theme.start(app, loaded.preferences.theme)
    trouble = _speak(loaded.preferences.language)

    from finetune_studio.gui.main_window import MainWindow  # after the fonts, for its size hints

    window = MainWindow(Preferred(loaded.preferences))
    sys.excepthook = window.door.hook
    window.show()
    for error in (trouble, StudioError(loaded.notice) if loaded.notice else None):
        if error is not None:
            window.door.tell(error)
    window.open_first(given)
    if not installed.can_train():
        window.show_place("setup")
    heartbeat = _heed_interrupts(app)
    code = app.exec()
    heartbeat.stop()
    return code


def _speak(choice: preferences.LanguageChoice) -> StudioError | None:
    try:
        language.use(choice)
    except StudioError as error:
        return error
    return None


def _heed_interrupts(app: QApplication) -> QTimer:
    """Let Ctrl+C in the terminal close the window: Python must run now and then to see it."""
    signal.signal(signal.SIGINT, lambda *_: app.closeAllWindows())
    timer = QTimer(interval=CHECKS)
    timer.timeout.connect(lambda: None)
    timer.start()
    return timer
