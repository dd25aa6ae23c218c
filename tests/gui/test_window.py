"""The window as a whole: pages, keyboard, sizes, closing, both languages and colours."""

import errno
import json
import os
import re
import threading
from functools import partial

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QWidget,
)

from finetune_studio import preferences
from finetune_studio.errors import StudioError
from finetune_studio.gui import language
from finetune_studio.gui.alerts import Alert, details
from finetune_studio.gui.jobs import WORKERS
from finetune_studio.gui.main_window import MainWindow
from finetune_studio.gui.pages import tokenizer
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.project import folder
from finetune_studio.gui.steps import STEPS
from finetune_studio.gui.theme import theme
from finetune_studio.gui.tokens import Size
from finetune_studio.gui.turns import turns_of
from finetune_studio.gui.widgets.card import PressCard
from finetune_studio.gui.widgets.dialog import Ask
from finetune_studio.gui.widgets.text import Text
from finetune_studio.gui.widgets.veil import Veil
from finetune_studio.preferences import Preferences, load
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.events import EventReader
from finetune_studio.runs.state import fold
from tests.gui.resting import at_rest
from tests.gui.trainers import ENDLESS, WHOLE, make_run

CONFIG = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 600,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
    "tie_word_embeddings": True,
}


@pytest.fixture
def window(qtbot, home):
    made = MainWindow(Preferred(Preferences()))
    qtbot.addWidget(made)
    made.show()
    yield made
    if made.project is not None:
        made.project.watch.leave()
    made.jobs.close()


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "질문.csv"
    rows = "".join(f"질문 {n}?,답 {n}이에요.\n" for n in range(100))
    path.write_text("question,answer\n" + rows, encoding="utf-8")
    return path


@pytest.fixture
def model(tmp_path):
    """A model's folder with what a plan reads of it."""
    folder = tmp_path / "작은 모델"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    return folder


@pytest.fixture
def project(window, csv, model):
    window.new_project()
    window.project.session.change({"data.files": [str(csv)], "model.source": str(model)})
    return window.project


def test_a_new_project_opens_and_is_saved(window):
    window.new_project()
    assert len(list(folder().iterdir())) == 1
    assert window.project.name in window.windowTitle()


def test_rows_are_counted_and_the_steps_reckoned(window, project, qtbot):
    qtbot.waitUntil(lambda: project.facts.data is not None, timeout=30_000)
    data = project.facts.data
    assert data.rows == 100
    assert data.training + data.validation == 100
    project.session.change({"training.batch_size": 10, "training.accumulation": 1})
    assert project.facts.steps.per_epoch == -(-data.training // 10)


def test_files_that_cannot_be_read_block_the_start(window, tmp_path, qtbot):
    window.new_project()
    window.project.session.change({"data.files": [str(tmp_path / "nothing.csv")]})
    qtbot.waitUntil(lambda: window.project.facts.data_error is not None, timeout=30_000)
    window.wizard.go("hyperparameters")
    assert not window.wizard._footer.onward.isEnabled()
    assert tokenizer.STEP.summary(window.project) == "waits for data"  # and does not go on counting


def test_every_step_is_reached_by_its_keys(window, qtbot):
    window.new_project()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    for number, step in enumerate(STEPS, 1):
        qtbot.keyClick(
            window, getattr(Qt.Key, f"Key_{number}"), Qt.KeyboardModifier.ControlModifier
        )
        qtbot.waitUntil(lambda key=step.key: window.wizard.current_key == key)


def test_undo_by_keyboard(window, qtbot):
    window.new_project()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.project.session.change({"training.epochs": 9})
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.project.session.value("training.epochs") == 3


def test_every_control_is_reached_by_tab_and_has_a_name(window, qtbot):
    window.new_project()
    for step in STEPS:
        window.wizard.go(step.key)
        _settle(window, qtbot)
        assert window.wizard.page(step.key).isVisible()
        kinds = (QAbstractButton, QAbstractSpinBox, QComboBox)
        for control in [each for kind in kinds for each in window.wizard.findChildren(kind)]:
            if control.isVisible():
                assert control.accessibleName() or control.text(), control
                assert _in_reach(control), control
        for line in window.wizard.findChildren(QLineEdit):
            if line.isVisible() and not isinstance(line.parent(), QAbstractSpinBox):
                assert line.accessibleName(), line


def test_targets_are_large_enough(window, qtbot):
    window.new_project()
    for step in STEPS:
        window.wizard.go(step.key)
        _settle(window, qtbot)
        assert window.wizard.page(step.key).isVisible()
        for button in window.wizard.findChildren(QAbstractButton):
            if button.isVisible() and button.isVisibleTo(window):
                assert button.height() >= 22, button.accessibleName()
                assert button.width() >= 22, button.accessibleName()


@pytest.mark.parametrize("code", ["ko", "en"])
@pytest.mark.parametrize("size", [(1100, 700), (1280, 720), (1360, 860), (2560, 1440)])
def test_no_words_are_cut_at_any_size(window, project, qtbot, code, size):
    language.use(code)
    window.resize(*size)
    qtbot.waitUntil(lambda: (window.width(), window.height()) == size)
    for key in [step.key for step in STEPS]:
        window.wizard.go(key)
        _settle(window, qtbot)
        for label in window.wizard.findChildren(Text):
            if label.isVisible() and label.text():
                need = label.sizeHint().width() if not label.wordWrap() else 0
                assert label.width() >= need, (key, label.plain, label.width(), need)
                if label.wordWrap() and label.hasHeightForWidth():
                    tall = label.heightForWidth(label.width())
                    assert label.height() >= tall, (key, label.plain, label.height(), tall)


def test_the_shell_never_scrolls_and_the_rail_gets_narrow(window, qtbot):
    window.new_project()
    window.resize(1100, 700)
    qtbot.waitUntil(lambda: window.wizard._side.width() == 64)
    window.resize(1400, 860)
    qtbot.waitUntil(lambda: window.wizard._side.width() == 224)


def test_a_language_that_cannot_be_had_is_told_and_not_kept(window, qtbot, monkeypatch, tmp_path):
    monkeypatch.setattr(language, "folder", lambda: tmp_path)
    monkeypatch.setattr(language, "_made", {})
    before = window.preferred.value.language
    window.appearance.use_language("ko")
    assert window.preferred.value.language == before
    at_rest(qtbot, lambda: not window.jobs.busy)
    assert load().preferences.language == before
    assert window.findChild(Alert).isVisible()
    assert window.findChild(Veil).geometry() == window.rect()
    window.resize(1300, 800)
    assert window.findChild(Veil).geometry() == window.rect()
    window.findChild(Alert).accept()
    assert not window.findChild(Veil).isVisible()


def test_language_and_colours_switch_in_the_open_window(window, project, qtbot):
    looks = window.wizard.header.looks
    qtbot.mouseClick(looks._language, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: load().preferences.language == "ko")
    qtbot.waitUntil(
        lambda: (
            window.wizard._rail.items[0].accessibleName().endswith("세부 설정")
            or window.wizard._rail.items[0].step.title != "Settings"
        )
    )
    at_rest(qtbot, lambda: not window.jobs.busy, timeout=20_000)
    said = [label.plain for label in window.wizard.findChildren(Text) if label.isVisible()]
    english = [each for each in said if re.search(r"[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}", each)]
    assert not english
    qtbot.mouseClick(looks._theme, Qt.MouseButton.LeftButton)
    assert theme.dark
    qtbot.waitUntil(lambda: load().preferences.theme == "dark")
    ground = window.grab().toImage().pixelColor(QPoint(400, 200))
    assert ground.lightness() < 60


def test_the_next_step_has_a_key_and_a_jump_enters_the_page(window, project, qtbot):
    window.wizard.go("model")
    qtbot.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.wizard.current_key == "dataset")
    qtbot.keyClick(window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.wizard.current_key == "method")
    page = window.wizard.page("method")
    qtbot.waitUntil(page.hasFocus)
    qtbot.keyClick(page, Qt.Key.Key_Tab)
    assert page.isAncestorOf(window.focusWidget())


def test_the_data_s_licence_has_a_field_that_its_finding_leads_to(window, project):
    window.wizard.reveal("licence.data")
    assert window.wizard.current_key == "dataset"
    field = window.focusWidget()
    assert field.accessibleName() == "Data licence"


def test_a_finding_in_the_panel_leads_to_its_setting(window, project, qtbot):
    project.session.change({"training.learning_rate": 1e-3})
    window.wizard.go("training")
    window.wizard.reveal("training.learning_rate")
    assert window.wizard.current_key == "hyperparameters"
    field = window.wizard.page(window.wizard.current_key).form.rows["training.learning_rate"]
    assert field.controls[-1].hasFocus() or window.focusWidget() is field.controls[-1]


def test_closing_remembers_project_step_and_place(window, project, qtbot):
    path = project.session.path
    project.session.change({"training.epochs": 8})
    window.wizard.go("training")
    window.close()
    kept = load().preferences
    assert (kept.last, kept.step) == (str(path), "training")
    assert store.load(path).training.epochs == 8
    again = MainWindow(Preferred(kept))
    qtbot.addWidget(again)
    again.open_first("")
    assert again.wizard.current_key == "training"
    assert again.project.session.value("training.epochs") == 8
    assert again.preferred.value.geometry
    again.jobs.close()


def test_the_window_never_waits_for_the_disk_to_keep_preferences(window, qtbot, monkeypatch):
    at_rest(qtbot, lambda: not window.jobs.busy)
    sync, ready, waited = os.fsync, threading.Event(), []

    def slow(handle):
        waited.append(threading.current_thread())
        assert waited[-1] is threading.main_thread() or ready.wait(20)
        sync(handle)

    monkeypatch.setattr(preferences.os, "fsync", slow)
    window.preferred.change(theme="dark")
    window.preferred.change(advanced=True)
    assert not load().preferences.advanced
    ready.set()
    qtbot.waitUntil(lambda: load().preferences == window.preferred.value)
    assert (window.preferred.value.theme, window.preferred.value.advanced) == ("dark", True)
    assert threading.main_thread() not in waited


def test_closing_keeps_preferences_that_no_job_had_come_to(window, qtbot):
    at_rest(qtbot, lambda: not window.jobs.busy)
    going = threading.Event()
    window.jobs.closing.connect(going.set, Qt.ConnectionType.DirectConnection)
    for number in range(WORKERS):
        window.jobs.run(f"long {number}", partial(going.wait, 20), print, print)
    window.preferred.change(advanced=True)
    assert not load().preferences.advanced
    window.close()
    assert load().preferences == window.preferred.value
    window.preferred.change(theme="dark")
    assert load().preferences.theme == "dark"


def test_preferences_that_cannot_be_kept_are_told_and_count(window, qtbot, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as meanwhile, qtbot.waitSignal(window.preferred.failed) as told:
        meanwhile.setattr(preferences.os, "fsync", full)
        window.preferred.change(advanced=True)
    assert told.args[0].errno == errno.ENOSPC
    assert window.findChild(Alert).isVisible()
    window.findChild(Alert).accept()
    assert window.preferred.value.advanced
    assert not load().preferences.advanced


def test_a_file_from_elsewhere_asks_before_it_is_left(window, tmp_path, monkeypatch):
    path = tmp_path / "recipe.yaml"
    store.save(Recipe(), path)
    window.open_path(str(path))
    window.project.session.change({"training.epochs": 8})
    answers = iter(["stay", "save"])
    monkeypatch.setattr(Ask, "ask", lambda _: next(answers))
    window.show_start()
    assert window.project is not None
    window.show_start()
    assert window.project is None
    assert store.load(path).training.epochs == 8


@pytest.mark.parametrize("text", ["", "a: [", "version: 99\n", "modle: {}\n"])
def test_a_bad_recipe_is_one_sentence_and_the_window_lives(window, tmp_path, qtbot, text):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with qtbot.waitSignal(window.door.shown) as told:
        window.open_path(str(path))
    assert isinstance(told.args[0], StudioError)
    assert window.project is None
    window.findChild(Alert).accept()


def test_a_run_is_taken_up_and_shown(window, tmp_path, qtbot):
    run, start = make_run(tmp_path, WHOLE)
    start()
    window.open_path(str(run.path))
    assert window.wizard.current_key == "training"
    with qtbot.waitSignal(window.project.watch.ended, timeout=20_000):
        pass
    page = window.wizard.page(window.wizard.current_key)
    assert page._status._title.plain == "Training is done"
    assert page._samples.isVisible()
    assert not page._status.pause.isVisible()


def test_closing_while_training_asks_and_the_run_goes_on(window, tmp_path, qtbot, monkeypatch):
    from finetune_studio.runs import process

    run, start = make_run(tmp_path, ENDLESS)
    start()
    window.open_path(str(run.path))
    qtbot.waitUntil(lambda: window.project.watch.state.step > 3, timeout=20_000)
    answers = iter(["stay", "leave"])
    monkeypatch.setattr(Ask, "ask", lambda _: next(answers))
    window.close()
    assert window.isVisible()
    window.close()
    assert not window.isVisible()
    assert process.is_alive(run)
    process.stop(run, "cancel")


def test_closing_with_stop_and_save_waits_for_the_end(window, tmp_path, qtbot, monkeypatch):
    run, start = make_run(tmp_path, ENDLESS)
    start()
    window.open_path(str(run.path))
    qtbot.waitUntil(lambda: window.project.watch.state.step > 3, timeout=20_000)
    monkeypatch.setattr(Ask, "ask", lambda _: "stop")
    window.close()
    assert window.isVisible()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)


def test_past_runs_stand_on_the_start_page(window, tmp_path, qtbot, home):
    from finetune_studio import paths

    paths.runs().mkdir(parents=True)
    run, start = make_run(paths.runs(), WHOLE)
    trainer = start()
    qtbot.waitUntil(lambda: not trainer.is_alive(), timeout=20_000)
    window.show_start()
    qtbot.waitUntil(lambda: bool(_cards(window, run.info().name)), timeout=20_000)
    qtbot.mouseClick(_cards(window, run.info().name)[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.project is not None)
    assert window.project.watch.run.path == run.path


def test_copied_details_hold_no_secret_and_no_name(monkeypatch):
    from pathlib import Path

    text = details(StudioError("No.", f"{Path.home()}/secret hf_abcdefghijklmnop", "Try."))
    assert str(Path.home()) not in text
    assert "hf_abcdefghijklmnop" not in text
    assert "Try." in text


def test_what_nobody_caught_is_told(window, qtbot):
    with qtbot.waitSignal(window.door.shown) as told:
        try:
            raise ZeroDivisionError("by zero")
        except ZeroDivisionError as error:
            window.door.tell(error)
    assert "ZeroDivisionError" in told.args[0].detail
    window.findChild(Alert).accept()


def _settle(window, qtbot):
    """Let what is read for a page arrive, and its layout come to rest."""
    turns = turns_of(window)
    for _ in range(5):
        qtbot.waitUntil(lambda: not window.jobs.busy and not turns.busy, timeout=20_000)
        QApplication.sendPostedEvents()
        QApplication.processEvents()
    qtbot.wait(100)


def _in_reach(control):
    """Whether Tab comes to it, or in a group of choices the arrow keys do."""
    group = control.group() if isinstance(control, QAbstractButton) else None
    if group is not None and group.exclusive():
        return any(each.focusPolicy() & Qt.FocusPolicy.TabFocus for each in group.buttons())
    return bool(control.focusPolicy() & Qt.FocusPolicy.TabFocus)


def _cards(window, name):
    return [each for each in window.findChildren(PressCard) if each.accessibleName() == name]


def test_two_windows_on_one_run_see_the_same_and_either_ends_it(window, tmp_path, qtbot, home):
    run, start = make_run(tmp_path, ENDLESS)
    start()
    other = MainWindow(Preferred(Preferences()))
    qtbot.addWidget(other)
    other.show()
    for each in (window, other):
        each.open_path(str(run.path))
        qtbot.waitUntil(lambda each=each: each.project.watch.state.step > 3, timeout=20_000)
    other.wizard.page("training")._status.stop.click()
    for each in (window, other):
        qtbot.waitUntil(lambda each=each: not each.project.watch.alive, timeout=20_000)
        assert each.wizard.page("training")._status._title.plain == "Stopped"
    assert window.project.watch.state.step == other.project.watch.state.step
    other.project.watch.leave()
    other.jobs.close()


def test_a_run_that_trains_already_is_not_started_twice(window, tmp_path, qtbot):
    run, start = make_run(tmp_path, ENDLESS)
    start()
    window.open_path(str(run.path))
    watch = window.project.watch
    qtbot.waitUntil(lambda: watch.state.step > 3, timeout=20_000)
    with qtbot.waitSignal(window.door.shown, timeout=30_000) as told:
        watch.resume()  # as a second window would, that has not seen yet that it goes on
    assert "training" in told.args[0].title
    window.findChild(Alert).accept()
    assert watch.alive
    watch.stop("cancel")
    qtbot.waitUntil(lambda: not watch.alive, timeout=20_000)


def test_after_the_machine_was_suspended_the_run_goes_on_in_the_window(window, tmp_path, qtbot):
    import psutil

    run, start = make_run(tmp_path, ENDLESS)
    trainer = psutil.Process(start().pid)
    window.open_path(str(run.path))
    watch = window.project.watch
    qtbot.waitUntil(lambda: watch.state.step > 3, timeout=20_000)
    trainer.suspend()
    qtbot.waitUntil(lambda: trainer.status() == psutil.STATUS_STOPPED)
    seen = fold(EventReader(run.events).read()).step
    qtbot.waitUntil(lambda: watch.state.step == seen)
    qtbot.wait(600)
    assert watch.state.step == seen
    assert watch.alive
    trainer.resume()
    qtbot.waitUntil(lambda: watch.state.step > seen + 3, timeout=20_000)
    watch.stop("cancel")
    qtbot.waitUntil(lambda: not watch.alive, timeout=20_000)


def test_a_full_disk_is_said_and_nothing_that_was_decided_is_lost(window, project, qtbot):
    import errno

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    project.session.change({"training.epochs": 8})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("finetune_studio.gui.session.store.save", full)
        with qtbot.waitSignal(window.door.shown, timeout=20_000) as told:
            project.session._save_itself()
        assert "could not be saved" in told.args[0].title
        assert project.session.modified
    window.findChild(Alert).accept()
    project.session.settle()
    assert store.load(project.session.path).training.epochs == 8


def test_a_number_that_is_typed_and_not_left_is_kept(window, project, qtbot):
    path = project.session.path
    window.wizard.go("hyperparameters")
    field = window.wizard.page("hyperparameters").form.rows["training.epochs"].controls[-1]
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    field.setFocus()
    qtbot.waitUntil(lambda: window.focusWidget() is not None)
    field.selectAll()
    qtbot.keyClicks(window.focusWidget(), "7")
    window.show_start()
    assert store.load(path).training.epochs == 7


def test_the_start_page_may_be_left_before_the_runs_are_read(window, qtbot):
    told = []
    window.jobs.surprised.connect(told.append)
    for leave in (window.new_project, window.show_start, window.show_start, window.new_project):
        leave()
    at_rest(qtbot, lambda: not window.jobs.busy, timeout=60_000)
    assert told == []


def test_a_long_name_pushes_nothing_out_of_the_start_page(window, qtbot):
    window.resize(*Size.least)
    window.new_project()
    window.project.session.change({"name": "아주 긴 이름 " * 30})
    header = window.wizard.header
    qtbot.waitUntil(lambda: header.looks.geometry().right() <= header.width())
    window.show_start()
    page = window.pages.currentWidget()
    at_rest(qtbot, lambda: not window.jobs.busy, timeout=60_000)
    line = next(each for each in page.findChildren(PressCard) if "긴 이름" in each.accessibleName())
    qtbot.waitUntil(line.isVisible)
    right = page.looks.mapTo(page, QPoint(page.looks.width(), 0)).x()
    assert right <= page.width()


def test_every_part_in_sight_follows_the_language_and_is_painted_again(begun, qtbot):
    """Each page, one after the other; nothing stands still when it is over."""
    for key in [step.key for step in STEPS]:
        begun.wizard.go(key)
        begun.wizard.page(key)
        qtbot.waitUntil(lambda: not turns_of(begun).busy)
        for code in ("ko", "en"):
            language.use(code)
            QApplication.sendPostedEvents()
            assert not begun.wizard.page(key).updatesEnabled()
            qtbot.waitUntil(lambda: not turns_of(begun).busy)
            assert all(each.updatesEnabled() for each in begun.findChildren(QWidget))
            seen = [each for each in begun.findChildren(Text) if each.isVisible()]
            assert len(seen) > 10
            before = [each.text() for each in seen]
            for each in seen:
                each.refresh()
            assert [each.text() for each in seen] == before
