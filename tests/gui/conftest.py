"""What the window's tests share: one dressed application, real translations, and no leftovers."""

import gc
import subprocess
import sys
import weakref

import pytest
import shiboken6

pytest.importorskip("PySide6.QtWidgets", reason="needs_window: Qt's libraries are not installed")

from PySide6.QtCore import QCoreApplication, QEvent, QThread, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from finetune_studio.gui import language, main_window
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.theme import theme
from finetune_studio.preferences import Preferences
from finetune_studio.runs import liveness
from tests.conftest import ROOT

ANSWERS = {"ask_to_close": "leave", "ask_to_save": "drop"}
ASKING = {name: getattr(main_window, name) for name in ANSWERS}

SELDOM = 25  # tests between two looks through all that is in memory

STARTED = weakref.WeakSet()
"""Every thread and timer of Qt that was started, as long as somebody keeps it."""


def _note_starts(kind):
    start = kind.start

    def noting(self, *arguments):
        STARTED.add(self)
        return start(self, *arguments)

    kind.start = noting


for each in (QThread, QTimer):
    _note_starts(each)


def _dress_alone(add):
    """A page that a test shows by itself looks as it does in the window."""

    def adding(self, widget, **arguments):
        if widget.parent() is None and not widget.styleSheet():
            theme.dress(widget)
        return add(self, widget, **arguments)

    return adding


QtBot.addWidget = _dress_alone(QtBot.addWidget)


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
    gc.collect(2 if gc.get_count()[2] > SELDOM else 1)
    left = QApplication.topLevelWidgets()
    told = f"the test before left {left}"
    for each in filter(shiboken6.isValid, left):
        shiboken6.delete(each)  # it is told once, not by every test that comes
    assert not left, told
    assert not (ticking := _going(QTimer)), f"the test before left {_told(ticking)}"
    language.use("en")
    theme.use("light")
    collects = gc.isenabled()
    gc.disable()  # as under a window: a page alone, too, has threads that must not end widgets
    yield
    (gc.enable if collects else gc.disable)()
    assert QThreadPool.globalInstance().waitForDone(20_000), "a job is still running"
    assert not (running := _going(QThread)), f"{running} still runs"
    assert not (trainers := _trainers()), f"{trainers} still train"
    for window in QApplication.topLevelWidgets():
        assert not window.isVisible() or window in _closed_by_qtbot(qtbot), f"{window} stays open"


@pytest.fixture
def begun(qtbot):
    """A window in which a project was just begun; no job of it goes on after the test."""
    made = main_window.MainWindow(Preferred(Preferences()))
    qtbot.addWidget(made)
    made.show()
    made.new_project()
    yield made
    made.jobs.close()


@pytest.fixture
def stage(leaves_nothing, home):
    """A window on which the scenes of tests/gui/scenes.py are set; it asks nothing when it goes."""
    from tests.gui.scenes import Stage, strike

    window = main_window.MainWindow(Preferred(Preferences()))
    window.show()
    yield Stage(window, home)
    strike(window)
    window.deleteLater()
    _let_go()


def _going(kind):
    """What was started of a kind and still goes."""
    there = [each for each in STARTED if isinstance(each, kind) and shiboken6.isValid(each)]
    return [each for each in there if (each.isRunning() if kind is QThread else each.isActive())]


def _told(timers):
    """Whose timers they are."""
    return [f"one of {each.interval()} ms in {each.parent()}" for each in timers]


def _trainers():
    """The trainers that were started here and go on."""
    return [child.pid for child in liveness._children.values() if child.poll() is None]


def _let_go():
    """Delete what waits to be deleted; without a running event loop nobody does."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    if QApplication.topLevelWidgets():
        gc.collect()  # a window that is in a cycle with what it connected


def _closed_by_qtbot(qtbot):
    return [reference() for reference, _ in getattr(qtbot._request.node, "qt_widgets", [])]
