"""Turns of the window's thread: what waits, in which order, and what never acts."""

import time
from functools import partial
from itertools import pairwise

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from finetune_studio.gui import language
from finetune_studio.gui.turns import PART, Turns, later, turns_of
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.layout import Pane, column
from finetune_studio.gui.widgets.text import Text


class Actor(QWidget):
    def __init__(self, told, name="", parent=None):
        super().__init__(parent)
        self._told, self._name = told, name

    def act(self):
        self._told.append(self._name)


@pytest.fixture
def window(qtbot):
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


def test_what_waits_already_is_done_once(window, qtbot):
    told = []
    actor = Actor(told, "a", window)
    for _ in range(5):
        later(actor, actor.act)
    assert told == []
    qtbot.waitUntil(lambda: not turns_of(window).busy)
    assert told == ["a"]


def test_what_is_in_sight_comes_first(window, qtbot):
    told = []
    hidden, seen = Actor(told, "hidden", window), Actor(told, "seen", window)
    seen.show()
    hidden.hide()
    later(hidden, hidden.act)
    later(seen, seen.act)
    qtbot.waitUntil(lambda: not turns_of(window).busy)
    assert told == ["seen", "hidden"]


def test_who_is_gone_does_not_act(window, qtbot):
    told = []
    actor = Actor(told, "gone", window)
    later(actor, actor.act)
    actor.setParent(None)
    actor.deleteLater()
    qtbot.waitUntil(lambda: not turns_of(window).busy)
    assert told == []


def test_long_work_is_parted(window, qtbot):
    turns, seen = turns_of(window), []
    waiting = [lambda n=n: (seen.append(n), time.sleep(PART)) for n in range(4)]
    for act in waiting:
        turns.add(act)
    turns._go_on()
    assert seen == [0], "one turn did more than its part"
    qtbot.waitUntil(lambda: not turns.busy)
    assert seen == [0, 1, 2, 3]


def test_each_window_has_one(window, qtbot):
    inner = QWidget(window)
    assert turns_of(inner) is turns_of(window)
    assert len(window.findChildren(Turns)) == 1


def test_what_waits_before_there_is_a_window_goes_on_in_that_window(window, qtbot):
    told = []
    actor = Actor(told, "a")
    later(actor, actor.act)
    before = turns_of(actor)
    actor.setParent(window)
    actor.show()
    before._go_on()
    assert not before.busy
    assert turns_of(window).busy
    qtbot.waitUntil(lambda: not turns_of(window).busy)
    assert told == ["a"]


def test_a_card_follows_the_language_in_a_turn_of_its_own(window, qtbot):
    said = Text(lambda: language.current())
    card = Card(column(said), name=lambda: language.current())
    window.setLayout(column(card))
    language.use("ko")
    qtbot.waitUntil(lambda: said.text() == "ko")
    assert card.accessibleName() == "ko"


def test_each_pane_follows_the_language_in_a_turn_of_its_own(window, qtbot):
    panes = [Pane(column(Text(lambda: language.tr("Loss")))) for _ in range(3)]
    window.setLayout(column(*panes))
    said = [each.findChild(Text) for each in panes]
    qtbot.waitUntil(lambda: not turns_of(window).busy)
    language.use("ko")
    QApplication.sendPostedEvents()
    assert [each.text() for each in said] == ["Loss"] * 3  # nothing yet: it waits for its turn
    qtbot.waitUntil(lambda: not turns_of(window).busy)
    assert [each.text() for each in said] == ["손실"] * 3


def test_a_timer_that_is_due_comes_between_two_turns(window, qtbot):
    told, beat = [], QTimer(interval=1, timerType=Qt.TimerType.PreciseTimer)
    beat.timeout.connect(lambda: told.append("beat"))

    def work(name):
        time.sleep(2 * PART)
        told.append(name)

    acts = [partial(work, f"act {n}") for n in range(6)]
    beat.start()
    for act in acts:
        later(window, act)
    qtbot.waitUntil(lambda: not turns_of(window).busy)
    beat.stop()
    places = [at for at, each in enumerate(told) if each != "beat"]
    assert len(places) == len(acts)
    assert all(after - before > 1 for before, after in pairwise(places)), told
