"""The whole job by mouse and keyboard in the real window: real engine, demo model."""

import json
import os
import signal
import subprocess
import sys

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs_window: Qt's libraries are not installed")
pytest.importorskip("torch", reason="needs_train: the extra `train` is not installed")

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog

from finetune_studio import paths
from finetune_studio.gui import language
from finetune_studio.gui.main_window import MainWindow
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import PressCard
from finetune_studio.gui.widgets.text import Text
from finetune_studio.preferences import Preferences, load
from finetune_studio.runs.process import is_alive
from tests.conftest import ROOT
from tests.gui.conftest import dressed, leaves_nothing, translations  # noqa: F401  (fixtures)
from tests.helpers.running import ROWS, write_rows

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (paths.resources() / "models" / "demo").is_dir(), reason="the demo model is not there"
    ),
]
LONG = 240_000  # milliseconds that a process of the engine may take on a busy machine
LEFT = Qt.MouseButton.LeftButton
CHILD = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from finetune_studio.gui.main_window import MainWindow
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.theme import theme
from finetune_studio.preferences import load

app = QApplication([])
theme.start(app, "light")
window = MainWindow(Preferred(load().preferences))
window.show()
window.new_project()
window.project.session.change({"data.files": [sys.argv[1]], "training.max_steps": 400,
                               "training.batch_size": 1, "training.accumulation": 1,
                               "checkpoints.every": 5, "evaluation.every": 200})
window.project.session.settle()
window.wizard.go("training")
window.wizard.page("training").begin()

def look():
    if window.project.watch.state.step >= 6:
        print(window.project.watch.run.path, flush=True)
        timer.stop()

timer = QTimer(interval=50)
timer.timeout.connect(look)
timer.start()
app.exec()
"""


@pytest.fixture
def open_window(qtbot):
    made = []

    def make(preferences=None):
        window = MainWindow(Preferred(preferences or Preferences()))
        qtbot.addWidget(window)
        window.show()
        made.append(window)
        return window

    yield make
    for window in made:
        if window.project is not None:
            window.project.watch.leave()
            window.project.closing.emit()
        window.jobs.close()


@pytest.fixture
def rows(tmp_path):
    return write_rows(tmp_path / "내 자료.jsonl", ROWS["chat"])


def press(qtbot, widget):
    """Press as a person does: in sight, with the mouse."""
    assert widget.isVisible()
    assert widget.isEnabled()
    qtbot.mouseClick(widget, LEFT)


def door(window, name):
    return next(each for each in window.findChildren(PressCard) if each.accessibleName() == name)


def drop(page, path):
    """Drag a file over a page, and drop it there."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    action, nothing = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    place = QPointF(20, 20)
    entering = QDragEnterEvent(place.toPoint(), action, data, LEFT, nothing)
    QApplication.sendEvent(page, entering)
    assert entering.isAccepted()
    QApplication.sendEvent(page, QDropEvent(place, action, data, LEFT, nothing))


def limit_steps(qtbot, wizard, steps):
    """On the page of the settings: show all, type a step limit."""
    page = wizard.page("hyperparameters")
    wizard.go("hyperparameters")
    wizard.reveal("training.max_steps")
    field = page.form.rows["training.max_steps"].controls[-1]
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, str(steps))
    qtbot.keyClick(field, Qt.Key.Key_Return)


@pytest.mark.parametrize("code", ["ko", "en"])
def test_from_the_first_click_to_an_exported_adapter(
    open_window, qtbot, rows, tmp_path, monkeypatch, code
):
    language.use(code)
    window = open_window()
    press(qtbot, door(window, {"ko": "새 프로젝트", "en": "New project"}[code]))
    qtbot.waitUntil(lambda: window.wizard is not None)
    wizard, project = window.wizard, window.project
    wizard.go("dataset")
    drop(wizard.page("dataset"), rows)
    qtbot.waitUntil(lambda: project.facts.data is not None, timeout=60_000)
    assert project.facts.data.shape == "question-answer"
    limit_steps(qtbot, wizard, 6)
    assert project.session.recipe.training.max_steps == 6
    qtbot.waitUntil(lambda: not window.jobs.busy, timeout=60_000)

    onward = wizard._footer.onward
    qtbot.waitUntil(onward.isEnabled)
    press(qtbot, onward)
    assert wizard.current_key == "training"
    qtbot.waitUntil(lambda: project.watch.run is not None, timeout=60_000)
    qtbot.waitUntil(lambda: not project.watch.alive, timeout=LONG)
    assert project.watch.state.step == 6
    press(qtbot, onward)
    results = wizard.page("results")
    assert wizard.current_key == "results"

    results.chat.field.setFocus()
    qtbot.keyClicks(results.chat.field, "Hello")
    qtbot.keyClick(results.chat.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(results.chat.talk.turns), timeout=10_000)
    qtbot.waitUntil(lambda: not results.chat.talk.busy, timeout=LONG)
    assert set(results.chat.talk.turns[0].answers) == {True, False}

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    line = results.exports.lines["adapter"]
    press(qtbot, line.save)
    qtbot.waitUntil(lambda: not line.busy, timeout=LONG)
    assert line.report is not None, [each.plain for each in line.findChildren(Text)]
    folder = next(each for each in tmp_path.iterdir() if each.name.endswith("-adapter"))
    assert {"adapter_config.json", "adapter_model.safetensors"} <= {
        each.name for each in folder.iterdir()
    }
    assert line.badge.isVisible()
    assert json.loads((folder / "adapter_config.json").read_text())["peft_type"] == "LORA"


def test_a_killed_window_finds_its_run_again_and_resumes_it(open_window, qtbot, rows, home):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(rows)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True,
    )
    assert child.stdout is not None
    path = child.stdout.readline().strip()
    assert path, "the window ended before its training began"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()

    window = open_window(load().preferences)
    window.open_first("")
    project = window.project
    assert str(project.watch.run.path) == path
    assert is_alive(project.watch.run), "the training did not survive the window"
    qtbot.waitUntil(lambda: project.watch.state.step >= 6, timeout=60_000)
    page = window.wizard.page("training")
    assert window.wizard.current_key == "training"
    press(qtbot, page._status.stop)
    qtbot.waitUntil(lambda: not project.watch.alive, timeout=LONG)
    stopped = project.watch.state.step
    assert 6 <= stopped < 400
    qtbot.waitUntil(page._status.resume.isVisible)
    press(qtbot, page._status.resume)
    qtbot.waitUntil(
        lambda: project.watch.alive and project.watch.state.step > stopped, timeout=LONG
    )
    press(qtbot, page._status.stop)
    qtbot.waitUntil(lambda: not project.watch.alive, timeout=LONG)
    assert project.watch.state.step > stopped


def test_the_demo_is_one_press(open_window, qtbot):
    window = open_window()
    press(qtbot, window.findChild(Button, "demo"))
    qtbot.waitUntil(lambda: window.project is not None)
    qtbot.waitUntil(lambda: window.project.watch.state.step > 0, timeout=LONG)
    page = window.wizard.page("training")
    qtbot.waitUntil(page._status.stop.isEnabled, timeout=LONG)
    press(qtbot, page._status.stop)
    qtbot.waitUntil(lambda: not window.project.watch.alive, timeout=LONG)
    assert window.project.watch.state.outcome is not None
