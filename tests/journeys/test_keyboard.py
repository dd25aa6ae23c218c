"""The whole wizard by keyboard alone, in Korean: from the start page to an exported adapter.

Nothing is pressed but keys, in the widget that has the keyboard; what a key is to reach is found by
the name that a screen reader says. The dialogs of the system alone are answered by themselves.
"""

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs_window: Qt's libraries are not installed")
pytest.importorskip("torch", reason="needs_train: the extra `train` is not installed")

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QFileDialog

from finetune_studio.gui import language
from finetune_studio.gui.main_window import MainWindow
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.turns import turns_of
from finetune_studio.gui.widgets.text import Text
from finetune_studio.preferences import Preferences
from tests.gui.conftest import dressed, leaves_nothing, translations  # noqa: F401  (fixtures)
from tests.gui.scenes import strike
from tests.journeys.test_window import LONG, pytestmark  # noqa: F401

KEYS = Qt.Key
STOPS = 300  # presses of Tab after which nothing new will come


class Hands:
    """Two hands on a keyboard."""

    def __init__(self, window, qtbot):
        self.window, self.qtbot = window, qtbot

    def press(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        """Press a key where the keyboard is."""
        self.qtbot.keyClick(self.window.focusWidget() or self.window, key, modifier)

    def go_to(self, name):
        """Press Tab until something of that name has the keyboard; a page comes in turns first."""
        turns = turns_of(self.window)
        self.qtbot.waitUntil(lambda: not turns.busy)
        for _ in range(STOPS):
            if name in self.where():
                return
            self.press(KEYS.Key_Tab)
        raise AssertionError(f"Tab never comes to {name!r}")

    def where(self):
        """What the screen reader calls what has the keyboard."""
        widget = self.window.focusWidget()
        interface = QAccessible.queryAccessibleInterface(widget) if widget else None
        return interface.text(QAccessible.Text.Name) if interface else ""

    def do(self, name):
        """Go to something and press it."""
        self.go_to(name)
        self.press(KEYS.Key_Space)

    def step(self, number):
        """Go to a step by its shortcut."""
        self.window.activateWindow()  # where there is no window manager, a menu takes that away
        self.qtbot.waitUntil(self.window.isActiveWindow)
        self.qtbot.keyClick(
            self.window, getattr(KEYS, f"Key_{number}"), Qt.KeyboardModifier.ControlModifier
        )


@pytest.fixture
def hands(qtbot, leaves_nothing):  # noqa: F811
    language.use("ko")
    window = MainWindow(Preferred(Preferences(language="ko")))
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    yield Hands(window, qtbot)
    strike(window)
    window.deleteLater()


def test_from_the_start_page_to_an_exported_adapter_with_keys_alone(
    hands, qtbot, tmp_path, monkeypatch
):
    window = hands.window
    hands.do("새 프로젝트")
    qtbot.waitUntil(lambda: window.wizard is not None)
    project, wizard = window.project, window.wizard

    hands.do("다음: 데이터")
    assert wizard.current_key == "dataset"
    hands.do("예시 데이터 쓰기")
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None)
    for key in (KEYS.Key_Down, KEYS.Key_Return):
        qtbot.keyClick(QApplication.activePopupWidget(), key)
    qtbot.waitUntil(lambda: project.facts.data is not None, timeout=60_000)

    hands.step(5)
    qtbot.waitUntil(lambda: wizard.current_key == "hyperparameters")
    hands.go_to("기본 ")
    hands.press(KEYS.Key_Right)  # from the basic settings to all
    hands.go_to("스텝 제한")
    hands.press(KEYS.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(window.focusWidget(), "6")
    hands.press(KEYS.Key_Return)
    assert project.session.recipe.training.max_steps == 6

    qtbot.waitUntil(lambda: not window.jobs.busy, timeout=60_000)
    hands.do("학습 시작")
    qtbot.waitUntil(lambda: project.watch.run is not None, timeout=60_000)
    qtbot.waitUntil(lambda: not project.watch.alive, timeout=LONG)
    assert project.watch.state.step == 6
    hands.do("다음: 결과와 내보내기")
    assert wizard.current_key == "results"

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    line = wizard.page("results").exports.lines["adapter"]
    hands.do("어댑터 저장")
    qtbot.waitUntil(lambda: line.busy, timeout=10_000)
    qtbot.waitUntil(lambda: not line.busy, timeout=LONG)
    assert line.report is not None, [each.plain for each in line.findChildren(Text)]
    assert [each for each in tmp_path.iterdir() if each.name.endswith("-adapter")]
