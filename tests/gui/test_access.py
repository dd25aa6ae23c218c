"""For everyone: every page and dialog, in every state worth it, by keyboard, by ear, in Hangul.

The scenes come from tests/gui/scenes.py. A page or dialog that no scene shows fails the first test,
so that new ones are held by themselves.
"""

import importlib
import pkgutil
import re

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QInputMethodEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QWidget,
)

import finetune_studio.gui
from finetune_studio.gui import announcing, language
from finetune_studio.gui.places import PLACES
from finetune_studio.gui.steps import STEPS
from finetune_studio.gui.theme import MOVES
from finetune_studio.gui.widgets.dialog import Over, Sheet
from finetune_studio.gui.widgets.text import Text
from finetune_studio.gui.widgets.veil import Veil
from tests.conftest import ROOT
from tests.gui.scenes import DIALOGS, SCENES, begin, record, train

LEAST = 22  # pixels: a target's least side
SHOWN = {
    *(name for name in SCENES if name.startswith(("fresh-", "place-"))),
    *DIALOGS.values(),
    "start-runs",
    "demo-dataset",
    "demo-tokenizer",
    "method-short",
    "advanced-settings",
    "model-kept",
    "model-folder",
    "model-download",
    "run-noticed",
    "run-diverges",
    "run-failed",
    "run-done",
    "results",
    "comparison",
}
"""What is looked at here: every page and dialog, and the states in which most stands on them."""


def visible(seen, kind=QWidget):
    return [each for each in seen.findChildren(kind) if each.isVisible()]


def named(widget):
    """What a screen reader calls a widget."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name) if interface else widget.accessibleName()


def by_tab(widget):
    """Whether Tab stops at it; in a group of choices it stops at the chosen one."""
    if not widget.isEnabled() or not widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        return False
    if widget.focusProxy() is not None or isinstance(widget.parent(), QAbstractSpinBox):
        return False
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    return not (group and group.exclusive() and group.checkedButton() not in (None, widget))


def text_fields(seen):
    """Every field that takes words, passwords apart."""
    lines = [
        each
        for each in visible(seen, QLineEdit)
        if not isinstance(each.parent(), QAbstractSpinBox | QComboBox)
        and each.echoMode() == QLineEdit.EchoMode.Normal
    ]
    boxes = visible(seen, QPlainTextEdit)
    return [each for each in [*lines, *boxes] if not each.isReadOnly() and each.isEnabled()]


def content(field):
    return field.text() if isinstance(field, QLineEdit) else field.toPlainText()


def settle():
    for _ in range(4):
        QApplication.sendPostedEvents()
        QApplication.processEvents()


def test_every_page_and_dialog_has_a_scene():
    for found in pkgutil.walk_packages(finetune_studio.gui.__path__, "finetune_studio.gui."):
        importlib.import_module(found.name)
    assert {f"fresh-{each.key}" for each in STEPS} <= SHOWN
    assert {f"place-{name}" for name in PLACES} <= SHOWN
    ours = [each for each in _below(QDialog) if each.__module__.startswith("finetune_studio.")]
    assert {each.__name__ for each in ours if each not in (Over, Sheet)} == set(DIALOGS)
    assert set(DIALOGS.values()) <= SHOWN


@pytest.mark.parametrize(("kind", "name"), DIALOGS.items())
def test_a_dialogs_scene_shows_it(stage, kind, name):
    assert type(SCENES[name](stage)).__name__ == kind


def _below(kind):
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_everyone_can_use_it(stage, name):
    """Names, reach and room in both languages at the least size, and Hangul in every field."""
    stage.window.resize(1100, 700)
    seen = SCENES[name](stage)
    for code in ("en", "ko"):
        language.use(code)
        stage.wait()
        settle()
        have_names_and_room(seen)
        are_not_cut(seen)
    are_in_reach(seen)
    take_hangul(seen)
    if isinstance(seen, QDialog):
        assert any(veil.isVisible() for veil in stage.window.findChildren(Veil)), "not dimmed"


def have_names_and_room(seen):
    """Whatever the keyboard or the mouse can use says what it is, and is large enough."""
    stops = [each for each in visible(seen) if by_tab(each) and not isinstance(each, QScrollArea)]
    assert stops
    for each in stops:
        assert named(each).strip(), f"{each} has no name"
        assert min(each.width(), each.height()) >= LEAST, f"{named(each)}: {each.size()}"


def are_in_reach(seen):
    """Tab comes to everything that it should stop at."""
    reached = _walk(seen)
    stops = [each for each in visible(seen) if by_tab(each)]
    missed = [(type(each).__name__, named(each)) for each in stops if each not in reached]
    assert not missed


def _walk(seen):
    """What Tab comes to, one after the other, once round."""
    window = seen.window()
    window.activateWindow()
    reached = []
    for _ in range(400):
        if not window.focusNextPrevChild(True):
            break
        now = window.focusWidget()
        if now in reached:
            break
        reached.append(now)
        parent = now.parentWidget() if now else None
        while parent is not None and parent is not window:
            reached.append(parent)  # a composite is reached by what is in it
            parent = parent.parentWidget()
    return reached


def take_hangul(seen):
    """What is still composed is not there yet; what is committed is there once."""
    for field in text_fields(seen):
        before = content(field)
        field.setFocus()
        for part in ("하", "한"):
            QApplication.sendEvent(field, QInputMethodEvent(part, []))
            assert content(field) == before, named(field)
        done = QInputMethodEvent("", [])
        done.setCommitString("한글")
        QApplication.sendEvent(field, done)
        assert content(field).count("한글") == before.count("한글") + 1, named(field)


def are_not_cut(seen):
    """Every word has its room, and lies inside the window unless it can be scrolled to."""
    for label in visible(seen, Text):
        if not label.text():
            continue
        where = (label.plain, label.size())
        if label.wordWrap():
            assert label.height() >= label.heightForWidth(label.width()), where
        else:
            assert label.width() >= label.sizeHint().width(), where
        if over := _scrolled(label):  # downwards, and in no other way
            right = label.mapTo(over.viewport(), QPoint(label.width(), 0)).x()
            assert right <= over.viewport().width(), where
        else:
            corner = label.mapTo(seen, QPoint(label.width(), label.height()))
            assert corner.x() <= seen.width(), where
            assert corner.y() <= seen.height(), where


def _scrolled(widget):
    """The innermost area that a widget is scrolled in."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QScrollArea):
        parent = parent.parentWidget()
    return parent


@pytest.fixture
def heard(monkeypatch):
    """What a screen reader is given to say."""
    said = []
    send = QAccessible.updateAccessibility

    class Heard:
        @staticmethod
        def updateAccessibility(event):
            said.append(event.message())
            send(event)

    monkeypatch.setattr(announcing, "QAccessible", Heard)
    return said


def test_changes_of_state_are_announced(stage, heard):
    stage.project()
    stage.show("method")
    assert "Method" in heard
    stage.open.session.change({"data.files": []})
    stage.wait()
    assert "The data is still to be chosen." in heard
    stage.open.session.change({"training.learning_rate": 0.5})
    stage.wait()
    assert "1 thing stands in the way." in heard
    stage.show("training")
    stage.follow(record(stage.folder, "run", [*begin(), *train(70)]))
    assert "Training failed" in heard
    stage.window.toast("circle-check", "ok", "Saved")
    assert heard[-1] == "Saved"
    before = list(heard)
    stage.open.session.change({"training.epochs": 2})
    stage.wait()
    assert heard == before  # nothing that stays as it is is said again


def test_nothing_moves_by_itself():
    assert not [each for each in MOVES if QApplication.isEffectEnabled(each)]
    for path in (ROOT / "finetune_studio" / "gui").rglob("*.py"):
        moving = re.search(r"Q\w*Animation|QTimeLine|QMovie", path.read_text(encoding="utf-8"))
        assert not moving, path
