"""What is said without a window follows the person's language."""

import argparse
import json
import subprocess
import sys

import pytest

from finetune_studio import cli, i18n
from finetune_studio.cli import COMMANDS
from finetune_studio.recipe import store
from finetune_studio.recipe.advice import Advice
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.events import EventReader, Failed
from finetune_studio.runs.folder import RunFolder
from finetune_studio.speech import VARIABLE, language, speak
from tests.conftest import ROOT
from tests.helpers.command import call, refusal


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": ""}, "ko"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "ko_KR.UTF-8", VARIABLE: "en"}, "en"),
        ({"LANG": "en_US.UTF-8", VARIABLE: "ko"}, "ko"),
    ],
)
def test_the_language(environment, code):
    assert language(environment) == code


def test_the_core_answers_in_korean_and_back():
    try:
        speak("ko")
        assert i18n.tr("The GPU ran out of memory.") != "The GPU ran out of memory."
        assert i18n.tr("no text of ours") == "no text of ours"
    finally:
        speak("en")
    assert i18n.tr("The GPU ran out of memory.") == "The GPU ran out of memory."


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tokens", "--model", "demo", "--row", "x"], "--row: 'x' 값은 쓸 수 없어요(int)."),
        (["tokens", "compare", "--data", "a.csv"], "빠진 것이 있어요: --model."),
        (["data", "check", "a.csv", "--depth", "3"], "모르는 인자가 있어요: --depth 3."),
        (["data", "convert", "a", "--to", "b", "--out", "c"], "--to: 'b' 값은 고를 수 없어요("),
        (["train", "a.yaml", "--out"], "--out: 값을 하나 주세요."),
    ],
)
def test_what_is_typed_wrongly_is_said_in_korean(monkeypatch, capsys, arguments, said):
    monkeypatch.setenv(VARIABLE, "ko")
    try:
        assert cli.main(arguments) == 2
    finally:
        speak("en")
    assert f"오류: {said}" in capsys.readouterr().err


def test_the_headings_of_help_are_korean(monkeypatch, capsys):
    monkeypatch.setenv(VARIABLE, "ko")
    with pytest.raises(SystemExit):
        cli.main(["data", "check", "--help"])
    speak("en")
    told = capsys.readouterr().out
    assert told.startswith("사용법: finetune-studio data check")
    assert all(f"\n{heading}:\n" in told for heading in ("차례로 주는 것", "옵션"))
    assert "show this" not in told


def test_a_reason_names_its_source_in_the_language_in_use():
    advice = Advice("a", 1, "why.", "own runs with the demo model")
    try:
        speak("ko")
        assert advice.reason == "why [데모 모델로 직접 돌려 본 결과]"
    finally:
        speak("en")


def test_commands_and_the_engine_speak_korean(monkeypatch, tmp_path, tiny):
    monkeypatch.setenv(VARIABLE, "ko")
    assert "레시피대로 학습하기" in call("--help").stdout
    done = call("runs", "show", tmp_path / "없음")
    assert any("가" <= letter <= "힣" for letter in done.stderr.split("없음")[0])
    file = tmp_path / "글.txt"
    file.write_text("나는 학교에 간다. " * 400, encoding="utf-8")
    recipe = tmp_path / "recipe.yaml"
    written = call("recipe", "new", "--model", tiny, "--data", file, "--out", recipe)
    assert written.returncode == 0, written.stderr
    (tmp_path / "bin").mkdir()
    weights = next(tiny.glob("*.safetensors"))
    kept = weights.read_bytes()
    try:
        weights.write_bytes(kept[:100])
        done = call("train", recipe, "--out", tmp_path / "run", "--json")
    finally:
        weights.write_bytes(kept)
    last = json.loads(done.stdout.splitlines()[-1])
    told = last.get("error", last)
    assert done.returncode == 2
    assert any("가" <= letter <= "힣" for letter in told["title"])


def test_a_run_that_failed_in_korean_is_told_in_english(monkeypatch, tmp_path, tiny):
    monkeypatch.setenv(VARIABLE, "ko")
    run = RunFolder.create(tmp_path / "run", "run")
    recipe = {"model.source": str(tiny), "data.files": [str(tmp_path / "사라진.csv")]}
    store.save(store.with_changes(Recipe(), recipe), run.recipe)
    trainer = [sys.executable, "-m", "finetune_studio.engine.train", str(run.path)]
    done = subprocess.run(trainer, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 2
    failed = list(EventReader(run.events).read())[-1]
    assert isinstance(failed, Failed)
    assert not failed.title.replace("사라진", "").isascii()
    assert failed.part("title").replace("사라진", "").isascii()
    try:
        speak("ko")
        assert failed.part("title") == failed.title
    finally:
        speak("en")


def test_english_is_said_where_the_variable_says_so(monkeypatch):
    monkeypatch.setenv(VARIABLE, "en")
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    assert "This is not a run" in refusal(call("runs", "show", "nowhere"))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name):
    silent = [each for part in parsers(cli._parser([name])) for each in part if not each.help]
    assert [each.dest for each in silent] == []


def parsers(parser):
    """The arguments of a parser and of those below it."""
    own = [each for each in parser._actions if not isinstance(each, argparse._SubParsersAction)]
    below = [each for each in parser._actions if each not in own]
    yield own
    for each in below:
        for inner in each.choices.values():
            yield from parsers(inner)


def test_what_argparse_says_is_korean_too(monkeypatch):
    monkeypatch.setenv(VARIABLE, "ko")
    told = call("recipe", "new", "--help").stdout
    assert told.startswith("사용법: finetune-studio recipe new")
    assert "show this help" not in told
    assert "빠진 것이 있어요: --data" in call("recipe", "new").stderr
