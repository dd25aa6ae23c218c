"""Tokens that write Hangul, counted in batches as they are token by token."""

import os
import random
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finetune_studio.tokens.loading import load_tokenizer
from finetune_studio.tokens.writing import Texts, Tokens, Writing, by_place
from tests.helpers.trained import KINDS, hard_string, trained

SCHOOL = "나는 학교에 간다"
FIXED = [
    SCHOOL,
    "The cat sat",
    "뷁 mixed 텍스트",
    "👩‍👧",
    unicodedata.normalize("NFD", SCHOOL),
    "ㅋㅋ ᄒ",
]
STRINGS = st.text(alphabet="가뷁힣가각a Z<>/s▁\n한 ☃é👩", min_size=1, max_size=30)
HANGUL = re.compile("[가-힣ᄀ-ᇿ]")
REAL = ["qwen3", "llama3_1", "gemma3", "smollm2"]


def counted(tokenizer, texts):
    """Counted in a batch, and token by token."""
    encoded = tokenizer.encode_batch(texts, add_special_tokens=False)
    writing = Writing(tokenizer)
    found = writing.hangul(Texts(texts), Tokens.of(ids for ids, _ in encoded))
    told = (one_by_one(writing, text, *each) for text, each in zip(texts, encoded, strict=True))
    return found, sum(told)


def one_by_one(writing, text, ids, offsets):
    """By the bytes where they are as many as the text's, else by the tokenizer's own places."""
    raws = [writing._spelling.raw(each) for each in ids]
    start, whole = 0, text.encode()
    if writing._prefix and raws[0][:1] == b" " != whole[:1]:
        raws[0] = raws[0][1:]
    other = [writing._stands(each) for each in ids]
    if any(other) or len(b"".join(raws)) != len(whole):
        pairs = zip(other, raws, offsets, strict=True)
        return by_place(text, [place for o, raw, place in pairs if o or not raw.isascii()])
    hangul = [bool(HANGUL.match(sign)) for sign in text for _ in sign.encode()]
    found = 0
    for raw in raws:
        found += any(hangul[start : start + len(raw)])
        start += len(raw)
    return found


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(texts=st.lists(STRINGS, min_size=1, max_size=8))
def test_of_any_texts(kind, texts):
    found, told = counted(trained(kind), texts)
    assert found == told


@pytest.mark.parametrize("kind", KINDS)
def test_of_hard_strings_in_one_batch(kind):
    chance = random.Random(kind)
    texts = [*FIXED, *filter(None, (hard_string(chance) for _ in range(200)))]
    found, told = counted(trained(kind), texts)
    assert found == told > 0


@pytest.mark.needs_tokenizers
@pytest.mark.parametrize("name", REAL)
def test_of_hard_strings_with_real_tokenizers(name):
    tokenizer = load_tokenizer(Path(os.environ["FINETUNE_STUDIO_TOKENIZERS"]) / name)
    chance = random.Random(name)
    texts = [*FIXED, *filter(None, (hard_string(chance) for _ in range(1000)))]
    found, told = counted(tokenizer, texts)
    assert found == told > 0
    encoded = tokenizer.encode_batch(texts, add_special_tokens=False)
    places = sum(by_place(text, each[1]) for text, each in zip(texts, encoded, strict=True))
    assert found == places  # these tokenizers know the place of every token


def test_syllables_are_those_of_the_composed_text():
    texts = Texts([SCHOOL, unicodedata.normalize("NFD", SCHOOL), "abc"])
    assert texts.syllables == 14
    assert Texts(["abc", "ㅋㅋ"]).syllables == 0
    assert not Texts(["abc", "ㅋㅋ"]).has_hangul
