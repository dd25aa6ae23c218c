"""History with its comparison, preferences, help, and what the start page shows of the sample."""

import csv
import re
from dataclasses import replace
from importlib.metadata import version

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from finetune_studio import paths
from finetune_studio.gui import amounts, language
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.pages.help import TOPICS, HelpPage, topic_file
from finetune_studio.gui.pages.history import HistoryPage
from finetune_studio.gui.pages.machine import MachineCard
from finetune_studio.gui.pages.options import OptionsPage
from finetune_studio.gui.pages.overlay import MOST
from finetune_studio.gui.pages.setup import SetupPage
from finetune_studio.gui.pages.start import EXAMPLES
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import PressCard
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.choice import Tick
from finetune_studio.gui.widgets.dialog import Ask
from finetune_studio.gui.widgets.text import Text
from finetune_studio.hardware.check import Check
from finetune_studio.preferences import Preferences, load
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.events import EARLY_STOPPING, Finished
from tests.gui.resting import at_rest
from tests.gui.trainers import WHOLE, make_run
from tests.helpers.past import T0, past_run

CODES = ("ko", "en")


@pytest.fixture
def history(qtbot):
    jobs, made = Jobs(), []

    def make():
        page = HistoryPage(Preferred(Preferences()), jobs)
        qtbot.addWidget(page)
        page.resize(1100, 800)
        page.show()
        made.append(page)
        at_rest(qtbot, lambda: not jobs.busy, timeout=20_000)
        return page

    yield make
    jobs.close()


@pytest.fixture
def runs(qtbot):
    """Three runs that differ in their learning rate."""
    paths.runs().mkdir(parents=True)
    made = []
    for index, rate in enumerate((1e-4, 2e-4, 3e-4)):
        recipe = store.with_changes(Recipe(), {"training.learning_rate": rate})
        run, start = make_run(paths.runs(), WHOLE, f"실험 {index}", recipe)
        trainer = start()
        qtbot.waitUntil(lambda trainer=trainer: not trainer.is_alive(), timeout=20_000)
        made.append(run)
    return made


def said(page):
    return [each.plain for each in page.findChildren(Text) if each.isVisible()]


def test_without_runs_it_says_what_will_stand_there(history, qtbot):
    page = history()
    qtbot.waitUntil(lambda: "No runs yet" in said(page))


def test_a_run_alone_is_not_compared(history, qtbot):
    past_run(paths.runs() / "alone")
    page = history()
    assert [each.isVisible() for each in page.findChildren(Tick)] == [False]
    assert not page.compare.isVisible()


def test_runs_are_listed_and_opened(history, runs, qtbot):
    page = history()
    card = next(c for c in page.findChildren(PressCard) if c.accessibleName() == "실험 1")
    with qtbot.waitSignal(page.run_asked) as asked:
        qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    assert asked.args == [str(runs[1].path)]


def test_a_run_that_stopped_early_says_so_and_when(history):
    early = Finished(time=T0 + 4, step=20, reason=EARLY_STOPPING)
    for name, end in (("early", early), ("whole", None)):
        run = past_run(paths.runs() / name, end=end)
        run.write_info(replace(run.info(), created=T0))
    page = history()
    badges = [each.accessibleName() for each in page.findChildren(Badge)]
    assert sorted(badges) == ["Done", "Stopped early"]
    assert sum(each.endswith(f" · {amounts.clock(T0)}") for each in said(page)) == 2


def test_curves_are_laid_over_each_other_with_what_differs(history, runs, qtbot):
    page = history()
    ticks = page.findChildren(Tick)
    assert len(ticks) == 3
    assert not page.compare.isEnabled()
    for each in ticks[:2]:
        qtbot.mouseClick(each, Qt.MouseButton.LeftButton)
    assert not page._overlay.isVisible()
    assert page.compare.text() == "Compare 2"
    qtbot.mouseClick(page.compare, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(page._overlay.isVisible, timeout=20_000)
    named = {"Learning rate", "Best validation loss"}
    qtbot.waitUntil(lambda: named <= set(said(page._overlay)))
    drawn = [len(each.getData()[0]) for each in page._overlay._plot._curves[:2]]
    assert drawn == [3, 3]
    page._overlay._choose(False)
    assert len(page._overlay._plot._curves[0].getData()[0]) == 100
    qtbot.mouseClick(ticks[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not page._overlay.isVisible())


def test_no_more_runs_are_compared_than_can_be_told_apart(history, runs):
    page = history()
    page._compared = [runs[0]] * MOST
    page._ticks[runs[0].path].show_value(True)
    page._pick(runs[1], True)
    assert len(page._compared) == MOST


def test_a_run_is_deleted_after_a_question(history, runs, qtbot, monkeypatch):
    page = history()
    answers = iter(["keep", "delete"])
    monkeypatch.setattr(Ask, "ask", lambda _: next(answers))
    for left in (3, 2):
        drop = next(b for b in page.findChildren(Button) if b.accessibleName() == "Delete 실험 0")
        qtbot.mouseClick(drop, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda left=left: len(list(paths.runs().glob("실험 ?"))) == left)
        at_rest(qtbot, lambda: not page._jobs.busy)
    assert not runs[0].path.exists()


def test_preferences_count_at_once(qtbot):
    preferred = Preferred(Preferences())
    page = OptionsPage(preferred)
    qtbot.addWidget(page)
    page.show()
    qtbot.mouseClick(page._advanced, Qt.MouseButton.LeftButton)
    assert load().preferences.advanced is True
    with qtbot.waitSignal(page.language_asked) as asked:
        page._language._group.button(1).click()
    assert asked.args == ["ko"]
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    page._advanced.setFocus()
    with qtbot.waitSignal(page.left):
        qtbot.keyClick(page._advanced, Qt.Key.Key_Escape)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_of_the_help_is_there(qtbot, code, topic):
    language.use(code)
    page = HelpPage()
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show()
    page.open(topic)
    QApplication.processEvents()
    text = page._text.toPlainText()
    assert len(text) > 100
    assert bool(re.search("[가-힣]", text.replace("안녕하세요", ""))) == (code == "ko")


def test_both_languages_have_the_same_topics():
    for code in CODES:
        found = {each.stem for each in topic_file("start", code).parent.glob("*.md")}
        assert found == set(TOPICS)


def test_the_examples_of_the_start_page_are_rows_of_the_sample():
    path = paths.resources() / "samples" / "korean_qa.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = {tuple(row[:2]) for row in csv.reader(file)}
    assert set(EXAMPLES) <= rows


def test_leaving_a_place_gives_the_keyboard_to_the_page_below(stage, qtbot):
    stage.project()
    stage.show("method")
    stage.window.show_place("help")
    qtbot.keyClick(stage.window.pages.cover_now, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: stage.window.pages.cover_now is None)
    assert stage.window.focusWidget() is stage.window.wizard


def test_going_back_leads_to_the_place_that_led_here(stage, qtbot):
    window = stage.window
    window.show_place("preferences")
    window.pages.cover_now.place_asked.emit("setup")
    qtbot.waitUntil(lambda: isinstance(window.pages.cover_now, SetupPage))
    window.pages.cover_now.left.emit()
    qtbot.waitUntil(lambda: isinstance(window.pages.cover_now, OptionsPage))
    window.pages.cover_now.left.emit()
    qtbot.waitUntil(lambda: window.pages.cover_now is None)


def test_the_set_up_says_what_trains_in_a_python_of_ones_own(stage):
    pytest.importorskip("torch", reason="needs_train: the extra `train` is not installed")
    stage.window.show_place("setup")
    said = " ".join(each.plain for each in stage.window.pages.cover_now.findChildren(Text))
    for name in ("torch", "transformers", "peft"):
        assert f"{name} {version(name)}" in said


def test_runs_of_one_name_are_told_apart_and_the_comparison_closes(history, qtbot):
    for name, when in (("one", T0), ("two", T0 + 7200), ("three", T0 + 7200)):
        run = past_run(paths.runs() / name)
        run.write_info(replace(run.info(), name="카페", created=when))
    page = history()
    for each in page.findChildren(Tick):
        qtbot.mouseClick(each, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page.compare, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(page._overlay.isVisible, timeout=20_000)
    names = [each.name for each in page._overlay._runs]
    assert len(set(names)) == 3
    assert all(each.startswith("카페 · ") for each in names)
    assert all(said(page._overlay).count(each) == 2 for each in names)
    qtbot.mouseClick(page._overlay.close_it, Qt.MouseButton.LeftButton)
    assert not page._overlay.isVisible()


def test_the_check_of_the_machine_says_what_is_in_order_and_nothing_twice(qtbot):
    card = MachineCard()
    qtbot.addWidget(card)
    card.show()
    none = Check("driver", "warning", "No NVIDIA GPU was found.", "The demo can be trained.")
    sound = Check("ram", "ok", "24 GiB of main memory.")
    card._tell([none, sound])
    qtbot.waitUntil(lambda: "Everything is ready to train." in said(card))
    assert "24 GiB of main memory." in said(card)
    assert "No NVIDIA GPU was found." not in said(card)
    card._tell([none, sound, Check("disk", "problem", "The disk is full.", "Free space.")])
    qtbot.waitUntil(lambda: "The rest is in order." in said(card))
    assert "The disk is full." in said(card)
    assert "Everything is ready to train." not in said(card)
