import json

import pytest

from finetune_studio.errors import RefusedError
from finetune_studio.evaluation import metrics
from finetune_studio.evaluation.result import Change, Contamination, Evaluation

SMALLEST = {
    "task": "chat",
    "rows": 3,
    "held_out": 5,
    "base": {"loss": 2.0},
    "tuned": {"loss": 1.0},
    "contamination": {"rows": 5, "exact": 0, "near": 0},
}


def test_what_was_written_is_read_again(tmp_path):
    path = tmp_path / "evaluation.json"
    found = Evaluation.model_validate(SMALLEST)
    path.write_text(found.model_dump_json(), encoding="utf-8")
    assert Evaluation.load(path) == found
    assert {"task", "rows", "base", "tuned", "forgetting"} <= set(json.loads(path.read_text()))


def test_what_a_newer_version_wrote_more_is_left_out(tmp_path):
    path = tmp_path / "evaluation.json"
    path.write_text(json.dumps(SMALLEST | {"later": 1}), encoding="utf-8")
    assert Evaluation.load(path) == Evaluation.model_validate(SMALLEST)


def test_no_file_is_no_evaluation(tmp_path):
    assert Evaluation.load(tmp_path / "evaluation.json") is None


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps(SMALLEST | {"version": 2})])
def test_a_broken_file_is_refused(tmp_path, text):
    path = tmp_path / "evaluation.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RefusedError, match="cannot be read"):
        Evaluation.load(path)


@pytest.mark.parametrize(
    ("low", "high", "sure"), [(-2, -1, True), (-1, 1, False), (0.1, 1, True), (0, 1, False)]
)
def test_a_change_is_sure_where_its_interval_leaves_zero_out(low, high, sure):
    assert Change(low=low, high=high, value=(low + high) / 2).sure is sure


def test_contamination_is_any_leaked_row():
    assert not Contamination(rows=9, exact=0, near=0, asked=4).any
    assert Contamination(rows=9, exact=0, near=1).any


def test_lower_is_better_for_losses_alone():
    assert metrics.better("loss", -0.1)
    assert not metrics.better("perplexity", 3)
    assert metrics.better("accuracy", 0.1)
    assert metrics.value_of("accuracy", 0.5) == "50.0 %"
    assert metrics.change_of("accuracy", -0.052) == "−5.2 pts"
    assert metrics.change_of("loss", 0.5) == "+0.500"
