"""Fields made from the recipe's declarations."""

from typing import Literal, get_args, get_origin

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QInputMethodEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from finetune_studio.gui import language
from finetune_studio.gui.choices import WORDS
from finetune_studio.gui.controls import MANNERS, can_edit, controls_for, limits
from finetune_studio.gui.field import FieldRow, finding_box
from finetune_studio.gui.form import Form
from finetune_studio.gui.pages.hyperparameters import groups
from finetune_studio.gui.session import Session
from finetune_studio.gui.turns import turns_of
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.number import Number, Rate, beside, short
from finetune_studio.gui.widgets.slider import Slider
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.fields import describe
from finetune_studio.recipe.findings import Finding
from finetune_studio.recipe.schema import Recipe

SETTINGS = {each.path: each for each in describe(Recipe)}
EDITED = [each for each in SETTINGS.values() if can_edit(each)]
ELSEWHERE = {"data.mapping", "data.fixes", "export.formats"}
"""Settings that no row of a form can edit."""


@pytest.fixture
def session():
    return Session(Recipe())


@pytest.fixture
def row(qtbot, session):
    kept = []  # a test that holds a control alone would lose it with its row

    def make(path):
        made = FieldRow(session, SETTINGS[path])
        kept.append(made)
        qtbot.addWidget(made)
        made.show()
        return made

    return make


@pytest.fixture
def form(qtbot, session):
    made = Form(session, groups())
    qtbot.addWidget(made)
    made.resize(560, 900)
    made.show()
    return made


def test_every_setting_can_be_edited_somewhere():
    assert SETTINGS.keys() - {each.path for each in EDITED} == ELSEWHERE
    assert set(MANNERS) <= SETTINGS.keys()


@pytest.mark.parametrize("setting", EDITED, ids=lambda each: each.path)
def test_every_field_shows_its_default_within_its_limits(qtbot, setting):
    value = setting.info.get_default(call_default_factory=True)
    low, high = limits(setting)
    for control in controls_for(setting):
        qtbot.addWidget(control)
        with qtbot.assertNotEmitted(control.edited):
            control.show_value(value)
        if isinstance(control, Number):
            assert low <= control.value() / control._scale <= high
            assert control.value() == pytest.approx(value * control._scale)


def test_every_choice_has_words():
    for setting in EDITED:
        if get_origin(setting.info.annotation) is Literal:
            assert set(get_args(setting.info.annotation)) <= WORDS.keys(), setting.path


def test_every_field_is_named_for_those_who_cannot_see_it(form):
    form.show_advanced(True)
    for each in form.rows.values():
        for control in each.controls:
            assert control.accessibleName() == each.title()
            assert control.accessibleDescription()
            assert control.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert each._label.buddy() is each.controls[-1]


def test_the_groups_hold_each_setting_once():
    paths = [each.path for _, settings in groups() for each in settings]
    assert len(paths) == len(set(paths))
    assert {"training.learning_rate", "method.rank", "checkpoints.keep"} <= set(paths)


def test_typing_changes_the_recipe(row, session, qtbot):
    field = row("training.batch_size").controls[-1]
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "16")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert session.value("training.batch_size") == 16
    assert type(session.value("training.batch_size")) is int


def test_a_learning_rate_is_typed_as_the_field_says_it(row, session, qtbot):
    field = row("training.learning_rate").controls[-1]
    assert field.text() == "2e-4"
    field.selectAll()
    qtbot.keyClicks(field, "3e-5")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert session.value("training.learning_rate") == pytest.approx(3e-5)
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert session.value("training.learning_rate") == pytest.approx(5e-5)


def test_per_cent_are_shares_in_the_recipe(row, session, qtbot):
    field = row("training.warmup_ratio").controls[-1]
    assert field.text() == "3 %"
    field.selectAll()
    qtbot.keyClicks(field, "5")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert session.value("training.warmup_ratio") == pytest.approx(0.05)


def test_a_slider_and_its_number_say_the_same(row, session):
    made = row("training.batch_size")
    slider, number = made.controls
    slider.setValue(slider.maximum())
    assert session.value("training.batch_size") == number.value() == 128
    session.change({"training.batch_size": 1})
    made.refresh()
    assert slider.value() == 0


def test_a_switch_and_a_list(row, session, qtbot):
    qtbot.mouseClick(row("training.packing").controls[0], Qt.MouseButton.LeftButton)
    assert session.value("training.packing") is True
    field = row("training.schedule").controls[0]
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert session.value("training.schedule") == "linear"


def test_segments_go_along_with_the_arrow_keys(row, session, qtbot):
    field = row("training.gradient_checkpointing").controls[0]
    qtbot.keyClick(field, Qt.Key.Key_Right)
    assert session.value("training.gradient_checkpointing") == "on"


def test_lines_and_names_are_lists(row, session, qtbot):
    prompts = row("evaluation.prompts").controls[0]
    prompts.setFocus()
    qtbot.keyClicks(prompts, "one?")
    qtbot.keyClick(prompts, Qt.Key.Key_Return)
    prompts.insertPlainText("둘은?")
    prompts.clearFocus()
    QApplication.sendEvent(prompts, _focus_out())
    assert session.value("evaluation.prompts") == ("one?", "둘은?")
    names = row("method.targets").controls[0]
    names.setText("q_proj, v_proj")
    names.editingFinished.emit()
    assert session.value("method.targets") == ("q_proj", "v_proj")


def test_hangul_that_is_still_composed_changes_nothing(row, session):
    field = row("task.system").controls[0]
    field.setFocus()
    QApplication.sendEvent(field, QInputMethodEvent("한", []))
    assert session.value("task.system") == ""
    commit = QInputMethodEvent("", [])
    commit.setCommitString("한글")
    QApplication.sendEvent(field, commit)
    field.editingFinished.emit()
    assert session.value("task.system") == "한글"


@pytest.mark.parametrize("setting", EDITED, ids=lambda each: each.path)
def test_the_wheel_changes_nothing(qtbot, setting, session):
    if not session.has(setting.path):
        session.change({"method.kind": "full"})
    if not session.has(setting.path):
        session.change({"method.kind": "qlora"})
    if not session.has(setting.path):
        session.change({"task.kind": "classify"})
    made = FieldRow(session, setting)
    qtbot.addWidget(made)
    made.show()
    before = session.recipe
    for control in made.controls:
        for focused in (False, True):
            control.setFocus() if focused else control.clearFocus()
            QApplication.sendEvent(control, _wheel())
    assert session.recipe is before


def test_what_the_recipe_refuses_is_said_under_the_field(row, session, qtbot):
    made = row("method.targets")
    made.controls[0].setText("")
    made.controls[0].editingFinished.emit()
    assert made._wrong.isVisible()
    assert made._wrong.plain.startswith("Target modules cannot be empty; it stays at all-linear.")
    assert session.value("method.targets") == ("all-linear",)


def test_advice_is_marked_or_offered(row, session, qtbot):
    made = row("training.learning_rate")
    assert not made._advised.isVisible()
    qtbot.mouseClick(made._take_advice, Qt.MouseButton.LeftButton)
    assert session.value("training.learning_rate") == 2e-3
    assert made._advised.isVisible()
    assert not made._take_advice.isVisible()


def test_a_finding_stands_beside_its_field_and_its_press_mends_it(form, session, qtbot):
    session.change({"training.learning_rate": 0.5})
    field = form.rows["training.learning_rate"]
    box = field.findChild(FindingBox)
    fix = box.findChild(Button)
    qtbot.mouseClick(fix, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: field.findChild(FindingBox) is None)
    assert session.value("training.learning_rate") == 2e-4


def test_an_advanced_setting_with_an_error_comes_into_sight(form, session):
    assert form.rows["training.packing"].isHidden()
    session.change({"task.kind": "classify", "training.packing": True})
    assert not form.rows["training.packing"].isHidden()


def test_full_training_has_no_rank(form, session):
    assert not form.rows["method.rank"].isHidden()
    session.change({"method.kind": "full"})
    assert form.rows["method.rank"].isHidden()
    assert not form.reveal("method.rank")


def test_revealing_an_advanced_setting_shows_all(form, qtbot):
    with qtbot.waitSignal(form.advanced_changed):
        assert form.reveal("training.weight_decay")
    assert form.rows["training.weight_decay"].isVisible()


def test_basic_is_fewer_than_all(form):
    assert 8 <= form.count("basic") < form.count()


def test_the_form_speaks_the_language(form, qtbot):
    language.use("ko")
    field = form.rows["training.learning_rate"]
    qtbot.waitUntil(lambda: field.controls[0].accessibleName() == "학습률")
    assert field._label.text() == "학습률"
    assert "출처" in field._reason.plain


@pytest.mark.parametrize(
    ("value", "text"),
    [(2e-4, "2e-4"), (1.5e-5, "1.5e-5"), (0.05, "0.05"), (1, "1"), (0, "0"), (2e-3, "2e-3")],
)
def test_small_numbers_are_short(value, text):
    assert short(value) == text


def test_the_ladder_of_rates():
    assert [beside(2e-4, step) for step in (-2, -1, 1, 2)] == [5e-5, 1e-4, 5e-4, 1e-3]
    assert beside(3e-4, 1) in (5e-4, 1e-3)
    assert beside(0.0, 1) == 0.0


def test_a_rate_that_is_no_number_is_not_taken(qtbot):
    field = Rate(0, 1)
    qtbot.addWidget(field)
    field.show_value(2e-4)
    with qtbot.assertNotEmitted(field.edited):
        field.selectAll()
        qtbot.keyClicks(field, "fast")
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.value() == 2e-4


def _wheel():
    nowhere = QPointF(5, 5)
    return QWheelEvent(
        nowhere,
        nowhere,
        QPoint(0, 0),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )


def _focus_out():
    from PySide6.QtGui import QFocusEvent

    return QFocusEvent(QEvent.Type.FocusOut, Qt.FocusReason.TabFocusReason)


def test_several_changes_are_named_in_a_line_and_their_button_squeezes_no_words(qtbot, session):
    fix = {"method.kind": "qlora", "training.gradient_checkpointing": "on"}
    found = Finding("warning", "memory-short", "training.batch_size", "It does not fit.", fix=fix)
    box = finding_box(found, session, lambda _: None)
    qtbot.addWidget(box)
    box.resize(420, 200)
    box.show()
    assert "Method: QLoRA · Gradient checkpointing: On" in box.accessibleName()
    assert "method.kind" not in box.accessibleName()
    words = next(each for each in box.findChildren(Text) if each.plain == "It does not fit.")
    assert words.width() > 200
    box.fix_pressed.emit()
    qtbot.waitUntil(lambda: session.recipe.method.kind == "qlora")


@pytest.mark.parametrize(
    ("value", "words"), [(True, "Turn on: Packing"), (False, "Turn off: Packing")]
)
def test_a_press_that_turns_something_on_says_what(qtbot, session, value, words):
    found = Finding("advice", "a", "training.packing", "So.", fix={"training.packing": value})
    box = finding_box(found, session, lambda _: None)
    qtbot.addWidget(box)
    assert box.findChild(Button).accessibleName() == words


def test_what_is_refused_is_said_and_what_counts_stands_there(row, session, qtbot):
    made = row("training.learning_rate")
    field = made.controls[-1]
    field.setFocus()
    for typed in ("0", "7", "abc"):
        field.selectAll()
        qtbot.keyClicks(field, typed)
        qtbot.keyClick(field, Qt.Key.Key_Return)
        assert f"Learning rate cannot be {typed}; it stays at 2e-4." in made._wrong.plain
        assert "training.learning_rate" not in made._wrong.plain
        assert field.text() == "2e-4"
        assert session.value("training.learning_rate") == 2e-4
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert made._wrong.plain  # nothing was typed since
    for typed in ("2e-4", "1e-4"):
        field.selectAll()
        qtbot.keyClicks(field, typed)
        qtbot.keyClick(field, Qt.Key.Key_Return)
        assert made._wrong.plain == ""
        made._refuse("told by another")


def test_a_number_beyond_its_limits_is_typed_whole_and_refused(row, session, qtbot):
    made = row("training.batch_size")
    field = made.controls[-1]
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "100000")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert (
        "cannot be 100000; it stays at 4. It takes a number from 1 to 4,096." in made._wrong.plain
    )
    assert session.value("training.batch_size") == 4


def test_rows_are_made_in_turns_and_tab_goes_through_them_as_they_stand(form, qtbot):
    turns = turns_of(form)
    form.reveal("training.weight_decay")  # with those that stand over it
    assert 1 < len(form.rows.made) < len(form.rows)
    assert list(form.rows.made)[-1] == "training.weight_decay"
    qtbot.waitUntil(lambda: not turns.busy)
    assert list(form.rows.made) == list(form.rows)
    there = [path for path in form.rows if form.rows[path].isVisible()]
    heights = [form.rows[path].mapTo(form, QPoint()).y() for path in there]
    assert heights == sorted(heights)
    assert _by_tab(form) == there


def _by_tab(form):
    """The rows that Tab comes to, one after another, each named once."""
    first = form.rows[next(iter(form.rows))].controls[0]
    found, stop = [], first
    while True:
        owner = next((path for path, row in form.rows.made.items() if row.isAncestorOf(stop)), "")
        if owner and stop.isVisible() and owner not in found:
            found.append(owner)
        stop = stop.nextInFocusChain()
        if stop is first:
            return found


def test_what_is_refused_is_said_where_the_reason_stood_and_moves_nothing(form, session, qtbot):
    qtbot.waitUntil(lambda: not turns_of(form).busy)
    rate, below = form.rows["training.learning_rate"], form.rows["training.batch_size"]
    before = below.mapTo(form, QPoint()).y()
    field = rate.controls[-1]
    field.setFocus()
    field.lineEdit().selectAll()
    qtbot.keyClicks(field, "0")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(rate._wrong.isVisible)
    qtbot.wait(50)  # a layout that moves comes to rest
    assert rate._wrong.plain
    assert not rate._reason.isVisible()
    assert below.mapTo(form, QPoint()).y() == before
    session.change({"training.learning_rate": 3e-4})
    qtbot.waitUntil(rate._reason.isVisible)
    assert not rate._wrong.isVisible()


def test_sliders_end_at_one_place_with_advice_and_without(form, session, qtbot):
    form.resize(620, 900)
    qtbot.waitUntil(lambda: len(form.rows.made) == len(form.rows))
    rows = [each for each in form.rows.made.values() if isinstance(each.controls[0], Slider)]
    shown = [each for each in rows if each.isVisible()]
    assert {each._beside.isVisible() for each in shown} == {True, False}
    QApplication.processEvents()
    ends = {each.controls[0].mapTo(form, QPoint(each.controls[0].width(), 0)).x() for each in shown}
    assert len(ends) == 1
    form.stand(narrow=True)
    QApplication.processEvents()
    assert all(each._beside.minimumWidth() == 0 for each in shown)
