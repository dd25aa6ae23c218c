"""Nearly equal rows are found among many, and only they."""

import itertools
import random

import numpy as np
import pyarrow as pa
import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from finetune_studio.data.quality import likeness
from finetune_studio.data.quality.facts import measure
from finetune_studio.data.quality.leaving_out import CHECKS
from finetune_studio.data.quality.letters import SCRIPTS, letters

WORDS = [chr(0xAC00 + 31 * n) + chr(0xAC00 + 77 * n % 11000) for n in range(140)]


def near(texts):
    rows = Dataset.from_dict({"text": texts})
    check = CHECKS["near-duplicates"]
    return np.flatnonzero(check.flags(rows, measure(rows, check.needs), {})).tolist()


def test_changed_rows_are_found_and_others_are_not():
    dice = random.Random(1)
    texts = [" ".join(dice.choices(WORDS, k=30)) for _ in range(2000)]
    texts += [text + " 끝" for text in texts[:100]]
    texts += [text.replace(" ", "") for text in texts[100:150]]
    assert near(texts) == list(range(2000, 2150))


def test_half_equal_rows_are_not_near():
    dice = random.Random(2)
    first = [" ".join(dice.choices(WORDS, k=20)) for _ in range(300)]
    second = [text[:30] + " ".join(dice.choices(WORDS, k=20))[:29] for text in first]
    assert near(first + second) == []


def test_of_a_chain_the_ends_stay():
    text = "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허고노도로모보소오조초코토포호"
    chain = [text, text[4:] + "한두세네", text[8:] + "한두세네다섯여섯"]
    assert likeness.leftovers(np.array([[0, 1], [1, 2]]), 3).tolist() == [False, True, False]
    assert near(chain) in ([1], [])


def test_short_rows_with_other_numbers_are_not_near():
    assert near(["오늘의 12번 문제를 풀어 주세요", "오늘의 13번 문제를 풀어 주세요"]) == []
    assert near(["오늘의 12번 문제를 풀어 주세요", "오늘의 12번 문제를 풀어 주세요!!"]) == [1]


@pytest.mark.parametrize("texts", [[], [""], ["", "..."], ["가", "나"]])
def test_little_or_nothing(texts):
    assert near(texts) == []


@given(st.lists(st.text("가나다라", max_size=9), min_size=2, max_size=6))
def test_pieces_depend_on_their_own_row_alone(texts):
    together, starts = likeness.pieces(letters(pa.array(texts, pa.string())))
    for row, text in enumerate(texts):
        alone, _ = likeness.pieces(letters(pa.array([text], pa.string())))
        assert together[starts[row] : starts[row + 1]].tolist() == alone.tolist()
        assert len(set(alone.tolist())) == len({text[at : at + 5] for at in range(len(text))})


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",))), min_size=1, max_size=8))
def test_letters_are_those_of_python(texts):
    found = letters(pa.array(texts, pa.string()))
    for row, text in enumerate(texts):
        points = found.points[found.starts[row] : found.starts[row + 1]]
        lowered = "".join(pa.compute.utf8_lower(pa.array([text])).to_pylist())
        assert "".join(map(chr, points)) == "".join(filter(str.isalnum, lowered))
    assert found.script_counts.shape == (len(texts), len(SCRIPTS))
    assert found.script_counts.sum() == len(found.points)


@pytest.mark.parametrize(
    "texts", [[""], ["", ""], ["가나", "", "B 2!", "👩é", ""], ["x" * 70_000, "가" * 40_000]]
)
@pytest.mark.parametrize("cut", [0, 1])
def test_letters_are_those_of_each_text_also_in_a_slice(texts, cut):
    array = pa.array(["앞", *texts])[1 + cut :]
    found = letters(array)
    expected = ["".join(s for s in text.lower() if s.isalnum()) for text in texts[cut:]]
    got = [
        "".join(map(chr, found.points[first:last]))
        for first, last in itertools.pairwise(found.starts.tolist())
    ]
    assert got == expected


def test_a_row_s_pieces_do_not_depend_on_its_neighbours():
    long = "가나다라마바사" * 5000
    alone = [
        likeness.pieces(letters(pa.array([text])))[0].tolist() for text in (long, "짧", long + "아")
    ]
    hashes, starts = likeness.pieces(letters(pa.array([long, "짧", long + "아"])))
    assert [hashes[a:b].tolist() for a, b in itertools.pairwise(starts.tolist())] == alone
