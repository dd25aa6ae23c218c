"""What goes wrong: one clear sentence, the right exit code, and nothing half-written left over."""

import json
import os
import pickle
import resource
import shutil
import signal
import struct
import subprocess
import sys
import time

import psutil
import pytest

from finetune_studio.interrupts import held
from finetune_studio.runs.events import EventReader
from finetune_studio.runs.folder import RunFolder
from tests.helpers.command import COMMAND, call, environment, refusal, spawn
from tests.helpers.running import ROWS, losses, make_run, state_of, train, write_rows

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX systems")
WEIGHTS = "model.safetensors"


@pytest.fixture
def recipe(tmp_path, tiny):
    """Writes a recipe with changes; its folder has Hangul and spaces in its name."""

    def write(**changes):
        run = make_run(tmp_path / f"내 자료 {time.monotonic_ns()}", tiny, **changes)
        target = run.path.parent / "나의 레시피.yaml"
        shutil.move(run.recipe, target)
        return target

    return write


# What is refused before the trainer starts, and by the trainer before it begins.

BAD_RECIPES = {
    "unknown key": ("trainig: {epochs: 3}", "training"),
    "unknown key inside": ("training: {learning_rat: 1.0e-4}", "training.learning_rate"),
    "learning rate 5": ("training: {learning_rate: 5}", "training.learning_rate"),
    "batch 0": ("training: {batch_size: 0}", "training.batch_size"),
    "a word for a number": ("training: {epochs: many}", "training.epochs"),
    "not YAML": ("training: [", "recipe"),
    "a list": ("- 1\n- 2", "recipe"),
    "empty": ("", "recipe"),
    "no text": ("\x00\x01\x02", "recipe"),
    "newer": ("version: 99", "newer"),
    "no data": ("name: x", "data"),
}


@pytest.mark.parametrize("command", [["train"], ["train", "--json"], ["check", "--json"]])
@pytest.mark.parametrize("case", BAD_RECIPES)
def test_a_bad_recipe_is_refused(tmp_path, case, command):
    text, word = BAD_RECIPES[case]
    path = tmp_path / "r.yaml"
    path.write_text(text, encoding="utf-8")
    done = call(command[0], path, *command[1:], cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    if "--json" in command:
        document = json.loads(done.stdout)
        said = json.dumps(document["error"] if "error" in document else document["findings"])
    else:
        said = refusal(done)
        assert done.stdout == ""
    assert word in said
    assert [each.name for each in tmp_path.iterdir()] == ["r.yaml"]


def without_tokenizer(folder):
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()


def with_pickle_alone(folder):
    (folder / WEIGHTS).unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"weight": [1.0]}))


def with_weights_cut(folder):
    whole = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(whole[: len(whole) // 2])


def with_a_broken_header(folder):
    whole = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", 2**60) + whole[8:])


def with_broken_configuration(folder):
    (folder / "config.json").write_text("{", encoding="utf-8")


def with_a_broken_tokenizer(folder):
    (folder / "tokenizer.json").write_text('{"version": "1.0"}', encoding="utf-8")


BAD_MODELS = {
    "no tokenizer": (without_tokenizer, "tokenizer"),
    "a pickle": (with_pickle_alone, "pytorch_model.bin"),
    "cut weights": (with_weights_cut, WEIGHTS),
    "a broken header": (with_a_broken_header, WEIGHTS),
    "broken configuration": (with_broken_configuration, "config.json"),
    "a broken tokenizer": (with_a_broken_tokenizer, "tokenizer"),
    "an empty folder": (lambda folder: [each.unlink() for each in folder.iterdir()], "config.json"),
}


def refused(recipe, folder):
    """What the trainer's last word is where it refuses a recipe; whatever is wrong, the command
    makes the same of it, which is tried with one fault of each kind."""
    run = RunFolder.create(folder)
    shutil.copy(recipe, run.recipe)
    code, state = train(run)
    assert code == 2
    assert state.outcome.kind == "failed"
    assert not run.result.exists()
    return json.dumps(vars(state.outcome), ensure_ascii=False)


@pytest.mark.parametrize("case", BAD_MODELS)
def test_a_bad_model_is_refused(tmp_path, tiny, recipe, case):
    harm, word = BAD_MODELS[case]
    folder = tmp_path / "나쁜 모델"
    shutil.copytree(tiny, folder)
    harm(folder)
    path = recipe(model__source=str(folder))
    assert word in refused(path, tmp_path / "run")
    if case == "a pickle":
        done = call("train", path, "--out", tmp_path / "out", "--json")
        assert word in refusal(done)
        last = json.loads(done.stdout.splitlines()[-1])
        assert word in json.dumps(last, ensure_ascii=False)
        assert not (tmp_path / "out").exists()
    found = json.loads(call("check", path, "--json").stdout)["findings"]
    assert [each["where"] for each in found if each["level"] == "error"] == ["model.source"]


BAD_ROWS = {
    "empty file": (b"", "empty"),
    "nothing usable": (b'{"question": "", "answer": ""}\n' * 3, "row"),
    "one row": ('{"question": "하나?", "answer": "하나"}\n'.encode(), "row"),
    "wrong types": (b'{"question": 3, "answer": [1, 2]}\n{"question": {"a": 1}}\n', ""),
    "no JSON": (b"hello\nworld\n", "Line 1"),
    "cut off": (b'{"question": "a", "ans', "Line 1"),
    "zero bytes": (b"\x00" * 4096, ""),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_bad_rows_are_refused_by_check_and_by_train(tmp_path, recipe, case):
    content, word = BAD_ROWS[case]
    data = tmp_path / "나쁜 자료.jsonl"
    data.write_bytes(content)
    path = recipe(data__files=[str(data)])
    assert word in refused(path, tmp_path / "run")
    if case == "no JSON":
        assert word in refusal(call("train", path, "--out", tmp_path / "out"))
        assert not (tmp_path / "out").exists()
    checked = call("check", path, "--json")
    assert checked.returncode == 2
    assert any(each["level"] == "error" for each in json.loads(checked.stdout)["findings"])


def test_one_row_trains_where_none_is_kept_aside(tmp_path, recipe):
    data = write_rows(tmp_path / "one.jsonl", ROWS["chat"][:1])
    path = recipe(data__files=[str(data)], data__split__validation=0.0)
    done = call("train", path, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "result").is_dir()


def test_nothing_is_written_over(tmp_path, recipe):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("mine")
    for out in (tmp_path / "thesis", tmp_path / "thesis" / "chapter.txt"):
        assert "already" in refusal(call("train", recipe(), "--out", out))
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "mine"
    assert len(list((tmp_path / "thesis").iterdir())) == 1


# The disk.


def limited(run, size, *more):
    """Train with files of at most `size` bytes, as a full disk or a quota would have it."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return subprocess.run(
        [*COMMAND, "train", str(run), *map(str, more)],
        capture_output=True,
        text=True,
        env=environment(),
        preexec_fn=limit,
        check=False,
        timeout=300,
    )


def trained_to_the_end(recipe, out):
    """What a trainer that nothing befalls makes of a recipe; it needs no process of its own."""
    run = RunFolder.create(out)
    shutil.copy(recipe, run.recipe)
    assert train(run)[0] == 0
    return run


@posix
@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_checkpoint_that_does_not_fit_on_the_disk(tmp_path, recipe, method):
    path = recipe(method__kind=method)
    done = limited(path, 100_000, "--out", tmp_path / "out")
    sentence = refusal(done, code=1)
    assert "disk" in sentence
    out = RunFolder(tmp_path / "out")
    assert not out.result.exists()
    assert not list(out.checkpoints.glob("*/checkpoint.json"))
    again = call("train", out.path, "--resume")  # with room
    assert again.returncode == 0, again.stderr
    whole = trained_to_the_end(path, tmp_path / "whole")
    assert losses(state_of(out)) == losses(state_of(whole))


@posix
def test_a_disk_without_room_for_a_last_word(tmp_path, recipe, monkeypatch):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        done = call("train", recipe(), "--out", disk / "run")
        assert "disk" in refusal(done, code=1)
        assert not (disk / "run" / "result").exists()
        assert not list(disk.glob("run/checkpoints/*/checkpoint.json"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# Interrupts and power cuts.


def phase_of(out):
    """The run's phase and step now; nothing where it has not spoken yet."""
    if not (out / "events.jsonl").exists():
        return "", 0
    state = state_of(RunFolder(out))
    return state.phase, state.step


MOMENTS = {
    "before the first word": lambda out: (out / "run.json").exists(),
    "loading": lambda out: phase_of(out)[0] == "loading",
    "tokenising": lambda out: phase_of(out)[0] == "tokenizing",
    "evaluating": lambda out: phase_of(out)[0] == "evaluating",
    "training": lambda out: phase_of(out) > ("training", 3),
    "saving": lambda out: any(out.glob("checkpoints/checkpoint-*")),
}


def wait(until, seconds=300.0):
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.002)


@posix
@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interrupt_at_any_moment(tmp_path, recipe, moment):
    path = recipe(training__epochs=100, evaluation__every=5, checkpoints__every=5)
    out = tmp_path / "실행"
    child = spawn("train", path, "--out", out, "--json")
    wait(lambda: MOMENTS[moment](out))
    child.send_signal(signal.SIGINT)
    said, told = child.communicate(timeout=180)
    assert child.returncode == 130, told
    assert "Traceback" not in told
    last = json.loads(said.splitlines()[-1])
    if "error" in last:  # nothing had been started
        assert moment == "before the first word"
        assert not out.exists()
        return
    run = RunFolder(out)
    assert not psutil.pid_exists(run.info().pid)
    assert last["kind"] in ("stopped", "failed")
    assert not list(out.glob("*.part"))
    for checkpoint in out.glob("checkpoints/checkpoint-*"):
        assert (checkpoint / "checkpoint.json").is_file()
    assert run.result.exists() == (last.get("reason") == "stop-and-save")
    assert run.result.exists() or moment != "training"
    shorter = ["--set", f"training.max_steps={state_of(run).step + 2}"]
    again = call("train", out, "--resume", *shorter)
    assert again.returncode == 0, again.stderr
    assert run.result.is_dir()


@posix
def test_two_interrupts_stop_at_once(tmp_path, recipe):
    out = tmp_path / "실행"
    child = spawn("train", recipe(training__epochs=200), "--out", out)
    wait(lambda: phase_of(out) > ("training", 3))
    trainer = psutil.Process(RunFolder(out).info().pid)
    trainer.suspend()  # it cannot obey
    child.send_signal(signal.SIGINT)
    wait(lambda: (out / "orders.jsonl").read_text())
    child.send_signal(signal.SIGINT)
    _, told = child.communicate(timeout=120)
    assert child.returncode == 130, told
    assert not psutil.pid_exists(trainer.pid)
    assert "Traceback" not in told


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny):
    """A run of two steps."""
    run = make_run(tmp_path_factory.mktemp("trained"), tiny, training__max_steps=2)
    assert train(run)[0] == 0
    return run.path


@posix
@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.4, 1.0, 2.0, 4.0])
def test_an_interrupted_export_leaves_nothing(tmp_path, trained, seconds):
    with held():  # what starts before the program's first line is not ours to answer
        child = subprocess.Popen(
            [*COMMAND, "export", str(trained), "--to", "merged", "--out", str(tmp_path / "out")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            start_new_session=True,
        )
    time.sleep(seconds)
    os.killpg(child.pid, signal.SIGINT)  # as a terminal does
    said, told = child.communicate(timeout=120)
    left = [each.name for each in tmp_path.iterdir() if each.name.startswith("out")]
    if child.returncode == 0:
        assert left == ["out"]  # it was done before
    else:
        assert (child.returncode, left) == (130, [])
        *before, last = told.strip().splitlines()  # what was being done, then the end
        assert last == "error: Interrupted."
        assert not [each for each in before if each.startswith("error")]
    assert "Traceback" not in said + told


KILLS = {
    "loading": lambda out: phase_of(out)[0] == "loading",
    "first evaluation": lambda out: phase_of(out)[0] == "evaluating",
    "between checkpoints": lambda out: phase_of(out)[1] >= 7,
    "writing a checkpoint": lambda out: any(
        not (each / "checkpoint.json").exists() for each in out.glob("checkpoints/checkpoint-1?")
    ),
    "saving the result": lambda out: (out / "result.part").exists(),
}


@posix
def test_killed_at_any_moment_it_comes_to_the_same_losses(tmp_path, recipe):
    path = recipe(checkpoints__every=4, evaluation__every=8, method__dropout=0.1)
    whole = trained_to_the_end(path, tmp_path / "whole")
    expected = state_of(whole)
    assert expected.step > 12
    for number, (moment, reached) in enumerate(KILLS.items()):
        out = tmp_path / f"cut {number}"
        child = spawn("train", path, "--out", out)
        wait(lambda out=out, reached=reached: reached(out))
        psutil.Process(RunFolder(out).info().pid).kill()
        _, told = child.communicate(timeout=60)
        assert child.returncode == 1, (moment, told)
        assert "signal 9" in told
        assert "Traceback" not in told
        again = call("train", out, "--resume")
        assert again.returncode == 0, (moment, again.stderr)
        state = state_of(RunFolder(out))
        assert losses(state) == losses(expected), moment
        measured = {each.step: each.metrics for each in state.evaluations}
        assert measured == {each.step: each.metrics for each in expected.evaluations}, moment
        same = [(RunFolder(out).result / "adapter_model.safetensors").read_bytes()]
        same.append((whole.result / "adapter_model.safetensors").read_bytes())
        assert same[0] == same[1], moment


def test_events_of_a_refused_resume_are_not_the_run_s_end(tmp_path, recipe):
    out = tmp_path / "run"
    assert call("train", recipe(training__max_steps=2), "--out", out).returncode == 0
    done = call("train", out, "--resume")
    assert "all its 2 steps" in refusal(done)
    assert (out / "result").is_dir()
    kinds = [each.kind for each in EventReader(RunFolder(out).events).read()]
    assert kinds.count("finished") == 1
