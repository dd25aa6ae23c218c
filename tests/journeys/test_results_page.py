"""The page of the results with the real engine: measured, talked to, exported, verified, uploaded.

A tiny model, trained for a few steps, so that every process is over in seconds.
"""

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs_window: Qt's libraries are not installed")
pytest.importorskip("torch", reason="needs_train: the extra `train` is not installed")

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from finetune_studio.evaluation.result import Evaluation
from finetune_studio.export import llama
from finetune_studio.gui.main_window import MainWindow
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.text import Text
from finetune_studio.preferences import Preferences
from finetune_studio.runs.votes import tally
from tests.catalog.receiving import ReceivingHub
from tests.gui.conftest import dressed, leaves_nothing, translations  # noqa: F401  (fixtures)
from tests.gui.test_hub_card import online
from tests.helpers.finished import finished

pytestmark = pytest.mark.slow
LEFT = Qt.MouseButton.LeftButton
LONG = 300_000  # milliseconds that a process of the engine may take on a busy machine


@pytest.fixture
def run(tmp_path, tiny):
    return finished(tmp_path / "실행", tiny)


@pytest.fixture
def page(qtbot, run, monkeypatch, tmp_path):
    """The page of the results of a run that has just been trained."""
    window = MainWindow(Preferred(Preferences()))
    qtbot.addWidget(window)
    window.resize(1360, 1600)
    window.show()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))

    def opened():
        window.open_path(str(run.path))
        window.wizard.go("results")
        made = window.wizard.page("results")
        qtbot.waitUntil(lambda: not window.project.watch.alive and made._shown != ())
        qtbot.waitUntil(lambda: not window.jobs.busy)
        return made

    yield opened
    if window.project is not None:
        window.project.watch.leave()
        window.project.closing.emit()
    window.jobs.close()


def press(qtbot, button):
    assert button.isVisible()
    assert button.isEnabled()
    qtbot.mouseClick(button, LEFT)


def words(widget):
    return " ".join(each.plain for each in widget.findChildren(Text) if each.isVisible())


def votes(card):
    return [each for each in card.findChildren(Button, "vote first") if each.isVisible()]


def test_it_is_measured_and_talked_to(page, run, qtbot):
    results = page()
    press(qtbot, results.measure.go)
    qtbot.waitUntil(lambda: results.measure.found is not None, timeout=LONG)
    found = Evaluation.load(run.evaluation)
    assert found is not None
    assert results.measure.found == found
    assert (run.path / "evaluation.html").is_file()
    qtbot.waitUntil(lambda: "What it knew" in words(results.scores))

    results.chat.blind.click()
    results.chat.settings.tokens.setValue(8)
    qtbot.keyClicks(results.chat.field, "Hello")
    qtbot.keyClick(results.chat.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not results.chat.talk.busy, timeout=LONG)
    qtbot.waitUntil(lambda: bool(votes(results.chat)))
    assert "Tuned model" not in words(results.chat._held)
    press(qtbot, votes(results.chat)[-1])
    assert tally(run).total == 1
    assert results.chat.talk.awake
    press(qtbot, results.chat._free)
    assert not results.chat.talk.awake


def test_an_export_is_verified_uploaded_and_the_same_there(page, qtbot, monkeypatch, tmp_path):
    with ReceivingHub() as hub:
        hub.tokens["hf_right"] = "kim"
        online(monkeypatch, hub, tmp_path)
        results = page()
        line = results.exports.lines["merged"]
        press(qtbot, line.save)
        qtbot.waitUntil(lambda: not line.busy, timeout=LONG)
        assert line.report is not None, words(line)
        out = Path(line.report["path"])
        qtbot.waitUntil(line.badge.isVisible)
        verdict = json.loads((out / "verify.json").read_text(encoding="utf-8"))
        assert verdict["verdict"] == line.exporting.verdict["verdict"] == "green"
        assert line.badge.accessibleName() == "says the same"

        results.hub.what.setFocus()
        qtbot.keyClick(results.hub.what, Qt.Key.Key_Down)  # from the run to its newest export
        assert results.hub.what.value() == out
        qtbot.waitUntil(results.hub.go.isEnabled)
        press(qtbot, results.hub.go)
        qtbot.waitUntil(lambda: bool(results.hub.url), timeout=LONG)
        there = hub.files("kim/my-model")
        assert there["model.safetensors"] == (out / "model.safetensors").read_bytes()
        assert there["tokenizer.json"] == (out / "tokenizer.json").read_bytes()
        assert not [name for name in there if name.endswith((".bin", ".pt"))]


def test_it_is_served_with_a_key_and_answers_the_code_that_is_shown(page, run, qtbot, monkeypatch):
    results = page()
    card = results.serve
    card.port.setValue(0)
    press(qtbot, card._make)
    key = card.key.text()
    press(qtbot, card.go)
    qtbot.waitUntil(lambda: card.serving.ready or not card.serving.busy, timeout=LONG)
    assert card.serving.ready, words(card)
    qtbot.waitUntil(card.address.isVisible)
    assert card.address.plain == card.serving.url
    assert key in card.code.toPlainText()
    assert ask(card.serving.url, card.serving.model, "wrong") == 401
    assert isinstance(ask(card.serving.url, card.serving.model, key), str)
    card.language._group.button(1).click()
    assert card.code.toPlainText().startswith("curl ")
    press(qtbot, card.stop)
    qtbot.waitUntil(lambda: not card.serving.busy)
    assert not card.address.isVisible()


def ask(url, model, key):
    """One answer of the server, or the status of its refusal."""
    asked = {"model": model, "max_tokens": 4, "messages": [{"role": "user", "content": "왜?"}]}
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"{url}/chat/completions", json.dumps(asked).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)["choices"][0]["message"]["content"]
    except urllib.error.HTTPError as error:
        return error.code


def test_gguf_says_what_it_lacks_or_is_judged(page, qtbot):
    results = page()
    line = results.exports.lines["gguf"]
    line.quant.show_value("f16")
    if llama.find().converter is None:
        assert not line.save.isEnabled()
        assert results.exports.llama.get.isEnabled()
        assert "llama.cpp" in words(results.exports.llama)
        return
    press(qtbot, line.save)
    qtbot.waitUntil(lambda: not line.busy, timeout=LONG)
    assert line.report is not None, words(line)
