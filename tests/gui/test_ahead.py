"""What a project needs is there before one is opened, and no page waits for another."""

import subprocess
import sys

from PySide6.QtWidgets import QApplication

from finetune_studio.gui import ahead
from finetune_studio.gui.turns import turns_of
from finetune_studio.gui.widgets.plot import PlotPlace, Stroke
from tests.conftest import ROOT
from tests.gui.painting import Painted

APART = """
import sys, threading
from finetune_studio.gui.ahead import NEEDED, import_needed
found = []
def work():
    import_needed()
    found.extend(NEEDED)
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(bool(found) and all(each in sys.modules for each in found), "torch" in sys.modules)
"""


def test_it_is_imported_in_a_thread_without_a_word_and_without_torch():
    done = subprocess.run(
        [sys.executable, "-c", APART], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert (done.stdout.split(), done.stderr) == (["True", "False"], "")


def test_the_start_page_imports_ahead(stage, qtbot, monkeypatch):
    asked = []
    monkeypatch.setattr(ahead, "import_needed", lambda: asked.append(1))
    stage.window.show_start()
    qtbot.waitUntil(lambda: asked == [1])


def test_the_frame_stands_before_the_page_that_is_open(stage, qtbot):
    stage.window.new_project()
    wizard = stage.window.wizard
    assert wizard.isVisible()
    assert not wizard._pages
    turns = turns_of(stage.window)
    qtbot.waitUntil(lambda: not turns.busy)
    assert list(wizard._pages) == ["model"]
    assert wizard.page("model").isVisible()
    assert wizard._panel.isVisible()
    wizard.go("method")
    wizard.go("tokenizer")  # before the one before came
    qtbot.waitUntil(lambda: not turns.busy)
    assert wizard.page("tokenizer").isVisible()
    assert not wizard.page("method").isVisible()


def test_a_plot_keeps_its_room_until_it_comes(qtbot):
    place = PlotPlace([Stroke()], height=92, axis=40)
    qtbot.addWidget(place)
    place.show()
    assert place.plot is None
    assert place.height() == 92
    with qtbot.waitSignal(place.came):
        pass
    qtbot.waitUntil(place.plot.isVisible)
    assert place.height() == 92


def test_the_frame_is_painted_in_the_turn_after_it_is_made(stage, qtbot):
    window = stage.window
    before = window.pages.currentWidget()
    gone, painted = [], Painted(window.pages)
    before.destroyed.connect(lambda: gone.append(True))
    window.new_project()
    QApplication.sendPostedEvents()
    assert (painted.times, gone) == (0, [])
    assert not window.wizard.updatesEnabled()
    qtbot.waitUntil(window.wizard.updatesEnabled)
    qtbot.waitUntil(lambda: bool(gone))
    QApplication.processEvents()
    assert painted.times
