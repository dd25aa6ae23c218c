"""Which tokens overlap given places: found by the tokenizer as by going through them all."""

import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune_studio.tokens.loading import load_tokenizer
from finetune_studio.tokens.places import inside, overlapping
from tests.helpers.tiny import make_tokenizer
from tests.tokens.test_hangul import REAL, hard_string

TEXTS = st.text(
    st.one_of(
        st.sampled_from("나는 학교에\n간다.😀뷁한́ㅎ"), st.characters(exclude_categories=["Cs"])
    ),
    max_size=40,
)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("places")
    make_tokenizer(folder)
    return load_tokenizer(folder)


def spans_of(chance, size):
    cuts = sorted(chance.randint(0, size) for _ in range(2 * chance.randint(1, 3)))
    return list(zip(cuts[::2], cuts[1::2], strict=True))


def flags(runs, size):
    found = [False] * size
    for first, stop in runs:
        assert not any(found[first:stop])
        found[first:stop] = [True] * (stop - first)
    return found


def hold(tokenizer, text, spans):
    made = tokenizer.encodings([text], add_special_tokens=False)[0]
    size = len(made.ids)
    found = flags(inside(made, spans), size)
    assert found == flags(overlapping(made.offsets, spans), size)
    wanted = [
        any(start < last and first < stop for start, stop in spans if start < stop)
        for first, last in made.offsets
    ]
    assert found == wanted


@given(text=TEXTS, seed=st.integers(0, 10_000))
def test_a_token_counts_where_it_overlaps_a_place(tokenizer, text, seed):
    hold(tokenizer, text, spans_of(random.Random(seed), len(text)))


@pytest.mark.needs_tokenizers
@pytest.mark.parametrize("name", REAL)
def test_so_it_is_with_real_tokenizers(name):
    real = load_tokenizer(Path(os.environ["FINETUNE_STUDIO_TOKENIZERS"]) / name)
    chance = random.Random(name)
    for _ in range(2000):
        text = hard_string(chance)
        hold(real, text, spans_of(chance, len(text)))
