"""The command `data`: one JSON document, an exit code, refusals as errors, and no torch."""

import argparse
import json
import subprocess
import sys

import pytest

from finetune_studio import cli, paths
from finetune_studio.commands import data
from finetune_studio.errors import RefusedError
from finetune_studio.speech import VARIABLE, speak

SAMPLES = paths.resources() / "samples"


def called(capsys, *arguments):
    parser = argparse.ArgumentParser()
    data.add_options(parser)
    options = parser.parse_args([*map(str, arguments)])
    return options.run(options), capsys.readouterr().out


def test_check_prints_one_document(capsys):
    code, out = called(capsys, "check", SAMPLES / "korean_sentiment.csv", "--json")
    report = json.loads(out)
    assert code == 0
    assert report["shape"] == "labelled-text"
    assert report["mapping"] == {"text": "리뷰", "label": "감정"}
    assert report["rows"] == 3000


def test_check_in_words(capsys):
    code, out = called(capsys, "check", SAMPLES / "korean_qa.csv", "--map", "question=답변",
                       "--map", "answer=질문")  # fmt: skip
    assert code == 0
    assert "1,500 rows" in out
    assert "question = 답변" in out


def test_convert_and_check_again(capsys, tmp_path):
    out = tmp_path / "a.jsonl"
    code, said = called(
        capsys, "convert", SAMPLES / "korean_qa.csv", "--to", "sharegpt", "--out", out, "--json"
    )
    assert code == 0
    assert json.loads(said) == {"path": str(out), "rows": 1500, "left_out": []}
    assert json.loads(called(capsys, "check", out, "--json")[1])["shape"] == "sharegpt"


def test_what_is_found_is_said_in_one_language(capsys, tmp_path, monkeypatch):
    """The level's word, too, and particles that follow from the names they stand behind."""
    monkeypatch.setenv(VARIABLE, "ko")
    file = tmp_path / "a.jsonl"
    file.write_text('{"question": "가", "answer": "나"}\n' * 3, encoding="utf-8")
    try:
        assert cli.main(["data", "check", str(file)]) == 0
        assert "\n경고: 2행이 앞의 행과 똑같아요." in capsys.readouterr().out
        assert cli.main(["data", "check", str(tmp_path / "a.hwp")]) == 2
        (tmp_path / "a.hwp").write_bytes(b"1")
        assert cli.main(["data", "check", str(tmp_path / "a.hwp")]) == 2
        assert "‘a.hwp’는 읽을 수 없는 종류" in capsys.readouterr().err
    finally:
        speak("en")


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "nowhere.csv"),
        ("check", SAMPLES / "korean_qa.csv", "--map", "question"),
        ("check", SAMPLES / "korean_qa.csv", "--map", "question=Frage", "--map", "answer=답변"),
        ("convert", SAMPLES / "korean_text.txt", "--to", "alpaca", "--out", "a.json"),
    ],
)
def test_what_cannot_be_done_is_refused(capsys, arguments):
    with pytest.raises(RefusedError):
        called(capsys, *arguments, "--json")
    assert capsys.readouterr().out == ""


def test_torch_stays_out(tmp_path):
    script = (
        "import argparse, sys; from finetune_studio.commands import data;"
        "parser = argparse.ArgumentParser(); data.add_options(parser);"
        f"options = parser.parse_args(['check', {str(SAMPLES / 'korean_qa.csv')!r}]);"
        "assert options.run(options) == 0;"
        "assert not {'torch', 'transformers', 'PySide6'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "a.jsonl"
    lines = [f'{{"question": "{n}번째로 묻는다", "answer": "대답은 {n}이다"}}\n' for n in range(30)]
    path.write_text("".join([*lines, lines[3]]), encoding="utf-8")
    return path


def test_check_tells_findings_with_rows_and_a_fix(capsys, rows):
    code, out = called(capsys, "check", rows, "--json")
    [finding] = json.loads(out)["findings"]
    assert code == 0
    assert {key: finding[key] for key in ("level", "code", "where", "count", "rows", "fix")} == {
        "level": "warning",
        "code": "duplicates",
        "where": "data.fixes",
        "count": 1,
        "rows": [30],
        "fix": {"data.fixes": [{"code": "duplicates"}]},
    }
    assert finding["text"].startswith("1 row repeats")
    assert finding["values"]["examples"] == ["3번째로 묻는다 / 대답은 3이다"]


def test_check_in_words_shows_examples(capsys, rows):
    assert "    3번째로 묻는다 / 대답은 3이다" in called(capsys, "check", rows)[1].splitlines()


def test_check_leaves_quality_out_by_wish(capsys, rows):
    assert json.loads(called(capsys, "check", rows, "--quick", "--json")[1])["findings"] == []


def test_check_looks_for_rows_that_are_measured_and_learned(capsys, rows):
    out = called(capsys, "check", rows, "--validation", rows, "--json")[1]
    found = {finding["code"]: finding["count"] for finding in json.loads(out)["findings"]}
    assert found == {"leakage": 31, "duplicates": 1}


def test_check_for_another_task(capsys):
    out = called(capsys, "check", SAMPLES / "korean_sentiment.csv", "--task", "text", "--json")[1]
    codes = {finding["code"] for finding in json.loads(out)["findings"]}
    assert "label-imbalance" not in codes
    with pytest.raises(RefusedError, match="cannot learn"):
        called(capsys, "check", SAMPLES / "korean_text.txt", "--task", "chat")


def test_convert_keeps_good_answers_alone_by_wish(capsys, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "q", "chosen": "a", "rejected": "b"}\n', encoding="utf-8")
    out = tmp_path / "b.jsonl"
    with pytest.raises(RefusedError, match="--good-only"):
        called(capsys, "convert", path, "--to", "alpaca", "--out", out)
    called(capsys, "convert", path, "--to", "alpaca", "--out", out, "--good-only")
    assert json.loads(out.read_text(encoding="utf-8"))["output"] == "a"
