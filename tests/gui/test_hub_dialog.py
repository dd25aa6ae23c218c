"""The question for a dataset of the Hub, by keyboard and mouse, against a Hub on the loopback."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from finetune_studio.gui import apart, language
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.pages.hub_dialog import HubDialog
from finetune_studio.gui.widgets.choice import Select
from finetune_studio.gui.widgets.finding import FindingBox
from tests.data.datasets_hub import TWO_CONFIGS, DatasetsHub
from tests.gui.resting import at_rest

LEFT = Qt.MouseButton.LeftButton


def parquet(count):
    out = io.BytesIO()
    rows = [{"질문": f"{n}번은 언제 오나요?", "답변": f"{n}일 뒤에 와요."} for n in range(count)]
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


@pytest.fixture
def served(monkeypatch, tmp_path):
    """A Hub with a dataset of two configurations and one that asks for consent."""
    with DatasetsHub() as made:
        line = json.dumps({"question": "q?", "answer": "a"}).encode()
        made.models["owner/reviews"] = {
            "README.md": TWO_CONFIGS.encode(),
            "ko/train.parquet": parquet(30),
            "ko/test.parquet": parquet(12),
            "en/rows.jsonl": line,
        }
        made.faults["owner/gated"] = (403, "GatedRepo")
        monkeypatch.setenv("HF_ENDPOINT", made.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        monkeypatch.setenv("HF_DATASETS_OFFLINE", "0")
        apart.VIEWS.close()  # a process learns the Hub's address as it begins
        yield made
        apart.VIEWS.close()


@pytest.fixture(params=["en", "ko"])
def dialog(request, qtbot):
    language.use(request.param)
    jobs = Jobs()
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.resize(900, 700)
    parent.show()
    made = HubDialog(parent, jobs)
    made.show()
    yield made
    made.reject()
    jobs.close()
    language.use("en")


def look_up(qtbot, dialog, name):
    dialog.field.setFocus()
    dialog.field.selectAll()
    qtbot.keyClicks(dialog.field, name)
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    at_rest(qtbot, lambda: dialog.look.isEnabled() and not dialog._jobs.busy, timeout=60_000)


def selects(dialog):
    return [each for each in dialog.findChildren(Select) if not each.parent().isHidden()]


def told(dialog):
    return " ".join(each.accessibleName() for each in dialog.findChildren(FindingBox))


def test_a_configuration_and_a_split_are_chosen(served, dialog, qtbot):
    assert not dialog.take.isEnabled()
    look_up(qtbot, dialog, "owner/reviews")
    assert told(dialog) == ""
    qtbot.waitUntil(lambda: len(selects(dialog)) == 2)  # they come into sight a turn later
    config, split = selects(dialog)
    assert [config.itemText(n) for n in range(config.count())] == ["ko", "en"]
    assert [split.itemText(n) for n in range(split.count())] == ["train", "test"]
    words = {"en": ("Configuration", "Split"), "ko": ("구성", "스플릿")}[language.current()]
    assert (config.accessibleName(), split.accessibleName()) == words
    split.setFocus()
    qtbot.keyClick(split, Qt.Key.Key_Down)
    qtbot.mouseClick(dialog.take, LEFT)
    assert dialog.result() == HubDialog.DialogCode.Accepted
    assert dialog.name == "hub:owner/reviews:ko:test"


def test_another_name_takes_the_choice_back(served, dialog, qtbot):
    look_up(qtbot, dialog, "owner/reviews")
    assert dialog.take.isEnabled()
    qtbot.keyClicks(dialog.field, "x")
    assert not dialog.take.isEnabled()
    qtbot.waitUntil(lambda: not selects(dialog))


@pytest.mark.parametrize(
    ("name", "english", "korean"),
    [
        ("owner/gated", "asks for consent", "동의"),
        ("owner/nothing", "There is no dataset", "데이터셋"),
        ("no name at all", "names no dataset", "데이터셋"),
    ],
)
def test_what_cannot_be_had_is_said_in_the_dialog(served, dialog, qtbot, name, english, korean):
    look_up(qtbot, dialog, name)
    assert {"en": english, "ko": korean}[language.current()] in told(dialog)
    assert name in told(dialog)
    assert not dialog.take.isEnabled()


def test_no_connection_is_said_within_seconds(served, dialog, qtbot, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    look_up(qtbot, dialog, "owner/reviews")
    found = {"en": "The Hub cannot be reached", "ko": "Hub에 닿지 못하고"}[language.current()]
    assert found in told(dialog)
    assert "http://127.0.0.1:9" in told(dialog)
    assert not dialog.take.isEnabled()
