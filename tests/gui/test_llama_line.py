"""GGUF's line says what is missing before anything is asked of it, and one press gets it."""

import threading

import pytest

from finetune_studio.errors import StudioError
from finetune_studio.export import fetching, llama
from finetune_studio.gui import apart
from finetune_studio.gui.pages.llama_line import LlamaLine
from finetune_studio.gui.widgets.finding import FindingBox


@pytest.fixture
def line(stage, monkeypatch, tmp_path, qtbot):
    """The line, with a folder for llama.cpp that is empty; the work is done in a thread here."""
    monkeypatch.setenv(llama.PLACE, str(tmp_path))
    monkeypatch.setattr(apart.TOOLS, "do", lambda _, work: work())
    stage.project()
    made = LlamaLine(stage.open)
    qtbot.addWidget(made)
    made.show()
    made.refresh()
    return made


def have_runtime(place):
    (place / "runtime" / "llama_cpp").mkdir(parents=True)
    (place / "runtime" / "llama_cpp" / "__init__.py").write_text("")


def test_what_is_missing_is_got_by_one_press(line, stage, monkeypatch, tmp_path, qtbot):
    let = threading.Event()

    def fetch(python, tell):
        assert let.wait(20)
        script = tmp_path / "convert" / llama.SCRIPT
        script.parent.mkdir()
        script.write_text("")
        have_runtime(tmp_path)
        return tmp_path

    monkeypatch.setattr(fetching, "fetch", fetch)
    assert line.isVisible()
    assert "77 MB" in line._words.plain
    line.get.click()
    assert not line.get.isEnabled()
    assert line._words.plain.startswith("Getting llama.cpp")
    let.set()
    qtbot.waitUntil(lambda: not line.isVisible(), timeout=20_000)


def test_where_it_cannot_be_got_it_says_why_and_can_be_asked_again(line, monkeypatch, qtbot):
    def fetch(python, tell):
        raise StudioError("No compiler.", "cc was not found.", "Install one.")

    monkeypatch.setattr(fetching, "fetch", fetch)
    line.get.click()
    qtbot.waitUntil(line.get.isEnabled, timeout=20_000)
    assert line.isVisible()
    (told,) = line.findChildren(FindingBox)
    assert "No compiler. cc was not found. Install one." in told.accessibleName()


def test_where_it_is_there_nothing_is_said(line, tmp_path):
    (tmp_path / "convert").mkdir()
    (tmp_path / "convert" / llama.SCRIPT).write_text("")
    line.refresh()
    assert line.isVisible()
    assert line._words.plain.startswith("llama.cpp is here by half")
    have_runtime(tmp_path)
    line.refresh()
    assert not line.isVisible()
