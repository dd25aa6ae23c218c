"""Datasets of the Hub, by the real `datasets` library over the loopback."""

import io
import json
import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.data.datasets_hub import TWO_CONFIGS, DatasetsHub

CHOICES = "import json; from finetune_studio.data import hub; print(json.dumps(hub.choices('{}')))"


def parquet(rows):
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


def rows(word, count):
    return [
        {"질문": f"{word} {n}번은 언제 오나요?", "답변": f"{n}일 뒤에 와요."} for n in range(count)
    ]


@pytest.fixture(scope="module")
def served():
    with DatasetsHub() as hub:
        lines = "\n".join(json.dumps({"question": f"q{n}?", "answer": "a"}) for n in range(9))
        hub.models["owner/reviews"] = {
            "README.md": TWO_CONFIGS.encode(),
            "ko/train.parquet": parquet(rows("train", 30)),
            "ko/test.parquet": parquet(rows("test", 12)),
            "en/rows.jsonl": lines.encode(),
        }
        hub.models["owner/script"] = {"script.py": b"raise SystemExit('ran')\n"}
        hub.faults["owner/gated"] = (403, "GatedRepo")
        yield hub


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("hub home")


@pytest.fixture
def ask(served, home, monkeypatch):
    """Runs Python or the program against the Hub on the loopback."""
    monkeypatch.setenv("HF_ENDPOINT", served.url)
    monkeypatch.setenv("HF_HOME", str(home / "hf"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "0")

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, timeout=120, check=False
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, json.loads(done.stdout)

    return run


def checked(ask, name):
    return ask("-m", "finetune_studio", "data", "check", name, "--json")


def test_configurations_and_splits_are_told(ask):
    code, told = ask("-c", CHOICES.format("owner/reviews"))
    assert code == 0
    assert told == {"ko": ["train", "test"], "en": ["train"]}


def test_a_configuration_and_a_split_are_read_and_then_kept(ask, served):
    code, told = checked(ask, "hub:owner/reviews:ko:test")
    assert code == 0
    assert (told["rows"], told["shape"]) == (12, "question-answer")
    assert told["mapping"] == {"question": "질문", "answer": "답변"}
    taken = served.taken.count("ko/test.parquet")
    assert checked(ask, "hub:owner/reviews:ko:test") == (code, told)
    assert served.taken.count("ko/test.parquet") == taken >= 1


def test_what_is_not_said_is_asked(ask):
    code, told = checked(ask, "hub:owner/reviews")
    assert code == 2
    assert "several configurations" in told["error"]["title"]
    code, told = checked(ask, "hub:owner/reviews:ko:dev")
    assert code == 2
    assert "train, test" in told["error"]["detail"]


def test_its_code_is_not_run(ask):
    code, told = checked(ask, "hub:owner/script")
    assert code == 2
    assert told["error"]["hint"]


def test_one_that_asks_for_consent_and_one_that_is_not_there(ask):
    code, told = checked(ask, "hub:owner/gated")
    assert code == 2
    assert "consent" in told["error"]["title"]
    code, told = checked(ask, "hub:owner/nothing")
    assert code == 2
    assert "no dataset" in told["error"]["title"]


NOBODY = "http://127.0.0.1:9"


def test_what_was_fetched_is_read_without_a_connection(ask, monkeypatch):
    _, told = checked(ask, "hub:owner/reviews:ko:test")
    monkeypatch.setenv("HF_ENDPOINT", NOBODY)
    assert checked(ask, "hub:owner/reviews:ko:test") == (0, told)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert checked(ask, "hub:owner/reviews:ko:test") == (0, told)


@pytest.mark.parametrize(("offline", "title"), [("0", "cannot be reached"), ("1", "switched off")])
def test_without_a_connection_it_is_said_after_one_question(ask, monkeypatch, offline, title):
    monkeypatch.setenv("HF_ENDPOINT", NOBODY)
    monkeypatch.setenv("HF_HUB_OFFLINE", offline)
    code, told = checked(ask, "hub:owner/never")
    assert code == 1
    assert title in told["error"]["title"]
    assert "owner/never" in told["error"]["title"]
    assert told["error"]["hint"]


def test_it_is_not_asked_again_and_again(ask, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", NOBODY)
    timed = (
        "import json; from tests.data.test_hub import asked_once; print(json.dumps(asked_once()))"
    )
    code, (answered, seconds) = ask("-c", timed)
    assert (code, answered) == (0, False)
    assert seconds < 5.5  # the libraries ask six times, with 23 s between


def asked_once():
    from finetune_studio.data import hub_line

    begun = time.monotonic()
    return hub_line.answers(), time.monotonic() - begun
