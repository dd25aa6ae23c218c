"""Pairs are alike where Python's own sets of their pieces say so, however many are looked at."""

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finetune_studio.data.quality import overlap
from finetune_studio.data.quality.letters import letters
from finetune_studio.data.quality.likeness import ALIKE

SPOKEN = st.text(st.sampled_from("가나다라 12٣.A"), max_size=30)


def reading(texts, at_once=7):
    def read(numbers):
        assert (np.diff(numbers) > 0).all()
        for start in range(0, len(numbers), at_once):
            part = [texts[number] for number in numbers[start : start + at_once].tolist()]
            yield letters(pa.array(part, pa.string()))

    return read


def alike(first, second):
    one, other = ("".join(filter(str.isalnum, text)).lower() for text in (first, second))
    short = [
        "".join(filter(str.isnumeric, said)) if len(said) < overlap.SHORT else ""
        for said in (one, other)
    ]
    sets = [{said[at : at + 5] for at in range(len(said))} for said in (one, other)]
    common = len(sets[0] & sets[1])
    return common >= ALIKE * max(len(sets[0] | sets[1]), 1) and short[0] == short[1]


def expected(texts, pairs):
    return [pair for pair in pairs.tolist() if alike(texts[pair[0]], texts[pair[1]])]


@settings(deadline=None)  # the first example makes the table of scripts
@given(st.lists(SPOKEN, min_size=2, max_size=12))
def test_any_texts(texts):
    pairs = np.array([(a, b) for b in range(len(texts)) for a in range(b)])
    assert overlap.verified(pairs, reading(texts)).tolist() == expected(texts, pairs)


@pytest.mark.parametrize("together", [1, 900, 1 << 20])
def test_many_pairs_of_short_and_long_rows_in_parts(together, monkeypatch):
    monkeypatch.setattr(overlap, "TOGETHER", together)
    monkeypatch.setattr(overlap, "AT_ONCE", 150)
    dice = random.Random(3)
    words = [chr(0xAC00 + 31 * n) + chr(0xAC00 + 77 * n % 11000) for n in range(140)]
    first = [" ".join(dice.choices(words, k=dice.choice((4, 30, 200)))) for _ in range(400)]
    second = [text + dice.choice(("!", " 끝", f" {dice.randrange(3)}", text)) for text in first]
    texts = [*first, *second]
    pairs = np.array([(n, n + 400) for n in range(400)] + [(n, n + 401) for n in range(399)])
    found = overlap.verified(pairs, reading(texts, 64)).tolist()
    assert found == expected(texts, pairs)
    assert 100 < len(found) < 400


def test_no_pairs_read_no_rows():
    assert overlap.verified(np.zeros((0, 2), np.int64), reading([])).shape == (0, 2)
