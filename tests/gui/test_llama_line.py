"""GGUF's line says what is missing before anything is asked of it, and one press gets it."""

import threading

import pytest

from finetune_studio.errors import StudioError
from finetune_studio.export import fetching, llama
from finetune_studio.gui import work_strip
from finetune_studio.gui.pages.exports import Exports
from finetune_studio.gui.pages.llama_line import LlamaLine
from finetune_studio.gui.widgets.finding import FindingBox


@pytest.fixture
def line(stage, monkeypatch, tmp_path, qtbot):
    """The line, with a folder for llama.cpp that is empty."""
    monkeypatch.setenv(llama.PLACE, str(tmp_path))
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

    def fetch(python, course, unpack):
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
    assert not line.get.isVisible()
    assert line._words.plain.startswith("Getting llama.cpp")
    let.set()
    qtbot.waitUntil(lambda: not line.isVisible(), timeout=20_000)


def test_where_it_cannot_be_got_it_says_why_and_can_be_asked_again(line, monkeypatch, qtbot):
    def fetch(python, course, unpack):
        raise StudioError("No compiler.", "cc was not found.", "Install one.")

    monkeypatch.setattr(fetching, "fetch", fetch)
    line.get.click()
    qtbot.waitUntil(line.get.isVisible, timeout=20_000)
    assert line.isVisible()
    (told,) = line.findChildren(FindingBox)
    assert "No compiler. cc was not found. Install one." in told.accessibleName()


@pytest.fixture
def going(line, stage, monkeypatch):
    """It is being got, 41 % of the way, until it is given up or let to its end."""
    let = threading.Event()

    def fetch(python, course, unpack):
        course.tell("Building it …")
        course.far(0.41)
        while not let.wait(0.01):
            course.check()
        return python

    monkeypatch.setattr(fetching, "fetch", fetch)
    line.get.click()
    return let


def told_of_the_build(work):
    return work.isVisible() and work._words.plain.startswith("llama.cpp: Building it … 41 %")


def test_it_goes_on_over_every_page_and_project_and_says_its_end(going, stage, qtbot):
    work = stage.window.work
    qtbot.waitUntil(lambda: told_of_the_build(work))
    for leave in (stage.window.show_start, stage.window.new_project):
        leave()
        assert told_of_the_build(work)
    going.set()
    qtbot.waitUntil(lambda: work._words.plain.startswith("llama.cpp is here"))
    assert not work.stop.isVisible()
    work.close_it.click()
    assert not work.isVisible()


def test_it_can_be_stopped_from_every_page(going, stage, qtbot):
    work = stage.window.work
    stage.window.show_start()
    qtbot.waitUntil(lambda: told_of_the_build(work))
    work.stop.click()
    qtbot.waitUntil(lambda: not work.isVisible())


def test_what_went_wrong_is_said_where_the_person_is(line, stage, monkeypatch, qtbot):
    def fetch(python, course, unpack):
        raise StudioError("No compiler.", "cc was not found.", "Install one.")

    monkeypatch.setattr(fetching, "fetch", fetch)
    line.get.click()
    stage.window.show_start()
    work = stage.window.work
    qtbot.waitUntil(lambda: "No compiler. cc was not found." in work._words.plain)


@pytest.mark.parametrize("answer", ["stay", "leave"])
def test_closing_the_window_asks_first(going, stage, monkeypatch, qtbot, answer):
    window = stage.window
    qtbot.waitUntil(lambda: told_of_the_build(window.work))
    monkeypatch.setattr(work_strip, "ask_to_end_it", lambda _: answer)
    window.close()
    assert window.isVisible() is (answer == "stay")
    going.set()


def test_where_it_is_there_nothing_is_said(line, tmp_path):
    (tmp_path / "convert").mkdir()
    (tmp_path / "convert" / llama.SCRIPT).write_text("")
    line.refresh()
    assert line.isVisible()
    assert line._words.plain.startswith("llama.cpp is here by half")
    have_runtime(tmp_path)
    line.refresh()
    assert not line.isVisible()


def test_a_format_that_cannot_be_written_yet_waits_for_what_writes_it(
    line, stage, tmp_path, monkeypatch, qtbot
):
    exports = Exports(stage.open)
    qtbot.addWidget(exports)
    save = {name: each.save for name, each in exports.lines.items()}
    assert not save["gguf"].isEnabled()
    assert save["merged"].isEnabled()
    exports.lines["gguf"].quant.edited.emit("f16")  # another choice does not let it
    assert not save["gguf"].isEnabled()
    script = tmp_path / "convert" / llama.SCRIPT
    script.parent.mkdir()
    script.write_text("")
    exports.llama.refresh()
    assert save["gguf"].isEnabled()
