"""The samples are whole, balanced, of held-out films, and what their script writes."""

import csv
import json
import re
import sys
import unicodedata
from collections import Counter

import pytest

from finetune_studio import paths
from finetune_studio.data.shapes import recognise
from finetune_studio.data.sources import open_rows
from tests.conftest import ROOT

SAMPLES = paths.resources() / "samples"
SHAPES = {
    "korean_qa.csv": ("question-answer", {"question": "질문", "answer": "답변"}),
    "korean_sentiment.csv": ("labelled-text", {"text": "리뷰", "label": "감정"}),
    "korean_text.txt": ("text", {"text": "text"}),
    "english_qa.jsonl": ("messages", {"messages": "messages"}),
}

sys.path.insert(0, str(ROOT / "packaging"))
from demo_corpus import clean, held_out, learned, measured, reviews  # noqa: E402
from make_samples import RUDE, write_samples  # noqa: E402


def rows(name):
    with (SAMPLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def messages():
    text = (SAMPLES / "english_qa.jsonl").read_text(encoding="utf-8")
    return [json.loads(line)["messages"] for line in text.splitlines()]


def test_questions_and_answers_are_whole_and_never_twice():
    pairs = rows("korean_qa.csv")
    assert 1000 <= len(pairs) <= 2000
    assert all(list(pair) == ["질문", "답변"] and all(pair.values()) for pair in pairs)
    assert len({pair["질문"] for pair in pairs}) == len(pairs)
    assert len({pair["답변"] for pair in pairs}) == len(pairs)


def test_sentiment_is_balanced_and_mixed():
    labels = [row["감정"] for row in rows("korean_sentiment.csv")]
    assert Counter(labels) == {"긍정": 1500, "부정": 1500}
    assert 0.4 < Counter(labels[:500])["긍정"] / 500 < 0.6


def test_every_labelled_review_is_of_a_held_out_film():
    films = {row["영화"] for row in rows("korean_sentiment.csv")}
    assert len(films) > 300
    assert all(held_out(film) for film in films)


def test_the_rule_holds_out_about_its_share_of_films():
    share = sum(held_out(number) for number in range(10_000)) / 10_000
    assert 0.14 < share < 0.16


def test_no_text_is_in_both_review_samples():
    labelled = [row["리뷰"] for row in rows("korean_sentiment.csv")]
    raw = (SAMPLES / "korean_text.txt").read_text(encoding="utf-8").splitlines()
    assert len(raw) == 400
    assert len(set(labelled + raw)) == len(labelled) + len(raw)


def test_texts_are_clean():
    labelled = [row["리뷰"] for row in rows("korean_sentiment.csv")]
    raw = (SAMPLES / "korean_text.txt").read_text(encoding="utf-8").splitlines()
    for text in labelled + raw:
        assert text == clean(text)
        assert not RUDE.search(text)


def test_english_pairs_are_messages_and_never_twice():
    pairs = messages()
    assert len(pairs) >= 150
    assert all([turn["role"] for turn in pair] == ["user", "assistant"] for pair in pairs)
    for position in (0, 1):
        assert len({pair[position]["content"] for pair in pairs}) == len(pairs)


def test_samples_are_small_and_normalised():
    files = list(SAMPLES.iterdir())
    assert sum(file.stat().st_size for file in files) <= 600_000
    for file in files:
        text = file.read_bytes().decode("utf-8")
        assert unicodedata.is_normalized("NFC", text)
        assert "\r" not in text


def test_the_readme_names_every_sample_with_a_licence():
    text = (SAMPLES / "README.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    for name in SHAPES:
        (line,) = [line for line in lines if line.startswith(f"| `{name}`")]
        assert re.search("MIT|CC0 1.0|Apache-2.0", line)
    for file in SAMPLES.iterdir():
        assert file.name == "README.md" or f"`{file.name}`" in text


@pytest.mark.parametrize("name", list(SHAPES))
def test_the_shape_of_every_sample_is_recognised(name):
    data = open_rows([str(SAMPLES / name)]).dataset
    found = recognise(data.column_names, data.to_list()[:200])
    assert (found.shape, found.mapping) == SHAPES[name]
    assert found.confidence >= 0.9


@pytest.mark.needs_shared
def test_the_script_writes_these_very_bytes(shared, tmp_path):
    write_samples(shared / "data", tmp_path)
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (SAMPLES / file.name).read_bytes()


@pytest.mark.needs_shared
def test_no_sample_review_is_learned_by_the_demo_model(shared):
    every = reviews(shared / "data")
    read = {review.text for review in [*learned(every), *measured(every)]}
    labelled = {row["리뷰"] for row in rows("korean_sentiment.csv")}
    raw = (SAMPLES / "korean_text.txt").read_text(encoding="utf-8").splitlines()
    assert len(read) > 500_000
    assert not read & {*labelled, *raw}
