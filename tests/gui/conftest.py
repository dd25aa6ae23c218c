"""What the window's tests share: one dressed application, real translations, and no leftovers."""

import gc
import subprocess
import sys

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs_window: Qt's libraries are not installed")

from PySide6.QtCore import QCoreApplication, QEvent, QThread, QThreadPool
from PySide6.QtWidgets import QApplication

from finetune_studio.gui import language, main_window
from finetune_studio.gui.theme import theme
from tests.conftest import ROOT

ANSWERS = {"ask_to_close": "leave", "ask_to_save": "drop"}
ASKING = {name: getattr(main_window, name) for name in ANSWERS}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown():
    """Nobody answers what a window asks that qtbot closes; after a failure a run may be alive."""
    for name, answer in ANSWERS.items():
        setattr(main_window, name, lambda *_, answer=answer: answer)
    try:
        return (yield)
    finally:
        for name, asks in ASKING.items():
            setattr(main_window, name, asks)


@pytest.fixture(scope="session")
def translations():
    """The .qm files, made from the .ts files as they are now."""
    subprocess.run([sys.executable, ROOT / "packaging" / "translations.py"], check=True)


@pytest.fixture(scope="session")
def dressed(qapp, translations):
    """The application with its fonts and colours."""
    theme.start(qapp, "light")
    return qapp


@pytest.fixture(autouse=True)
def leaves_nothing(dressed, qtbot):
    """English and light at the start of each test; no thread, job or window after it."""
    _let_go()  # what the test before gave to qtbot
    left = QApplication.topLevelWidgets()
    assert not left, f"the test before left {left}"
    language.use("en")
    theme.use("light")
    yield
    assert QThreadPool.globalInstance().waitForDone(20_000), "a job is still running"
    running = [each for each in dressed.findChildren(QThread) if each.isRunning()]
    assert not running, "a thread is still running"
    for window in QApplication.topLevelWidgets():
        assert not window.isVisible() or window in _closed_by_qtbot(qtbot), f"{window} stays open"


@pytest.fixture
def stage(leaves_nothing, home):
    """A window on which the scenes of tests/gui/scenes.py are set; it asks nothing when it goes."""
    from finetune_studio.gui.main_window import MainWindow
    from finetune_studio.gui.preferred import Preferred
    from finetune_studio.preferences import Preferences
    from tests.gui.scenes import Stage, strike

    window = MainWindow(Preferred(Preferences()))
    window.show()
    yield Stage(window, home)
    strike(window)
    window.deleteLater()
    _let_go()


def _let_go():
    """Delete what waits to be deleted; without a running event loop nobody does."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    if QApplication.topLevelWidgets():
        gc.collect()  # a window that is in a cycle with what it connected


def _closed_by_qtbot(qtbot):
    return [reference() for reference, _ in getattr(qtbot._request.node, "qt_widgets", [])]
