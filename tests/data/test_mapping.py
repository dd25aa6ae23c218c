"""Rows of each shape to what each task is trained on; rows without use are named, never guessed."""

import json

import pytest
from datasets import Dataset

from finetune_studio.data.mapping import canonical
from finetune_studio.data.turns import REASONS
from finetune_studio.errors import RefusedError

ASKED = [{"role": "user", "content": "안녕?"}, {"role": "assistant", "content": "네!"}]
WITH_SYSTEM = [{"role": "system", "content": "친절하게"}, *ASKED]


def chat(rows, shape, mapping=None):
    mapping = mapping or {name: name for name in rows[0]}
    made, dropped = canonical(Dataset.from_list(rows), shape, mapping, "chat")
    return made.to_list(), dropped


@pytest.mark.parametrize(
    ("shape", "row", "expected"),
    [
        ("messages", {"messages": ASKED}, ASKED),
        ("messages", {"messages": json.dumps(WITH_SYSTEM)}, WITH_SYSTEM),
        (
            "messages",
            {
                "messages": "<|im_start|>system\n친절하게<|im_end|>\n<|im_start|>user\n안녕?"
                "<|im_end|>\n<|im_start|>assistant\n네!<|im_end|>"
            },
            WITH_SYSTEM,
        ),
        (
            "messages",
            {
                "messages": [
                    {"role": "User", "content": [{"type": "text", "text": "안녕?"}]},
                    {"role": "ASSISTANT", "content": [{"type": "text", "text": "네!"}]},
                ]
            },
            ASKED,
        ),
        (
            "sharegpt",
            {
                "conversations": [
                    {"from": "human", "value": "안녕?"},
                    {"from": "gpt", "value": "네!"},
                ],
                "system": "친절하게",
            },
            WITH_SYSTEM,
        ),
        ("alpaca", {"instruction": "안녕?", "input": "", "output": "네!"}, ASKED),
        (
            "alpaca",
            {"instruction": "옮겨라", "input": "hello", "output": "안녕", "system": None},
            [
                {"role": "user", "content": "옮겨라\n\nhello"},
                {"role": "assistant", "content": "안녕"},
            ],
        ),
        ("prompt-completion", {"prompt": "안녕?", "completion": "네!"}, ASKED),
        ("prompt-completion", {"prompt": ASKED[:1], "completion": ASKED[1:]}, ASKED),
        (
            "question-answer",
            {"question": "안녕?", "answer": "네!", "system": "친절하게"},
            WITH_SYSTEM,
        ),
        ("question-answer", {"question": "안녕?", "answer": ["네!", "응"]}, ASKED),
        ("question-answer", {"question": "안녕?", "answer": {"text": ["", "네!"]}}, ASKED),
        (
            "question-answer",
            {"question": "몇 살?", "answer": 7, "context": "나는 7살이다."},
            [
                {"role": "user", "content": "나는 7살이다.\n\n몇 살?"},
                {"role": "assistant", "content": "7"},
            ],
        ),
    ],
)
def test_a_conversation_from_each_shape(shape, row, expected):
    made, dropped = chat([row], shape)
    assert made == [{"messages": expected}]
    assert dropped == []


@pytest.mark.parametrize(
    ("turns", "code"),
    [
        ([{"role": "user", "content": "a"}], "no-answer"),
        ([{"role": "user", "content": "a"}, {"role": "assistant", "content": " "}], "empty-turn"),
        ([{"role": "user", "content": "a"}, {"role": "assistant", "content": None}], "empty-turn"),
        ([{"role": "king", "content": "a"}, ASKED[1]], "unknown-role"),
        ([{"role": None, "content": "a"}, ASKED[1]], "unknown-role"),
        ([ASKED[0], {**ASKED[1], "weight": 0}], "not-learned"),
        ([ASKED[0], {**ASKED[1], "tool_calls": [{"function": {"name": "a"}}]}], "calls-tool"),
        ([ASKED[0], {"role": "function_call", "content": "{}"}, ASKED[1]], "calls-tool"),
        ([], "no-conversation"),
        (None, "no-conversation"),
    ],
)
def test_conversations_without_use_are_left_out(turns, code):
    made, dropped = chat([{"messages": ASKED}, {"messages": turns}], "messages")
    assert made == [{"messages": ASKED}]
    assert [(each.code, each.count, each.rows) for each in dropped] == [(code, 1, (1,))]
    assert dropped[0].reason == REASONS[code]


SYSTEM_ALONE = [{"role": "system", "content": "<p>"}]


@pytest.mark.parametrize(
    ("shape", "row", "code"),
    [
        ("alpaca", {"instruction": "안녕?", "output": SYSTEM_ALONE}, "no-answer"),
        ("alpaca", {"instruction": "안녕?", "output": json.dumps(ASKED[:1])}, "no-answer"),
        ("alpaca", {"instruction": [], "output": "네!"}, "no-question"),
        ("alpaca", {"instruction": [], "output": SYSTEM_ALONE}, "no-question"),
        ("prompt-completion", {"prompt": ASKED, "completion": SYSTEM_ALONE}, "no-answer"),
        ("prompt-completion", {"prompt": "안녕?", "completion": [""]}, "no-answer"),
        ("prompt-completion", {"prompt": ["\n"], "completion": "네!"}, "no-question"),
        ("question-answer", {"question": "안녕?", "answer": {"text": [" "]}}, "no-answer"),
        ("question-answer", {"question": "안녕?", "answer": ASKED[:1]}, "no-answer"),
    ],
)
def test_an_answer_that_nobody_gives_is_none(shape, row, code):
    made, dropped = chat([row], shape)
    assert made == []
    assert [each.code for each in dropped] == [code]


def test_pictures_in_a_turn_are_not_text():
    parts = [{"type": "image", "text": None}, {"type": "text", "text": "what is it?"}]
    _, dropped = chat([{"messages": [{"role": "user", "content": parts}]}], "messages")
    assert [each.code for each in dropped] == ["not-text"]


def test_dropped_rows_are_counted_and_the_first_are_named():
    rows = [{"q": "q", "a": None if n % 2 else "a"} for n in range(100)]
    rows += [{"q": " ", "a": "a"}] * 3
    made, dropped = chat(rows, "question-answer", {"question": "q", "answer": "a"})
    assert len(made) == 50
    assert [(each.code, each.count) for each in dropped] == [("no-answer", 50), ("no-question", 3)]
    assert dropped[0].rows == (1, 3, 5, 7, 9, 11, 13, 15, 17, 19)
    assert dropped[1].rows == (100, 101, 102)


def test_labelled_text_for_both_tasks():
    rows = [
        {"t": "좋다", "y": 1, "film": 5},
        {"t": "나쁘다", "y": None, "film": 5},
        {"t": "", "y": 2, "film": None},
        {"t": "음", "y": 2, "film": 6},
    ]
    data, mapping = Dataset.from_list(rows), {"text": "t", "label": "y"}
    made, dropped = canonical(data, "labelled-text", mapping, "classify", group="film")
    assert made.to_list() == [
        {"text": "좋다", "label": "1", "film": "5"},
        {"text": "음", "label": "2", "film": "6"},
    ]
    assert {each.code: each.rows for each in dropped} == {"no-label": (1,), "no-text": (2,)}
    made, _ = canonical(data, "labelled-text", mapping, "text")
    assert made.to_list() == [{"text": "좋다"}, {"text": "나쁘다"}, {"text": "음"}]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([1.0, 0.0], ["1", "0"]),
        ([0.5, float("nan")], ["0.5"]),
        ([True, False], ["true", "false"]),
        (["2   ", "긍정"], ["2", "긍정"]),
    ],
)
def test_labels_are_text(labels, expected):
    data = Dataset.from_dict({"text": ["a", "b"], "label": labels})
    made, _ = canonical(data, "labelled-text", {"text": "text", "label": "label"}, "classify")
    assert made["label"][:] == expected


@pytest.mark.parametrize(
    ("shape", "mapping", "task", "says"),
    [
        ("question-answer", {"question": "qestion", "answer": "answer"}, "chat", "mean “question”"),
        ("question-answer", {"question": "zzz", "answer": "answer"}, "chat", "zzz.*Choose"),
        ("question-answer", {"question": "question"}, "chat", "“answer”"),
        ("question-answer", {}, "chat", "No column is mapped"),
        ("question-answer", {"question": "question", "reply": "answer"}, "chat", "no role “reply”"),
        ("text", {"text": "question"}, "chat", "cannot learn.*alpaca"),
        ("question-answer", {"question": "question", "answer": "answer"}, "classify", "labelled"),
        ("preference", {}, "chat", "prompt-completion"),
        ("nonsense", {}, "chat", "no shape"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_way_out(shape, mapping, task, says):
    data = Dataset.from_dict({"question": ["a"], "answer": ["b"]})
    with pytest.raises(RefusedError, match=f"(?s){says}"):
        canonical(data, shape, mapping, task)


def test_a_group_has_to_be_there_and_to_keep_its_name():
    data = Dataset.from_dict({"body": ["a"], "text": ["b"]})
    with pytest.raises(RefusedError, match="flim"):
        canonical(data, "text", {"text": "body"}, "text", group="flim")
    with pytest.raises(RefusedError, match="cannot be kept"):
        canonical(data, "text", {"text": "body"}, "text", group="text")
    made, _ = canonical(data, "text", {"text": "body"}, "text", group="body")
    assert made.to_list() == [{"text": "a", "body": "a"}]


def test_the_same_rows_come_from_the_cache_under_the_same_fingerprint():
    data = Dataset.from_dict({"text": ["a", "", "c"]})
    first, dropped = canonical(data, "text", {"text": "text"}, "text")
    again, same = canonical(data, "text", {"text": "text"}, "text")
    assert (first.to_list(), dropped) == (again.to_list(), same)
    assert first._fingerprint == again._fingerprint
    assert first.cache_files
