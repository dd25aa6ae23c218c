"""Preferences and judged answers: to each other without loss, to others only when it is asked."""

import json

import pytest
from datasets import Dataset

from finetune_studio.commands.data import FORMS
from finetune_studio.data.convert import TARGETS, convert
from finetune_studio.data.layout import settle
from finetune_studio.data.mapping import canonical
from finetune_studio.data.sources import open_rows
from finetune_studio.errors import RefusedError

PAIR = {"prompt": "몇 시?", "chosen": "아홉 시입니다.", "rejected": "몰라요."}
JUDGED = [
    {"prompt": "몇 시?", "completion": "아홉 시입니다.", "label": True},
    {"prompt": "몇 시?", "completion": "몰라요.", "label": False},
]


def turned(*said):
    return [{"role": role, "content": content} for role, content in said]


SHARED = {
    "chosen": turned(("user", "하나?"), ("assistant", "둘"), ("user", "셋?"), ("assistant", "넷")),
    "rejected": turned(
        ("user", "하나?"), ("assistant", "둘"), ("user", "셋?"), ("assistant", "몰라")
    ),
}
PARTED = {
    "prompt": SHARED["chosen"][:3],
    "chosen": SHARED["chosen"][3:],
    "rejected": SHARED["rejected"][3:],
}


def converted(tmp_path, rows, to, **options):
    out = tmp_path / f"{to}.jsonl"
    data = Dataset.from_list(rows)
    found = settle(data, "auto", {})
    made = convert(data, found.shape, found.mapping, to, out, **options)
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()], made


def test_a_preference_is_two_judgements(tmp_path):
    rows, made = converted(tmp_path, [{"id": 7, **PAIR}], "kto")
    assert rows == [{**each, "id": 7} for each in JUDGED]
    assert made.rows == 2
    assert settle(open_rows([str(tmp_path / "kto.jsonl")]).dataset, "auto", {}).shape == "kto"


def test_what_both_answers_share_is_the_prompt(tmp_path):
    rows, _ = converted(tmp_path, [SHARED], "preference")
    assert rows == [PARTED]
    again, _ = converted(tmp_path / "..", rows, "kto")
    assert [row["completion"][0]["content"] for row in again] == ["넷", "몰라"]
    prompted = {"prompt": "하나?", **{k: v[:1] + v[3:] for k, v in SHARED.items()}}
    rows, _ = converted(tmp_path, [prompted], "kto")
    assert rows[0]["prompt"] == turned(("user", "하나?"))


@pytest.mark.parametrize("row", [PAIR, PARTED, SHARED, {**PAIR, "system": "짧게"}])
def test_a_preference_comes_back_the_same(tmp_path, row):
    once, _ = converted(tmp_path, [row] * 3, "preference")
    (tmp_path / "preference.jsonl").unlink()
    assert converted(tmp_path, once, "preference")[0] == once


def test_bad_answers_are_not_lost_silently(tmp_path):
    for rows in ([PAIR], JUDGED):
        with pytest.raises(RefusedError, match=r"no place.*would be lost.*--good-only"):
            converted(tmp_path, rows, "messages")
        good, made = converted(tmp_path, rows, "prompt-completion", good_only=True)
        assert [(row["prompt"], row["completion"]) for row in good] == [
            ("몇 시?", "아홉 시입니다.")
        ]
        assert [each.code for each in made.left_out] == (["bad-answer"] if rows is JUDGED else [])
        (tmp_path / "prompt-completion.jsonl").unlink()


def test_the_good_answers_can_be_trained(tmp_path):
    rows, _ = converted(tmp_path, [SHARED], "messages", good_only=True)
    made, dropped = canonical(Dataset.from_list(rows), "messages", {"messages": "messages"}, "chat")
    assert made[0]["messages"] == SHARED["chosen"]
    assert not dropped


@pytest.mark.parametrize(
    ("rows", "to", "says"),
    [
        (JUDGED, "preference", "no other one"),
        ([{"question": "a?", "answer": "b"}], "kto", "cannot become kto"),
        ([{**JUDGED[0], "label": None}, *JUDGED * 20], "kto", "is not said"),
        ([{**PAIR, "rejected": ""}, PAIR], "kto", "no answer"),
        ([{"chosen": "a", "rejected": "b"}], "kto", "no question"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, rows, to, says):
    with pytest.raises(RefusedError, match=says):
        converted(tmp_path, rows, to)
    assert not list(tmp_path.iterdir())


def test_the_command_offers_every_target():
    assert set(FORMS) == set(TARGETS)
