"""Cycles are collected in the window's thread alone, by Python's thresholds, while it is there."""

import gc
import math
import threading
import time
import weakref

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from finetune_studio.gui import collecting
from finetune_studio.gui.collecting import Collecting, due

SECONDS = 0.6  # that a thread allocates; the window looks several times meanwhile


class Cycle(QWidget):
    """A widget that only collecting ends."""

    def __init__(self):
        super().__init__()
        self.itself = self


@pytest.fixture(params=[True, False], ids=["python-collects", "python-does-not"])
def before(request):
    """Whether Python collected by itself before the window came."""
    was = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if was else gc.disable)()


@pytest.fixture
def collected():
    """The threads in which cycles were collected, and which generation."""
    seen = []

    def note(phase, told):
        if phase == "start":
            seen.append((threading.get_ident(), told["generation"]))

    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)


def allocate():
    """As a job does that reads rows: far more is made, and kept, than one generation holds."""
    kept, until = [], time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        kept.append([[] for _ in range(gc.get_threshold()[0])])
        time.sleep(0.001)


@pytest.fixture
def busy_thread(qtbot):
    """Starts a thread that allocates; the window's event loop goes on until it has ended."""

    def run():
        thread = threading.Thread(target=allocate)
        thread.start()
        qtbot.waitUntil(lambda: not thread.is_alive(), timeout=60_000)
        thread.join()

    return run


@pytest.fixture
def collecting_here():
    """Collects as a window does."""
    owner = QObject()
    made = Collecting(owner)
    yield made
    made.stop()


@pytest.fixture
def by_hand(collecting_here, collected):
    """Looks only when it is told to."""
    collecting_here._timer.blockSignals(True)
    collected.clear()
    return collecting_here


def test_a_widget_in_a_cycle_ends_in_the_windows_thread(collecting_here, busy_thread):
    ended = []
    weakref.finalize(Cycle(), lambda: ended.append(threading.get_ident()))
    busy_thread()
    assert ended == [threading.get_ident()]


def test_what_a_thread_makes_never_lets_it_collect(collecting_here, collected, busy_thread):
    collected.clear()
    busy_thread()
    assert {thread for thread, _ in collected} == {threading.get_ident()}


def test_without_it_a_thread_does_collect(collected, busy_thread):
    """Else the tests above would hold of anything."""
    gc.enable()
    busy_thread()
    assert {thread for thread, _ in collected} - {threading.get_ident()}


def look_often(collects):
    """Often enough for the oldest generation to be due a few times."""
    first, second, third = gc.get_threshold()
    for _ in range(3 * (second + 1) * (third + 1)):
        kept = [[] for _ in range(2 * first)]
        collects.look()
        del kept


def test_every_generation_has_its_turn(by_hand, collected, monkeypatch):
    monkeypatch.setattr(collecting, "SHARE", math.inf)  # as long as it takes
    look_often(by_hand)
    found = [generation for _, generation in collected]
    assert set(found) == {0, 1, 2}
    assert found.count(0) > found.count(1) > found.count(2)


def test_looking_through_everything_waits_its_share_of_the_time(by_hand, collected, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now.__setitem__(0, now[0] + 0.1) or now[0])
    monkeypatch.setattr(collecting, "due", lambda oldest: oldest)
    by_hand.look()  # took 0.1 s
    by_hand.look()
    now[0] += 0.1 / collecting.SHARE
    by_hand.look()
    monkeypatch.undo()
    assert [generation for _, generation in collected] == [2, 1, 2]


def test_what_may_not_be_looked_through_yet_lets_the_younger_have_their_turns(
    by_hand, collected, monkeypatch
):
    monkeypatch.setattr(by_hand, "_not_before", math.inf)
    look_often(by_hand)
    found = [generation for _, generation in collected]
    assert set(found) == {0, 1}
    assert found.count(0) > gc.get_threshold()[1] * found.count(1) / 2


def test_nothing_is_due_that_is_under_its_threshold():
    gc.collect()
    assert due() is None


def test_what_a_library_turned_on_is_turned_off_again(by_hand):
    gc.enable()
    by_hand.look()
    assert not gc.isenabled()


def test_python_collects_afterwards_as_it_did_before(before):
    owner = QObject()
    first, second = Collecting(owner), Collecting(owner)
    assert not gc.isenabled()
    first.stop()
    first.stop()
    assert not gc.isenabled()
    second.stop()
    assert gc.isenabled() is before


def test_the_window_collects_while_it_is_there(before, home, qtbot):
    from finetune_studio.gui.main_window import MainWindow
    from finetune_studio.gui.preferred import Preferred
    from finetune_studio.preferences import Preferences

    window = MainWindow(Preferred(Preferences()))
    qtbot.addWidget(window)
    window.show()
    assert not gc.isenabled()
    window.close()
    assert gc.isenabled() is before
