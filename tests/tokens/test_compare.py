"""Comparing tokenizers: counts are those of the tokenizers, one by one."""

import random
import unicodedata

import pytest
from datasets import Dataset

from finetune_studio.tokens.compare import compare
from tests.helpers.trained import KINDS, hard_string, trained

TEXTS = ["나는 학교에 간다", "The cat sat", "뷁 mixed 텍스트", "👩‍👧"]


def one(kind, texts):
    return compare([(kind, trained(kind))], Dataset.from_dict({"text": texts}))[0]


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_are_those_of_the_tokenizer(kind):
    chance = random.Random(kind)
    texts = [*TEXTS, *(hard_string(chance) for _ in range(50)), ""]
    found = one(kind, texts)
    tokenizer = trained(kind)
    encoded = [tokenizer.encode(text, add_special_tokens=False) for text in texts]
    assert found.tokens == sum(len(ids) for ids, _ in encoded)
    assert found.rows == len(texts)
    assert found.characters == sum(map(len, texts))
    assert found.tokens_per_row == found.tokens / len(texts)
    assert found.tokens_per_character == found.tokens / found.characters


def test_tokens_of_a_syllable():
    found = one("byte level", ["뷁 abc"])
    assert (found.syllables, found.hangul_tokens, found.tokens_per_syllable) == (1, 3, 3.0)
    assert one("byte level", ["abc"]).tokens_per_syllable is None


def test_decomposed_syllables_count_as_one_each():
    apart = unicodedata.normalize("NFD", "학교")
    found = one("byte level", [apart])
    assert (found.syllables, found.characters) == (2, len(apart))
    assert found.tokens_per_syllable == found.tokens / 2


def test_what_cannot_be_written_is_counted():
    assert one("word piece", ["the cat ☃☃ 뷁"]).unknown > 0
    assert one("byte level", ["the cat ☃☃ 뷁"]).unknown == 0


def test_cost_is_relative_to_the_cheapest():
    rows = Dataset.from_dict({"text": ["나는 학교에 간다. " * 3] * 2500})
    told = []
    models = [(kind, trained(kind)) for kind in ("byte level", "unigram")]
    found = compare(models, rows, told.append)
    assert [each.model for each in found] == ["byte level", "unigram"]
    assert min(each.relative_cost for each in found) == 1
    assert found[0].relative_cost / found[1].relative_cost == pytest.approx(
        found[0].tokens / found[1].tokens
    )
    assert told == [2000, 2500]


def test_conversations_are_compared_by_what_is_said():
    said = [{"role": "user", "content": TEXTS[0]}, {"role": "assistant", "content": TEXTS[1]}]
    found = compare([("a", trained("byte level"))], Dataset.from_dict({"messages": [said]}))[0]
    assert found.tokens == one("byte level", TEXTS[:2]).tokens
    assert found.rows == 1


def test_no_rows():
    found = one("byte level", [""])
    assert (found.tokens, found.tokens_per_character, found.relative_cost) == (0, 0, 0)
