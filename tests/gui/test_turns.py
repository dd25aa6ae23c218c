"""Turns of the window's thread: what waits, in which order, and what never acts."""

import time
from functools import partial
from itertools import pairwise

import pytest
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtWidgets import QApplication, QStackedWidget, QWidget

from finetune_studio.gui import language
from finetune_studio.gui.turns import LONGEST, PART, Part, Turns, later, tell_language, turns_of
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import Pane, Scroller, box, column
from finetune_studio.gui.widgets.text import Text
from tests.gui.painting import Painted


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


def words():
    return language.tr("Loss")


def test_a_part_stays_as_it_was_until_all_in_it_have_followed_and_is_painted_once(window, qtbot):
    inner = [Card(column(Text(words))) for _ in range(3)]
    outer = Pane(column(*inner))
    window.setLayout(column(outer))
    qtbot.waitUntil(lambda: not turns_of(window).busy)
    QApplication.processEvents()
    painted = [Painted(each) for each in (outer, *inner)]
    seen, follow = [], Part._follow_language

    def following(part):
        follow(part)
        time.sleep(PART)  # so that each has a turn of its own
        seen.append([each.times for each in painted])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Part, "_follow_language", following)
        language.use("ko")
        QApplication.sendPostedEvents()
        qtbot.waitUntil(lambda: not turns_of(window).busy)
    assert seen == [[0, 0, 0, 0]] * 4
    assert outer.updatesEnabled()
    QApplication.processEvents()
    assert [each.times for each in painted] == [1, 1, 1, 1]
    assert [each.findChild(Text).text() for each in inner] == ["손실"] * 3


def test_a_part_that_stands_still_is_shown_again_though_something_waits_for_ever(window, qtbot):
    pane = Pane(column(Text(words)))
    window.setLayout(column(pane))
    qtbot.waitUntil(lambda: not turns_of(window).busy)
    turns, over = turns_of(window), []

    def again():
        if not over:
            turns.add(partial(again))

    again()
    begun = time.perf_counter()
    language.use("ko")
    QApplication.sendPostedEvents()
    assert not pane.updatesEnabled()
    qtbot.waitUntil(pane.updatesEnabled)
    assert time.perf_counter() - begun >= LONGEST
    over.append(True)
    qtbot.waitUntil(lambda: not turns.busy)


@pytest.mark.parametrize("seen", [True, False])
def test_only_what_is_in_sight_stands_still(window, qtbot, seen):
    pane = Pane(column(Text(words)))
    pane.setVisible(seen)
    window.setLayout(column(pane))
    qtbot.waitUntil(lambda: not turns_of(window).busy)
    language.use("ko")
    QApplication.sendPostedEvents()
    assert pane.updatesEnabled() != seen
    qtbot.waitUntil(lambda: not turns_of(window).busy)
    assert pane.updatesEnabled()
    assert pane.findChild(Text).text() == "손실"


def test_what_is_to_be_shown_at_once_comes_before_all_that_waits(window, qtbot):
    turns, told = turns_of(window), []
    for n in range(2):
        turns.add(lambda n=n: told.append(n))
    turns.end(lambda: told.append("shown at last"))
    turns.end(lambda: told.append("shown"), within=0)
    turns._go_on()
    assert told == ["shown"]  # and the turn ends: it is painted
    qtbot.waitUntil(lambda: not turns.busy)
    assert told == ["shown", 0, 1, "shown at last"]


def test_a_part_of_which_a_word_fails_is_shown_again(window, qtbot):
    def fails():
        if language.current() == "ko":
            raise ValueError
        return ""

    pane = Pane(column(Text(fails)))
    window.setLayout(column(pane))
    with qtbot.captureExceptions() as errors:
        language.use("ko")
        QApplication.sendPostedEvents()
        qtbot.waitUntil(lambda: not turns_of(window).busy)
    assert [kind for kind, _, _ in errors] == [ValueError]
    assert pane.updatesEnabled()


def test_what_only_holds_others_is_told_and_not_painted(window, qtbot):
    told = []

    class Page(Pane):
        def changeEvent(self, event):
            super().changeEvent(event)
            if event.type() == QEvent.Type.LanguageChange:
                told.append(language.current())

    stack, inner = QStackedWidget(), column()
    stack.addWidget(Scroller(column(box(inner))))
    page = Page(column(stack))
    window.setLayout(column(page))
    window.resize(300, 200)
    QApplication.processEvents()
    painted = [Painted(each) for each in (page, *page.findChildren(QWidget))]
    tell_language(page)
    QApplication.processEvents()
    assert told == ["en"]
    assert {each.times for each in painted} == {0}
    leaf = Glyph("check", "ok")  # what is no holder may paint words that it asks for as it paints
    inner.addWidget(leaf)
    QApplication.processEvents()
    seen = Painted(leaf)
    tell_language(page)
    QApplication.processEvents()
    assert seen.times == 1


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
