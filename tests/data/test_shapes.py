"""Layouts that people bring, and the guesses that must not be made."""

import pytest

from finetune_studio import paths
from finetune_studio.data.shapes import ROLES, recognise
from finetune_studio.data.sources import open_rows

TURNS = [{"role": "user", "content": "안녕?"}, {"role": "assistant", "content": "네, 안녕하세요."}]
SHARE = [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "hello"}]
CHATML = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nhello<|im_end|>\n"
ASK, SAY, LONG = "How are you?", "Fine, thanks.", "A longer text about things. " * 4


def varied(row, count=20):
    """Rows like `row`, with texts that differ and short values that come again."""
    texts = (ASK, SAY, LONG)
    return [
        {key: f"{value} {number}" if value in texts else value for key, value in row.items()}
        for number in range(count)
    ]


LAYOUTS = {
    "OpenAI chat": ({"messages": TURNS}, "messages", {"messages": "messages"}),
    "chat under another name": ({"id": 1, "talk": TURNS}, "messages", {"messages": "talk"}),
    "chat with tools": (
        {"messages": TURNS, "tools": "[]"},
        "messages",
        {"messages": "messages", "tools": "tools"},
    ),
    "chat as JSON text": (
        {"messages": '[{"role": "user", "content": "x"}]'},
        "messages",
        {"messages": "messages"},
    ),
    "ChatML text": ({"text": CHATML}, "messages", {"messages": "text"}),
    "대화": ({"번호": 1, "대화": TURNS}, "messages", {"messages": "대화"}),
    "ShareGPT": (
        {"id": "a", "conversations": SHARE},
        "sharegpt",
        {"conversations": "conversations"},
    ),
    "ShareGPT with system": (
        {"system": "Be kind.", "conversations": SHARE},
        "sharegpt",
        {"conversations": "conversations", "system": "system"},
    ),
    "Alpaca": (
        {"instruction": ASK, "input": "", "output": SAY},
        "alpaca",
        {"instruction": "instruction", "input": "input", "output": "output"},
    ),
    "Alpaca without input": (
        {"instruction": ASK, "output": SAY},
        "alpaca",
        {"instruction": "instruction", "output": "output"},
    ),
    "Dolly": (
        {"instruction": ASK, "context": "", "response": SAY, "category": "open_qa"},
        "alpaca",
        {"instruction": "instruction", "input": "context", "output": "response"},
    ),
    "지시와 출력": (
        {"지시": ASK, "입력": "", "출력": SAY},
        "alpaca",
        {"instruction": "지시", "input": "입력", "output": "출력"},
    ),
    "prompt-completion": (
        {"prompt": ASK, "completion": SAY},
        "prompt-completion",
        {"prompt": "prompt", "completion": "completion"},
    ),
    "prompt-response": (
        {"Prompt": ASK, "Response": SAY},
        "prompt-completion",
        {"prompt": "Prompt", "completion": "Response"},
    ),
    "prompt and completion as turns": (
        {"prompt": TURNS[:1], "completion": TURNS[1:]},
        "prompt-completion",
        {"prompt": "prompt", "completion": "completion"},
    ),
    "input-output": (
        {"input": ASK, "output": SAY},
        "prompt-completion",
        {"prompt": "input", "completion": "output"},
    ),
    "OpenOrca": (
        {"id": "x.1", "system_prompt": "Be kind.", "question": ASK, "response": SAY},
        "question-answer",
        {"question": "question", "answer": "response", "system": "system_prompt"},
    ),
    "question-answer": (
        {"question": ASK, "answer": SAY},
        "question-answer",
        {"question": "question", "answer": "answer"},
    ),
    "Q, A, label": (
        {"Q": ASK, "A": SAY, "label": "0"},
        "question-answer",
        {"question": "Q", "answer": "A"},
    ),
    "질문과 답변": (
        {"질문": ASK, "답변": SAY},
        "question-answer",
        {"question": "질문", "answer": "답변"},
    ),
    "고객 질문": (
        {"접수일": "2024-01-02", "고객 질문": ASK, "상담사 답변": SAY, "답변": SAY},
        "question-answer",
        {"question": "고객 질문", "answer": "답변"},
    ),
    "손님 질문": (
        {"손님 질문": ASK, "점원 답변": SAY},
        "question-answer",
        {"question": "손님 질문", "answer": "점원 답변"},
    ),
    "고객문의, 직원회신": (
        {"고객문의": ASK, "직원회신": SAY},
        "question-answer",
        {"question": "고객문의", "answer": "직원회신"},
    ),
    "CustomerQuestion": (
        {"CustomerQuestion": ASK, "clerk_reply": SAY},
        "question-answer",
        {"question": "CustomerQuestion", "answer": "clerk_reply"},
    ),
    "FAQ": (
        {"category": "billing", "Question": ASK, "Answer": SAY},
        "question-answer",
        {"question": "Question", "answer": "Answer"},
    ),
    "question, context, answer": (
        {"context": LONG, "question": ASK, "answer": SAY},
        "question-answer",
        {"question": "question", "answer": "answer", "context": "context"},
    ),
    "text": ({"text": LONG}, "text", {"text": "text"}),
    "text with facts": (
        {"id": "a1", "url": "https://example.com/1", "text": LONG},
        "text",
        {"text": "text"},
    ),
    "제목과 본문": ({"제목": SAY, "본문": LONG}, "text", {"text": "본문"}),
    "text-label": (
        {"text": LONG, "label": 1},
        "labelled-text",
        {"text": "text", "label": "label"},
    ),
    "NSMC": (
        {"id": "9976970", "document": LONG, "label": "0"},
        "labelled-text",
        {"text": "document", "label": "label"},
    ),
    "리뷰와 감정": (
        {"리뷰": LONG, "감정": "긍정", "영화": "38226"},
        "labelled-text",
        {"text": "리뷰", "label": "감정"},
    ),
    "sentence-label": (
        {"sentence": LONG, "label": -1},
        "labelled-text",
        {"text": "sentence", "label": "label"},
    ),
    "뉴스 제목과 분류": (
        {"title": LONG, "topic": "경제"},
        "labelled-text",
        {"text": "title", "label": "topic"},
    ),
    "review and stars": (
        {"review_body": LONG, "stars": 5, "product": "cup"},
        "labelled-text",
        {"text": "review_body", "label": "stars"},
    ),
    "preference": (
        {"prompt": ASK, "chosen": SAY, "rejected": SAY},
        "preference",
        {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"},
    ),
    "preference in turns": (
        {"chosen": TURNS, "rejected": TURNS},
        "preference",
        {"chosen": "chosen", "rejected": "rejected"},
    ),
    "KTO": (
        {"prompt": ASK, "completion": SAY, "label": True},
        "kto",
        {"prompt": "prompt", "completion": "completion", "label": "label"},
    ),
    "no header: text and label": (
        {"column 1": LONG, "column 2": "1"},
        "labelled-text",
        {"text": "column 1", "label": "column 2"},
    ),
    "one column of any name": ({"칸": LONG}, "text", {"text": "칸"}),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_recognised_and_mapped(name):
    row, shape, mapping = LAYOUTS[name]
    found = recognise(list(row), varied(row))
    assert (found.shape, found.mapping) == (shape, mapping)
    assert found.confidence >= 0.5
    assert all(
        f"“{column}”" in found.why for role, column in mapping.items() if role in ROLES[shape][0]
    )
    assert set(mapping) <= set(ROLES[shape][0] + ROLES[shape][1])


@pytest.mark.parametrize(
    "row",
    [
        {"a": LONG, "b": SAY},
        {"premise": LONG, "hypothesis": SAY},
        {"first question": ASK, "second question": ASK, "the answer": SAY},
        {"n": 1, "m": 2.5},
        {"text": 7},
        {"question": None, "answer": None},
        {},
    ],
)
def test_what_stays_open_is_not_mapped(row):
    found = recognise(list(row), varied(row))
    assert found.mapping == {}
    assert found.confidence < 0.5
    assert found.why


def test_no_rows_at_all():
    assert recognise(["question", "answer"], []).mapping == {}
    assert recognise([], []).confidence == 0


@pytest.mark.parametrize(
    ("name", "shape", "mapping"),
    [
        ("korean_qa.csv", "question-answer", {"question": "질문", "answer": "답변"}),
        ("korean_sentiment.csv", "labelled-text", {"text": "리뷰", "label": "감정"}),
        ("korean_text.txt", "text", {"text": "text"}),
        ("english_qa.jsonl", "messages", {"messages": "messages"}),
    ],
)
def test_the_samples_are_recognised(name, shape, mapping):
    rows = open_rows([str(paths.resources() / "samples" / name)]).dataset
    found = recognise(
        rows.column_names, rows.select(range(200 if len(rows) > 200 else 50)).to_list()
    )
    assert (found.shape, found.mapping) == (shape, mapping)
