"""Conversations with a tiny trained run: streamed, alike for both models, stopped, voted on."""

import io
import json
import sys

import pytest

from finetune_studio.engine.chat import chat
from finetune_studio.engine.sides import Sides
from finetune_studio.engine.speaking import Manner, Speech, manner_of, speak
from finetune_studio.engine.tuned import open_tuned
from finetune_studio.errors import RefusedError
from finetune_studio.runs.votes import tally
from tests.helpers.running import make_run, train

QUESTION = "숫자 3에 하나를 더하면?"
SAID = [{"role": "user", "content": QUESTION}]


@pytest.fixture(scope="module")
def runs(tiny, tmp_path_factory):
    home = tmp_path_factory.mktemp("runs")
    patch = pytest.MonkeyPatch()
    patch.setenv("FINETUNE_STUDIO_HOME", str(home / "home"))
    made = {
        "chat": make_run(home / "chat", tiny, training__epochs=8),
        "full": make_run(home / "full", tiny, "text", "full"),
        "classify": make_run(home / "classify", tiny, "classify"),
    }
    for run in made.values():
        assert train(run)[0] == 0
    yield made
    patch.undo()


@pytest.fixture(scope="module")
def tuned(runs):
    return open_tuned(runs["chat"])


@pytest.fixture(scope="module")
def sides(tuned):
    return Sides(tuned)


def said(tuned, sides, base=False, stopped=lambda: False, **manner):
    pieces = []
    with sides.side(base) as model:
        manner = Manner(**{"tokens": 24} | manner)
        whole = speak(tuned.voice(), model, SAID, manner, pieces.append, stopped)
    assert "".join(pieces) == whole
    return whole, pieces


def test_the_pieces_are_the_answer_that_is_made_at_once(tuned, sides):
    whole, pieces = said(tuned, sides)
    with sides.side(base=False) as model:
        assert whole == tuned.voice().answer(model, SAID, 24)
    assert len(pieces) > 1


def test_both_sides_answer_and_the_adapter_is_on_again_afterwards(tuned, sides):
    tuned_answer, _ = said(tuned, sides)
    base_answer, _ = said(tuned, sides, base=True)
    assert base_answer != tuned_answer
    assert said(tuned, sides)[0] == tuned_answer
    with sides.side(base=True) as model:
        assert base_answer == tuned.voice().answer(model, SAID, 24)


def test_the_same_seed_draws_the_same_and_another_draws_other(tuned, sides):
    first, again, other = (said(tuned, sides, temperature=1.5, seed=n)[0] for n in (1, 1, 2))
    assert first == again != other


def test_hardly_any_share_to_draw_from_is_the_likeliest(tuned, sides):
    drawn, _ = said(tuned, sides, temperature=1.0, top_p=1e-6, seed=5)
    assert drawn == said(tuned, sides)[0]


def test_a_stop_text_ends_the_answer_and_is_no_part_of_it(tuned, sides):
    whole, _ = said(tuned, sides)
    stop = whole[len(whole) // 2 :][:3]
    cut, pieces = said(tuned, sides, stop=(stop,))
    assert cut == whole[: whole.index(stop)]
    assert not any(stop in each for each in pieces)


def test_an_answer_can_be_broken_off(tuned, sides):
    calls = []
    cut, _ = said(tuned, sides, stopped=lambda: len(calls) >= 3 or bool(calls.append(1)))
    assert cut != said(tuned, sides)[0]
    assert said(tuned, sides)[0].startswith(cut)


def test_half_a_syllable_waits_for_its_other_half(tuned):
    pieces = []
    speech = Speech(tuned.tokenizer, (), pieces.append)
    import torch

    speech.put(torch.tensor([[1, 2]]))
    for each in tuned.tokenizer.encode("뷁 가", add_special_tokens=False)[0]:
        speech.put(torch.tensor([each]))
    speech.end()
    assert "".join(pieces) == "뷁 가"
    assert all("\ufffd" not in each for each in pieces)


def test_what_may_become_a_stop_text_is_held_back_until_it_is_known(tuned):
    pieces = []
    speech = Speech(tuned.tokenizer, ("good!",), pieces.append)
    import torch

    speech.put(torch.tensor([[1]]))
    for letter in "a good film":
        speech.put(torch.tensor(tuned.tokenizer.encode(letter, add_special_tokens=False)[0]))
        assert not "".join(pieces).endswith(("g", "go", "goo"))
    speech.end()
    assert "".join(pieces) == "a good film"


@pytest.mark.parametrize(
    "asked", [{"tokens": 0}, {"temperature": -1}, {"top_p": 0}, {"top_p": 2}, {"tokens": "many"}]
)
def test_settings_beyond_what_there_is_are_refused(asked):
    with pytest.raises(RefusedError, match="settings of the answer"):
        manner_of(asked)


def test_a_conversation_longer_than_the_model_reads_is_refused(tuned, sides):
    long = [{"role": "user", "content": "학교에 간다. " * 200}]
    with sides.side(base=False) as model, pytest.raises(RefusedError, match="longer"):
        speak(tuned.voice(), model, long, Manner(), lambda _: None)


def run_chat(monkeypatch, capsys, run, lines, *options):
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    assert chat([str(run.path), "--tokens", "8", *options]) == 0
    return capsys.readouterr().out


def test_both_are_asked_the_same_on_a_terminal(runs, monkeypatch, capsys):
    out = run_chat(monkeypatch, capsys, runs["chat"], [QUESTION, "또?"], "--compare")
    assert out.count("— Base model —") == out.count("— Tuned model —") == 2


def test_blind_votes_are_counted_for_whose_answer_it_was(runs, monkeypatch, capsys):
    lines = [QUESTION, "a", "또?", "x", "b", "그리고?", "="]
    out = run_chat(monkeypatch, capsys, runs["chat"], lines, "--compare", "--blind")
    assert out.count("— Answer A —") == 3
    counted = tally(runs["chat"])
    assert counted.total == 3
    assert counted.tie == 1
    votes = (runs["chat"].path / "votes.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(votes[0])["prompt"] == QUESTION
    told = [line for line in out.splitlines() if line.startswith("A was")]
    first = "base" if "A was the Base" in told[0] else "tuned"
    assert json.loads(votes[0])["vote"] == first


def test_two_whole_models_are_compared_too(runs, monkeypatch, capsys):
    out = run_chat(monkeypatch, capsys, runs["full"], [], "--compare", "--prompt", "오늘은")
    assert "— Base model —" in out


def test_a_classification_cannot_be_compared_but_can_be_asked(runs, monkeypatch, capsys):
    out = run_chat(monkeypatch, capsys, runs["classify"], [], "--prompt", "재미있는 영화")
    assert "%" in out
    with pytest.raises(RefusedError, match="classifies"):
        chat([str(runs["classify"].path), "--compare", "--prompt", "재미있는 영화"])


def test_a_program_hears_pieces_then_the_answer(runs, monkeypatch, capsys):
    asked = [
        json.dumps({"messages": SAID, "tokens": 8}),
        json.dumps({"messages": SAID, "tokens": 8, "base": True}),
        "no json",
        json.dumps({"messages": SAID, "tokens": 0}),
    ]
    heard = [
        json.loads(line)
        for line in run_chat(monkeypatch, capsys, runs["chat"], asked, "--json").splitlines()
    ]
    assert heard[0] == {"ready": True}
    answers = [each["answer"] for each in heard if "answer" in each]
    assert len(answers) == 2
    assert "".join(each["piece"] for each in heard if "piece" in each) == "".join(answers)
    assert [list(each) for each in heard[-2:]] == [["error"], ["error"]]
