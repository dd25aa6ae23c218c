"""Layouts of datasets that people really bring: from a file to what is learned, without help.

KNOWN_WRONG lists what is guessed wrongly, with the confidence that warns; OPEN what is asked.
"""

import json

import pytest

from finetune_studio.data.layout import settle
from finetune_studio.data.mapping import canonical
from finetune_studio.data.sources import open_rows
from tests.conftest import ROOT

ASK, SAY = "오늘 저녁은 무엇이 좋을까요?", "따뜻한 국수를 끓여 드세요."
LONG = "지난 겨울에 다녀온 산골 마을의 이야기를 길게 적어 둔다. " * 3
TURNS = [{"role": "user", "content": ASK}, {"role": "assistant", "content": SAY}]
SHARE = [{"from": "human", "value": ASK}, {"from": "gpt", "value": SAY}]
CHAT = [("user", ASK), ("assistant", SAY)]


def asked(*said):
    return [("user", "\n\n".join(said[:-1])), ("assistant", said[-1])]


CHATS = {
    "KoAlpaca": ({"instruction": ASK, "output": SAY, "url": "https://a.kr"}, CHAT),
    "KULLM": ({"id": 1, "instruction": ASK, "input": LONG, "output": SAY}, asked(ASK, LONG, SAY)),
    "Stanford Alpaca": (
        {"instruction": ASK, "input": "", "output": SAY, "text": f"Below is… {ASK}"},
        CHAT,
    ),
    "Dolly": (
        {"instruction": ASK, "context": LONG, "response": SAY, "category": "closed_qa"},
        asked(ASK, LONG, SAY),
    ),
    "MathInstruct": ({"source": "a.json", "instruction": ASK, "output": SAY}, CHAT),
    "SQuAD, KorQuAD": (
        {"id": "6-0", "title": "국수", "context": LONG, "question": ASK,
         "answers": {"text": [SAY, "국수"], "answer_start": [3, 9]}},
        asked(LONG, ASK, SAY),
    ),
    "UltraChat": ({"prompt": ASK, "prompt_id": "f0", "messages": TURNS}, CHAT),
    "No Robots": ({"prompt": ASK, "prompt_id": "f", "messages": TURNS, "category": "Chat"}, CHAT),
    "Tulu": ({"id": "a", "messages": TURNS, "source": "b"}, CHAT),
    "NuminaMath": ({"source": "a", "problem": ASK, "solution": SAY, "messages": TURNS}, CHAT),
    "OpenHermes": ({"conversations": SHARE, "source": "a", "category": None}, CHAT),
    "SlimOrca": (
        {"conversations": [{"from": "system", "value": "짧게", "weight": None}, *SHARE]},
        [("system", "짧게"), *CHAT],
    ),
    "ShareGPT": ({"id": "1", "conversations": SHARE, "lang": "ko", "model": "m"}, CHAT),
    "Capybara": ({"source": "a", "conversation": [{"input": ASK, "output": SAY}] * 2}, CHAT * 2),
    "LIMA": ({"conversations": [ASK, SAY], "source": "stackexchange"}, CHAT),
    "LMSYS": ({"conversation_id": "1", "model": "m", "conversation": TURNS, "turn": 1}, CHAT),
    "WildChat": (
        {"conversation_hash": "1", "conversation": [{**t, "toxic": False} for t in TURNS]},
        CHAT,
    ),
    "GSM8K": ({"question": ASK, "answer": SAY}, CHAT),
    "OpenR1 math": ({"problem": ASK, "solution": LONG * 2, "answer": "42"}, asked(ASK, LONG * 2)),
    "MetaMathQA": (
        {"type": "GSM", "query": ASK, "original_question": ASK, "response": SAY},
        CHAT,
    ),
    "OpenOrca": (
        {"id": "n.1", "system_prompt": "짧게", "question": ASK, "response": SAY},
        [("system", "짧게"), *CHAT],
    ),
    "Aya": ({"inputs": ASK, "targets": SAY, "language": "Korean", "user_id": "u"}, CHAT),
    "FLAN": ({"inputs": ASK, "targets": SAY, "task": "qa"}, CHAT),
    "GPT4All": ({"prompt": ASK, "response": SAY, "source": "a"}, CHAT),
    "OpenAI completions": ({"prompt": ASK, "completion": SAY}, CHAT),
    "TRL prompt and completion": ({"prompt": TURNS[:1], "completion": TURNS[1:]}, CHAT),
    "Anthropic": (
        {"messages": [{"role": t["role"], "content": [{"type": "text", "text": t["content"]}]}
                      for t in TURNS]},
        CHAT,
    ),
    "Gemini": (
        {"contents": [{"role": role, "parts": [{"text": text}]}
                      for role, text in (("user", ASK), ("model", SAY))]},
        CHAT,
    ),
    "ChatML as one text": (
        {"text": "".join(f"<|im_start|>{t['role']}\n{t['content']}<|im_end|>\n" for t in TURNS)},
        CHAT,
    ),
    "Llama 2 as one text": (
        {"text": f"<s>[INST] <<SYS>>\n짧게\n<</SYS>>\n\n{ASK} [/INST] {SAY} </s>"
                 f"<s>[INST] {ASK} [/INST] {SAY} </s>"},
        [("system", "짧게"), *CHAT, *CHAT],
    ),
    "Llama 3 as one text": (
        {"text": "<|begin_of_text|>" + "".join(
            f"<|start_header_id|>{t['role']}<|end_header_id|>\n\n{t['content']}<|eot_id|>"
            for t in TURNS)},
        CHAT,
    ),
    "Gemma as one text": (
        {"text": f"<bos><start_of_turn>user\n{ASK}<end_of_turn>\n"
                 f"<start_of_turn>model\n{SAY}<end_of_turn>\n<start_of_turn>user\n"},
        CHAT,
    ),
    "turns in Python's spelling": ({"messages": repr(TURNS)}, CHAT),
    "Bedrock": (
        {"system": [{"text": "짧게"}],
         "messages": [{"role": t["role"], "content": [{"text": t["content"]}]} for t in TURNS]},
        [("system", "짧게"), *CHAT],
    ),
    "Vertex": (
        {"systemInstruction": {"role": "system", "parts": [{"text": "짧게"}]},
         "contents": [{"role": "user", "parts": [{"text": ASK}]},
                      {"role": "model", "parts": [{"text": SAY}]}]},
        [("system", "짧게"), *CHAT],
    ),
    "thoughts apart": (
        {"messages": [TURNS[0], {**TURNS[1], "reasoning_content": LONG}]},
        [CHAT[0], ("assistant", f"<think>\n{LONG.strip()}\n</think>\n\n{SAY}")],
    ),
    "역할과 내용": (
        {"대화": [{"역할": "사용자", "내용": ASK}, {"역할": "상담사", "내용": SAY}]},
        CHAT,
    ),
    "prompt in ChatML": (
        {"prompt": f"<|im_start|>user\n{ASK}<|im_end|>\n<|im_start|>assistant\n",
         "completion": SAY},
        CHAT,
    ),
    "prompt of Mistral": ({"prompt": f"<s>[INST] {ASK} [/INST]", "completion": SAY}, CHAT),
    "songys chatbot": ({"Q": ASK, "A": SAY, "label": "0"}, CHAT),
    "FAQ table": ({"번호": "1", "분류": "배송", "질문": ASK, "답변": SAY}, CHAT),
    "help desk": (
        {"접수일": "2024-01-02", "문의제목": "저녁", "문의내용": ASK, "답변내용": SAY},
        CHAT,
    ),
    "reading test": ({"본문": LONG, "문제": ASK, "정답": SAY}, asked(LONG, ASK, SAY)),
    "questions board": ({"question_id": 1, "title": "저녁", "body": ASK, "answer": SAY},
                        asked("저녁", ASK, SAY)),
    "medical reasoning": ({"Question": ASK, "Complex_CoT": LONG, "Response": SAY}, CHAT),
    "CNN and Daily Mail": ({"article": LONG, "highlights": SAY, "id": "a"}, asked(LONG, SAY)),
    "XSum": ({"document": LONG, "summary": SAY, "id": "1"}, asked(LONG, SAY)),
    "본문 요약": ({"본문": LONG, "요약": SAY}, asked(LONG, SAY)),
    "지시와 출력": ({"지시": ASK, "입력": None, "출력": SAY}, CHAT),
    "대화": (
        {"대화": [{"speaker": "고객", "text": ASK}, {"speaker": "상담사", "text": SAY}]},
        CHAT,
    ),
}  # fmt: skip
TEXTS = {
    "Wikipedia": ({"id": "1", "url": "https://a.org", "title": "국수", "text": LONG}, LONG),
    "C4": ({"text": LONG, "timestamp": "2020-01-01", "url": "https://a.org"}, LONG),
    "novel": ({"chapter": 1, "text": LONG}, LONG),
    "판례": ({"판례": LONG}, LONG),
    "제목과 본문": ({"제목": SAY, "본문": LONG, "작성일": "2024-01-01"}, LONG),
}
LABELS = {
    "NSMC": ({"id": "9976970", "document": LONG, "label": "0"}, "0"),
    "KLUE-YNAT": ({"guid": "y", "title": LONG, "label": 3, "url": "u", "date": "2019"}, "3"),
    "IMDB": ({"text": LONG, "label": 1}, "1"),
    "AG News": ({"text": LONG, "label": "Sports"}, "Sports"),
    "Yelp": ({"stars": 3, "text": LONG}, "3"),
    "Amazon reviews": (
        {"review_id": "1", "stars": "3", "review_title": SAY, "review_body": LONG},
        "3",
    ),
    "3i4K": ({"text": LONG, "intent": "question"}, "question"),
    "Banking77": ({"text": LONG, "category": "card"}, "card"),
    "CLINC": ({"utterance": LONG, "intent": "balance"}, "balance"),
    "emotion": ({"문장": LONG, "감정": "기쁨"}, "기쁨"),
    "SMS spam": ({"v1": "ham", "v2": LONG}, "ham"),
}
PAIRS = {
    "UltraFeedback": ({"prompt": ASK, "chosen": TURNS, "rejected": TURNS, "score_chosen": 8.0},
                      "preference"),
    "Orca pairs": ({"system": "", "question": ASK, "chosen": SAY, "rejected": ASK}, "preference"),
    "HH-RLHF": (
        {"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "\n\nHuman: a\n\nAssistant: c"},
        "preference",
    ),
    "KTO in turns": ({"prompt": TURNS[:1], "completion": TURNS[1:], "label": True}, "kto"),
    "좋음": ({"질문": ASK, "답변": SAY, "좋음": False}, "kto"),
    "KTO": ({"prompt": ASK, "completion": SAY, "label": False}, "kto"),
}  # fmt: skip
OPEN = {
    "OASST, a tree of messages": {
        "message_id": "1",
        "parent_id": "0",
        "text": ASK,
        "role": "prompter",
    },
    "HC3, lists of answers": {"question": ASK, "human_answers": [SAY], "chatgpt_answers": [SAY]},
    "articles in parts": {"title": ASK, "paragraphs": [LONG, SAY]},
    "sentence pairs": {"premise": LONG, "hypothesis": SAY, "label": "entailment"},
    "KLUE-STS": {"sentence1": ASK, "sentence2": SAY, "score": 0.5},
    "translation": {"translation": {"en": "dinner", "ko": SAY}},
    "two languages": {"korean": LONG, "english": SAY},
    "AI Hub dialogues": {"사람문장1": ASK, "시스템문장1": SAY, "감정_대분류": "기쁨"},
    "input with content": {"input": ASK, "content": SAY, "reasoning_content": LONG},
}
KNOWN_WRONG = {
    # name: (row, the shape guessed, what it truly is)
    "xLAM": ({"query": ASK, "answers": '[{"name": "f"}]', "tools": "[]"}, "question-answer",
             "calls of tools; the column `tools` is not used"),
    "Guanaco": ({"text": "### Human: hi### Assistant: hello"}, "text",
                "a conversation; it is learned as text, as its makers did"),
    "several labels in columns": ({"comment_text": LONG, "toxic": 0, "obscene": 1}, "text",
                                  "several labels a text"),
    "a list of labels": ({"document": LONG, "label": [1, 2]}, "text", "several labels a text"),
}  # fmt: skip


@pytest.fixture
def opened(tmp_path):
    def rows_of(row, count=24):
        path = tmp_path / "a.jsonl"
        lines = (json.dumps(varied(row, n), ensure_ascii=False) for n in range(count))
        path.write_text("\n".join(lines), encoding="utf-8")
        return open_rows([str(path)]).dataset

    return rows_of


def varied(value, number):
    """The same with texts that differ from row to row; short values come again."""
    if isinstance(value, str):
        for text in (ASK, SAY, LONG):
            value = value.replace(text, f"{text}{number}") if number else value
        return value
    if isinstance(value, list):
        return [varied(each, number) for each in value]
    if isinstance(value, dict):
        return {name: varied(each, number) for name, each in value.items()}
    return value


@pytest.mark.parametrize("name", CHATS)
def test_a_conversation(opened, name):
    row, expected = CHATS[name]
    rows = opened(row)
    found = settle(rows, "auto", {})
    made, dropped = canonical(rows, found.shape, found.mapping, "chat")
    assert not dropped
    assert [(turn["role"], turn["content"]) for turn in made[0]["messages"]] == expected
    assert found.confidence >= 0.7


@pytest.mark.parametrize("name", TEXTS)
def test_a_text(opened, name):
    row, expected = TEXTS[name]
    rows = opened(row)
    found = settle(rows, "auto", {})
    assert found.shape == "text"
    assert canonical(rows, "text", found.mapping, "text")[0][0] == {"text": expected}


@pytest.mark.parametrize("name", LABELS)
def test_a_label(opened, name):
    row, expected = LABELS[name]
    rows = opened(row)
    found = settle(rows, "auto", {})
    assert found.shape == "labelled-text"
    made = canonical(rows, found.shape, found.mapping, "classify")[0]
    assert made[0] == {"text": LONG, "label": expected}


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_or_a_judgement(opened, name):
    row, shape = PAIRS[name]
    found = settle(opened(row), "auto", {})
    assert found.shape == shape
    assert found.confidence >= 0.9


@pytest.mark.parametrize("name", OPEN)
def test_what_is_not_certain_is_asked(opened, name):
    found = settle(opened(OPEN[name]), "auto", {})
    assert found.mapping == {}
    assert found.confidence < 0.5
    assert found.why


@pytest.mark.parametrize("name", KNOWN_WRONG)
def test_wrong_guesses_are_known(opened, name):
    row, shape, truth = KNOWN_WRONG[name]
    assert settle(opened(row), "auto", {}).shape == shape, truth


def test_enough_layouts_are_known():
    assert len(CHATS) + len(TEXTS) + len(LABELS) + len(PAIRS) >= 25


def test_the_readme_lists_them():
    said = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    for name in (*CHATS, *TEXTS, *LABELS, *PAIRS, *OPEN, *KNOWN_WRONG):
        assert name in said, name
