"""The command line from a recipe to an exported model, each step a process of its own."""

import json
import os
import re
import subprocess
import sys
import time

import pytest

from finetune_studio.recipe import store
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.orders import give
from tests.helpers.command import call, document, environment, refusal, spawn
from tests.helpers.running import ROWS, make_run, state_of, write_rows

HEAVY = {"torch", "transformers", "PySide6", "pyqtgraph"}


def test_light_commands_import_neither_torch_nor_qt(tmp_path, tiny):
    data = write_rows(tmp_path / "rows.jsonl", ROWS["chat"])
    look = (
        "import sys\nfrom finetune_studio.cli import main\n"
        "code = main(sys.argv[1:])\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)), code)"
    )
    recipe = str(tmp_path / "recipe.yaml")
    for arguments in (
        ["recipe", "new", "--model", str(tiny), "--data", str(data), "--out", recipe],
        ["recipe", "reference"],
        ["check", recipe],
        ["runs", "list"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", look, *arguments],
            capture_output=True,
            text=True,
            env=environment(),
            check=False,
        )
        assert done.stdout.splitlines()[-1] == "[] 0", done.stdout + done.stderr


def test_from_data_to_an_exported_model(tmp_path, tiny):
    data = write_rows(tmp_path / "내 자료.jsonl", ROWS["chat"])
    recipe = tmp_path / "recipe.yaml"
    made = call(
        "recipe", "new", "--model", tiny, "--data", data, "--out", recipe,
        "--set", "training.max_steps=8", "--set", "training.sequence_length=64",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert store.load(recipe).data.shape == "question-answer"

    run = tmp_path / "나의 실행"
    trained = call("train", recipe, "--out", run, "--json")
    events = [json.loads(line) for line in trained.stdout.splitlines()]
    assert trained.returncode == 0, trained.stderr
    kinds = [each["kind"] for each in events]
    assert kinds[-1] == "finished"
    assert {"started", "phase", "progress", "metrics", "evaluated", "checkpoint"} <= set(kinds)

    said = call("chat", run, "--prompt", "숫자 3에 하나를 더하면?", "--tokens", "8")
    assert said.returncode == 0, said.stderr
    base = call("chat", run, "--base", "--prompt", "숫자 3에 하나를 더하면?", "--tokens", "8")
    assert base.returncode == 0, base.stderr

    merged = document(call("export", run, "--to", "merged", "--out", tmp_path / "out", "--json"))
    assert merged["format"] == "merged"
    assert {each["name"] for each in merged["files"]} >= {"model.safetensors", "tokenizer.json"}
    assert merged["parity"]["mean_kl"] < 0.01
    again = call("export", run, "--to", "merged", "--out", tmp_path / "out")
    assert "exists already" in refusal(again)

    shown = document(call("runs", "show", run, "--json"))
    assert shown


def test_a_run_pauses_and_goes_on(tmp_path, tiny):
    run = make_run(tmp_path / "a", tiny, training__max_steps=40)
    out = RunFolder(tmp_path / "run")
    child = spawn("train", run.recipe, "--out", out.path)
    _wait(lambda: out.events.exists() and state_of(out).step > 3)
    give(out.orders, "pause")
    _wait(lambda: state_of(out).phase == "paused")
    assert json.loads(call("runs", "show", out.path, "--json").stdout)["status"] == "paused"
    assert "running" in refusal(call("runs", "delete", out.path, "--yes"))
    assert "training already" in refusal(call("train", out.path, "--resume"))
    give(out.orders, "go-on")
    child.communicate(timeout=120)
    assert child.returncode == 0
    assert state_of(out).step == 40


def _wait(until, seconds=300.0):
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


REFUSED = {
    "missing recipe": (["train", "missing.yaml"], "no recipe at"),
    "unknown command": (["trian", "x"], None),
    "unknown setting": (["train", "r.yaml", "--set", "training.learning_rat=1"], "learning_rate"),
    "learning rate 5": (["train", "r.yaml", "--set", "training.learning_rate=5"], "learning_rate"),
    "batch 0": (["train", "r.yaml", "--set", "training.batch_size=0"], "batch_size"),
    "missing data": (["train", "r.yaml", "--set", "data.files=[nowhere.csv]"], "nowhere.csv"),
    "missing model": (["train", "r.yaml", "--set", "model.source=./nowhere"], "nowhere"),
    "no such run": (["chat", "nowhere"], "not a run"),
    "out exists": (["train", "r.yaml", "--out", "."], "already"),
    "too long": (["train", "r.yaml", "--set", "training.sequence_length=4096"], "context"),
    "method's own setting": (["train", "r.yaml", "--set", "method.kind=full", "--set",
                              "method.rank=8"], "method.rank"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_gets_one_sentence(tmp_path, tiny, case):
    arguments, word = REFUSED[case]
    run = make_run(tmp_path / "a", tiny)
    (tmp_path / "r.yaml").write_bytes(run.recipe.read_bytes())
    done = call(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    if word:
        assert re.search(word, refusal(done))


def test_a_row_of_five_megabytes_trains(tmp_path, tiny):
    rows = [{"질문": "긴 글", "답변": "가" * 1_700_000}, *ROWS["chat"]]
    run = make_run(tmp_path / "a", tiny, training__max_steps=2)
    data = write_rows(tmp_path / "long.jsonl", rows)
    store.save(store.with_changes(store.load(run.recipe), {"data.files": [str(data)]}), run.recipe)
    done = call("train", run.recipe, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr


def test_checkpoints_that_cannot_be_written_are_a_sentence(tmp_path, tiny):
    run = make_run(tmp_path / "a", tiny)
    out = tmp_path / "run"
    folder = RunFolder.create(out)
    store.save(store.load(run.recipe), folder.recipe)
    folder.checkpoints.write_text("a file where the folder should be", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "finetune_studio.engine.train", str(out)],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert done.returncode == 1
    failed = state_of(folder).outcome
    assert failed.kind == "failed"
    assert failed.hint
    assert not folder.result.exists()
    assert os.path.exists(folder.recipe)
