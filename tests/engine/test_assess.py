"""A tiny trained run measured against its base model, in this process."""

import json
import math

import pytest

from finetune_studio.engine import harness
from finetune_studio.engine.assess import assess
from finetune_studio.engine.tuned import open_tuned
from finetune_studio.errors import RefusedError
from finetune_studio.evaluation.result import Evaluation
from finetune_studio.recipe import store
from tests.helpers.running import make_run, state_of, train, write_rows

QUICK = ("--tokens", "8", "--answers", "4")


@pytest.fixture(scope="module")
def runs(tiny, tmp_path_factory):
    """One trained run of each task, and a full one; training changes only the recipe's method."""
    home = tmp_path_factory.mktemp("runs")
    made = {
        name: make_run(home / name, tiny, task, method)
        for name, task, method in (
            ("chat", "chat", "lora"),
            ("text", "text", "full"),
            ("classify", "classify", "lora"),
        )
    }
    patch = pytest.MonkeyPatch()
    patch.setenv("FINETUNE_STUDIO_HOME", str(home / "home"))
    for run in made.values():
        assert train(run)[0] == 0
    yield made
    patch.undo()


def measured(run, capsys, *options):
    capsys.readouterr()
    assert assess([str(run.path), *QUICK, *options, "--json"]) == 0
    printed = capsys.readouterr().out.strip().splitlines()
    return json.loads(printed[-1]), printed[:-1]


def last_loss(run):
    return min(each.metrics["loss"] for each in state_of(run).evaluations)


def test_a_conversation_is_measured_as_while_it_was_trained(runs, capsys):
    run = runs["chat"]
    found, _ = measured(run, capsys)
    first = state_of(run).evaluations[0].metrics
    assert found["task"] == "chat"
    assert found["base"]["loss"] == pytest.approx(first["loss"], rel=1e-4)
    assert found["base"]["token_accuracy"] == pytest.approx(first["token_accuracy"], rel=1e-4)
    assert found["tuned"]["loss"] == pytest.approx(last_loss(run), rel=1e-4)
    assert found["tuned"]["perplexity"] == pytest.approx(math.exp(found["tuned"]["loss"]))
    assert {"chrf", "rouge_l", "exact_match"} <= set(found["base"])
    assert found["changes"]["loss"]["high"] < 0
    assert Evaluation.load(run.evaluation) == Evaluation.model_validate(found)


def test_answers_stand_beside_their_references(runs, capsys):
    found, _ = measured(runs["chat"], capsys)
    assert found["answered"] == len(found["answers"]) == 4
    for each in found["answers"]:
        assert "더하면" in each["prompt"]
        assert each["reference"].endswith("입니다.")


def test_the_probe_is_asked_of_both(runs, capsys):
    found = measured(runs["chat"], capsys)[0]["forgetting"]
    assert found["questions"] == 120
    assert found["verdict"] in ("kept", "some", "much")
    assert found["base"]["perplexity_ko"] > 1
    assert found["base"] != found["tuned"]


def test_a_full_fine_tuning_is_measured_one_model_after_the_other(runs, capsys):
    run = runs["text"]
    found, _ = measured(run, capsys)
    assert found["base"]["loss"] == pytest.approx(state_of(run).evaluations[0].metrics["loss"])
    assert found["tuned"]["loss"] == pytest.approx(last_loss(run), rel=1e-4)
    assert "chrf" not in found["base"]


def test_a_classification_is_measured_by_its_labels(runs, capsys):
    run = runs["classify"]
    found, _ = measured(run, capsys)
    assert set(found["base"]) == {"loss", "accuracy", "macro_f1"}
    assert found["classes"]["labels"] == ["n", "p"]
    table = found["classes"]["tuned"]["confusion"]
    assert sum(map(sum, table)) == found["rows"]
    right = sum(table[n][n] for n in range(2)) / found["rows"]
    assert found["tuned"]["accuracy"] == pytest.approx(right)
    assert found["forgetting"]["verdict"] is None
    assert found["forgetting"]["why"]


def test_the_same_seed_measures_the_same(runs, capsys):
    first, _ = measured(runs["classify"], capsys, "--rows", "5", "--seed", "3")
    again, _ = measured(runs["classify"], capsys, "--rows", "5", "--seed", "3")
    assert first["rows"] == 5
    for name in ("base", "tuned", "changes", "classes"):
        assert first[name] == again[name]


def test_progress_goes_from_nothing_to_all(runs, capsys):
    _, lines = measured(runs["chat"], capsys, "--lines", "--language", "ko")
    told = [json.loads(line)["progress"] for line in lines]
    shares = [each["share"] for each in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert "튜닝한 모델이 아직 아는 것을 묻는 중" in {each["words"] for each in told}


def test_a_report_is_written_in_korean(runs, capsys, tmp_path):
    page = tmp_path / "보고서.html"
    measured(runs["chat"], capsys, "--report", str(page), "--language", "ko")
    text = page.read_text(encoding="utf-8")
    assert "검증 손실" in text
    assert "숫자" in text


def test_other_rows_are_measured_and_searched_for_learned_ones(runs, capsys, tmp_path):
    learned = json.loads((runs["classify"].path.parent / "rows.jsonl").read_text().splitlines()[0])
    rows = [learned, {"text": "처음 보는 멋진 공연", "label": "p"}]
    file = write_rows(tmp_path / "다른.jsonl", rows)
    found, _ = measured(runs["classify"], capsys, "--data", str(file))
    assert found["rows"] == 2
    assert found["source"] == [str(file)]
    assert found["contamination"]["exact"] <= 1


def test_the_harness_is_refused_where_it_is_not_installed(runs, monkeypatch):
    monkeypatch.setattr("finetune_studio.engine.harness.MODULE", "no_such_module")
    with pytest.raises(RefusedError, match="not installed"):
        assess([str(runs["chat"].path), "--harness", "hellaswag"])


def test_the_harness_s_own_file_is_read(tmp_path):
    """As lm-evaluation-harness 0.4.13 wrote it for a task of two choices."""
    figures = {"alias": "mini", "sample_len": 12, "acc,none": 0.4166, "acc_stderr,none": 0.1486}
    folder = tmp_path / "model__name"
    folder.mkdir()
    file = folder / "results_2026-11-25T20-05-00.000000.json"
    file.write_text(json.dumps({"results": {"mini": figures}}), encoding="utf-8")
    assert harness.results(tmp_path) == {"mini": {"acc": 0.4166}}


@pytest.mark.parametrize(("name", "base", "adapter"), [("chat", True, True), ("text", True, False)])
def test_the_harness_is_told_of_both_sides(runs, name, base, adapter):
    tuned = open_tuned(runs[name])
    before, after = harness.model_of(tuned, base), harness.model_of(tuned, not base)
    assert before["pretrained"] == tuned.source
    assert "peft" not in before
    assert (after.get("peft") == tuned.folder) is adapter
    assert after["pretrained"] == (tuned.source if adapter else tuned.folder)


def test_a_run_without_a_result_is_refused(tmp_path, tiny):
    with pytest.raises(RefusedError, match="no result yet"):
        assess([str(make_run(tmp_path, tiny).path)])


def copied(run, tmp_path):
    import shutil

    from finetune_studio.runs.folder import RunFolder

    made = RunFolder(shutil.copytree(run.path, tmp_path / "copy"))
    made.evaluation.unlink(missing_ok=True)
    return made


def test_a_base_model_that_is_gone_is_refused(runs, tmp_path):
    run = copied(runs["chat"], tmp_path)
    gone = store.with_changes(store.load(run.recipe), {"model.source": str(tmp_path / "gone")})
    store.save(gone, run.recipe)
    with pytest.raises(RefusedError, match="gone"):
        assess([str(run.path)])
    assert not run.evaluation.exists()


@pytest.mark.parametrize("damage", ["cut", "empty", "garbage", "missing"])
def test_a_damaged_adapter_is_refused(runs, tmp_path, damage):
    run = copied(runs["chat"], tmp_path)
    file = run.result / "adapter_model.safetensors"
    whole = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(
            {"cut": whole[: len(whole) // 2], "empty": b"", "garbage": b"x" * 99}[damage]
        )
    with pytest.raises(RefusedError, match="adapter"):
        assess([str(run.path)])
    assert not run.evaluation.exists()
