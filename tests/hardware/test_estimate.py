"""The whole plan from a recipe file: the command's contract, its speed, and bad input."""

import argparse
import gzip
import json
import os
import subprocess
import sys

import pytest
import yaml

from finetune_studio.commands import estimate as command
from finetune_studio.errors import RefusedError
from finetune_studio.hardware.duration import START_SECONDS
from finetune_studio.hardware.estimate import estimate
from finetune_studio.hardware.workload import COUNTED, measure
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.conftest import ROOT

KEYS = {
    *("gpu", "total_bytes", "parts", "verdict", "trainable_parameters", "parameters"),
    *("steps", "tokens_per_step", "seconds", "changes"),
}
LLAMA = "meta-llama/Llama-3.1-8B-Instruct"


@pytest.fixture
def rows(tmp_path):
    file = tmp_path / "질문 답.jsonl"
    lines = [{"question": f"{n}번 질문입니다?", "answer": "답입니다. " * 5} for n in range(200)]
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def file(tmp_path, rows):
    place = tmp_path / "recipe.yaml"
    content = {"model": {"source": LLAMA}, "data": {"files": [str(rows)]}}
    place.write_text(yaml.safe_dump(content), encoding="utf-8")
    return place


def run(*arguments):
    parser = argparse.ArgumentParser()
    command.add_options(parser)
    options = parser.parse_args([str(each) for each in arguments])
    return options.run(options)


def answer(capsys, *arguments):
    assert run(*arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_the_document_has_what_the_contract_says(file, capsys):
    found = answer(capsys, file, "--gpu", "RTX 4090")
    assert set(found) >= KEYS
    assert found["gpu"] == "RTX 4090 24GB"
    assert found["total_bytes"] == sum(found["parts"].values())
    assert found["verdict"] == "fits"
    assert found["changes"] == []
    assert found["parameters"] == 8_030_261_248
    assert found["trainable_parameters"] == 41_943_040
    assert (found["rows"], found["rows_counted"]) == (200, True)
    assert found["steps"] == 36  # 180 rows, 16 a step: 12 steps an epoch, 3 epochs
    assert 16 * 10 < found["tokens_per_step"] < 16 * 60
    assert found["seconds"] > 0


def test_what_does_not_fit_is_told_with_what_would_mend_it(file, capsys):
    found = answer(capsys, file, "--gpu", "T4")
    assert found["verdict"] == "does-not-fit"
    assert {change["path"] for change in found["changes"]} >= {"method.kind"}
    assert all(set(change) == {"path", "from", "to", "text"} for change in found["changes"])
    assert found["after_changes"] < found["total_bytes"]
    assert run(file, "--gpu", "T4") == 0
    assert "It would fit" in capsys.readouterr().out


def test_a_setting_can_be_tried_without_changing_the_file(file, capsys):
    one = answer(capsys, file, "--gpu", "H200", "--set", "training.batch_size=1")
    eight = answer(capsys, file, "--gpu", "H200", "--set", "training.batch_size=8")
    assert one["total_bytes"] < eight["total_bytes"]


@pytest.mark.skipif(os.name == "nt", reason="Windows does not tell the time of children")
def test_it_answers_quickly_and_without_torch(file):
    code = (
        "import sys, argparse\n"
        "from finetune_studio.commands import estimate\n"
        "parser = argparse.ArgumentParser(); estimate.add_options(parser)\n"
        f"options = parser.parse_args([{str(file)!r}, '--gpu', 'T4', '--json'])\n"
        "options.run(options)\n"
        "heavy = {'torch', 'transformers', 'datasets', 'PySide6'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    spent = [1.0]
    while min(spent) >= 0.5 and len(spent) < 12:  # other work beside it costs it time, too
        before = os.times()
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
        )
        after = os.times()
        spent.append(sum(after[2:4]) - sum(before[2:4]))  # of the processor, whoever else uses it
        assert done.returncode == 0, done.stderr
    assert min(spent) < 0.5


KINDS = [
    f"--set=method.kind={method} --set=task.kind={task} --set=training.packing={packing}"
    for method in ("full", "lora", "qlora")
    for task in ("chat", "text", "classify")
    for packing in ("true", "false")
]


@pytest.mark.parametrize("changes", KINDS)
def test_a_recipe_of_every_kind_is_planned(file, capsys, changes):
    found = answer(capsys, file, "--gpu", "H200", *changes.split())
    assert set(found) >= KEYS
    assert found["total_bytes"] == sum(found["parts"].values())
    assert found["steps"] > 0
    assert found["seconds"] > 0
    assert found["measured"] is None
    assert "adapter" in found["parts"]
    assert (found["parts"]["adapter"] == 0) == ("kind=full" in changes)


def test_the_embedded_model_is_planned_on_a_gpu_and_on_the_processor(tmp_path, rows, capsys):
    place = tmp_path / "recipe.yaml"
    content = {"model": {"source": "demo"}, "data": {"files": [str(rows)]}}
    place.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert answer(capsys, place, "--gpu", "T4")["verdict"] == "fits"
    assert answer(capsys, place)["parameters"] == 7_212_288


def test_a_model_whose_weights_are_missing_is_still_to_be_downloaded(tmp_path):
    from finetune_studio.catalog.entries import entry
    from finetune_studio.catalog.figures import KnownModel

    row = entry(LLAMA)
    assert KnownModel({}, row, tmp_path).missing_bytes == row.download_bytes
    (tmp_path / "model.safetensors").touch()
    assert KnownModel({}, row, tmp_path).missing_bytes == 0


def test_without_data_there_are_no_steps_to_count(capsys):
    found = estimate(store.with_changes(Recipe(), {"model.source": LLAMA}), "A100")
    assert (found.steps, found.seconds, found.workload) == (None, None, None)
    limited = store.with_changes(Recipe(), {"model.source": LLAMA, "training.max_steps": 7})
    assert estimate(limited, "A100").steps == 7


def test_a_file_without_rows_gives_no_steps(tmp_path):
    (tmp_path / "heads.csv").write_text("question,answer\n", encoding="utf-8")
    changes = {"model.source": LLAMA, "data.files": [str(tmp_path / "heads.csv")]}
    found = estimate(store.with_changes(Recipe(), changes), "A100")
    assert (found.steps, found.seconds) == (None, None)
    assert found.workload.rows == 0


def test_packing_makes_fewer_and_fuller_rows(file):
    asked = store.load(file)
    packed = store.with_changes(asked, {"training.packing": True})
    plain, dense = (estimate(each, "A100") for each in (asked, packed))
    assert dense.steps is not None
    assert plain.steps is not None
    assert dense.steps < plain.steps
    assert dense.tokens_per_step > plain.tokens_per_step


def test_a_local_folder_is_planned_from_its_own_configuration(tmp_path):
    folder = tmp_path / "내 모델"
    folder.mkdir()
    config = {
        "model_type": "llama",
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "vocab_size": 600,
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    asked = store.with_changes(Recipe(), {"model.source": str(folder)})
    found = estimate(asked, "T4")
    assert found.plan.parameters == 2 * (4 * 64 * 64 + 3 * 64 * 128 + 128) + 2 * 600 * 64 + 64
    config["hidden_size"] = 0
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(RefusedError, match="hidden_size is 0"):
        estimate(asked, "T4")


@pytest.mark.parametrize(
    ("changes", "gpu", "says"),
    [
        ({"model.source": "nobody/nothing"}, "T4", "Nothing is known of the model nobody/nothing"),
        ({"model.source": LLAMA}, "RTX 1", "No GPU called RTX 1"),
        ({"model.source": LLAMA, "data.files": ["/none.jsonl"]}, "T4", "none.jsonl"),
        ({"model.source": LLAMA, "method.targets": ["c_fc"]}, "T4", "no layer called c_fc"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(changes, gpu, says):
    with pytest.raises(RefusedError) as caught:
        estimate(store.with_changes(Recipe(), changes), gpu)
    assert says in str(caught.value)


def test_large_files_are_inferred_from_their_beginning(tmp_path):
    row = json.dumps({"text": "word " * 60}) + "\n"
    count = 2 * COUNTED // len(row)
    large = tmp_path / "large.jsonl"
    large.write_text(row * count, encoding="utf-8")
    found = measure([str(large)])
    assert not found.exact
    assert found.rows == pytest.approx(count, rel=0.02)
    assert 60 < found.mean(10_000) < 120
    assert found.cut(10) == 1
    assert found.cut(10_000) == 0


def test_the_row_limit_and_compressed_files_are_minded(tmp_path, rows):
    assert measure([str(rows)], max_rows=50).rows == 50
    packed = tmp_path / "rows.jsonl.gz"
    packed.write_bytes(gzip.compress(rows.read_bytes()))
    assert measure([str(packed)]).rows == 200
    assert measure([str(rows), str(packed)]).rows == 400


def test_no_row_is_longer_than_the_bound(rows):
    found = measure([str(rows)])
    assert found.bound > max(found.lengths)


def test_what_is_measured_between_the_steps_takes_time(rows):
    base = {"model.source": LLAMA, "data.files": [str(rows)]}

    def seconds(**changes):
        names = {name.replace("__", "."): value for name, value in changes.items()}
        return estimate(store.with_changes(Recipe(), base | names), "A100").seconds

    seldom, often = seconds(evaluation__every=0.5), seconds(evaluation__every=1)
    assert often > seldom > START_SECONDS
    asked = seconds(evaluation__every=1, evaluation__prompts=("안녕?", "뭐 해?"))
    assert asked > often + 36 * 2 * 64 * 0.01  # 36 looks, two answers of 64 tokens
    few = seconds(evaluation__every=1, evaluation__max_rows=1)
    assert few < often
