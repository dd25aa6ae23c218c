"""The command `data`: one JSON document, an exit code, refusals as errors, and no torch."""

import argparse
import json
import subprocess
import sys

import pytest

from finetune_studio import paths
from finetune_studio.commands import data
from finetune_studio.errors import RefusedError

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
