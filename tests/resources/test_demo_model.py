"""The scripts that make the demo model: its text, its tokenizer and its documents."""

import random
import sys
from collections import Counter

import pytest

from tests.conftest import ROOT
from tests.resources.test_samples import messages

sys.path.insert(0, str(ROOT / "packaging"))
from demo_corpus import Review, english, held_out, learned, measured, watched
from demo_documents import joined, twice
from demo_tokenizer import BOS, END, SPECIALS, VOCABULARY, train, write


def film(rule):
    return next(number for number in range(10_000) if rule(number))


KEPT, WATCHED = film(held_out), film(watched)
LEARNED = film(lambda number: not held_out(number) and not watched(number))


def review(text, number):
    return Review(text, text, None, str(number))


@pytest.fixture(scope="module")
def tokenizer():
    return train(
        [
            *english(),
            *["나는 오늘 영화를 보았다. 정말 재미있는 영화였다.", "다시 보고 싶다 ㅋㅋㅋ"] * 40,
        ]
    )


def test_the_english_text_shares_no_sentence_with_the_english_sample():
    said = {turn["content"] for pair in messages() for turn in pair}
    paragraphs = english()
    assert len(paragraphs) == len(set(paragraphs)) >= 300
    for sentence in said:
        assert not any(sentence in paragraph for paragraph in paragraphs)


def test_only_films_that_are_neither_held_out_nor_watched_are_learned():
    every = [
        review("모두 좋다고 한다", LEARNED),
        review("모두 좋다고 한다", KEPT),
        review("보는 내내 웃었다", LEARNED),
        review("보는 내내 웃었다", LEARNED),
        review("끝이 아쉽다", WATCHED),
        review("시시하다", KEPT),
        review("시시하다", WATCHED),
    ]
    assert [each.text for each in learned(every)] == ["보는 내내 웃었다"]
    assert [each.text for each in measured(every)] == ["끝이 아쉽다"]


@pytest.mark.parametrize(
    "text", ["이런 병신 같은", "http://example.com 보세요", "전화 010-1234-5678"]
)
def test_swearing_and_addresses_are_not_learned(text):
    assert learned([review(text, LEARNED)]) == []


def test_every_review_comes_alone_and_among_others_of_its_film():
    every = [review(f"감상 {number}", number % 3) for number in range(300)]
    every.append(review("혼자 남은 감상", 99))
    documents = twice(every, random.Random(0))
    alone = [each for each in documents if "\n" not in each]
    together = [each for each in documents if "\n" in each]
    assert Counter(alone)["혼자 남은 감상"] == 1
    lines = Counter(line for each in together for line in each.splitlines())
    assert all(lines[each.text] + Counter(alone)[each.text] == 2 for each in every[:-1])
    film_of = {each.text: each.film for each in every}
    for each in together:
        assert len({film_of[line] for line in each.splitlines()}) == 1


def test_joined_documents_stay_within_their_length():
    texts = [f"{number} " + "가" * 40 for number in range(200)]
    made = list(joined(texts, random.Random(1)))
    assert "\n".join(made).splitlines() == texts
    assert max(map(len, made)) <= 750


def test_any_text_comes_back_whole(tokenizer):
    for text in ("정말 재미있다 ㅋㅋㅋ", "뷁 😀 漢字\t\n  x", "It's 12 o'clock.", "ㅎ̈", ""):
        ids = tokenizer.encode(text).ids
        assert ids[0] == SPECIALS.index(BOS)
        assert tokenizer.decode(ids) == text


def test_other_forms_of_hangul_become_the_usual_one(tokenizer):
    import unicodedata

    apart = unicodedata.normalize("NFD", "영화")
    assert tokenizer.encode(apart).ids == tokenizer.encode("영화").ids


def test_common_syllables_are_never_cut(tokenizer):
    for token in tokenizer.encode("오늘 영화를 보았다", add_special_tokens=False).ids:
        assert "�" not in tokenizer.decode([token])


def test_special_tokens_come_first_and_none_is_missing(tokenizer):
    assert [tokenizer.token_to_id(each) for each in SPECIALS] == list(range(len(SPECIALS)))
    assert tokenizer.get_vocab_size() <= VOCABULARY


def test_the_template_marks_what_the_assistant_says(tokenizer, tmp_path):
    transformers = pytest.importorskip("transformers", reason="needs_train: no extra `train`")
    write(tokenizer, tmp_path)
    loaded = transformers.AutoTokenizer.from_pretrained(tmp_path)
    talk = [
        {"role": "user", "content": "재미있었어?"},
        {"role": "assistant", "content": "정말 재미있다"},
    ]
    made = loaded.apply_chat_template(talk, return_dict=True, return_assistant_tokens_mask=True)
    marked = zip(made["input_ids"], made["assistant_masks"], strict=True)
    assert loaded.decode([each for each, mark in marked if mark]) == f"정말 재미있다{END}"
    asked = loaded.apply_chat_template(talk[:1], add_generation_prompt=True, tokenize=False)
    assert asked == "<|bos|><|user|>재미있었어?<|end|><|assistant|>"
    with pytest.raises(Exception, match="roles are"):
        loaded.apply_chat_template([{"role": "tool", "content": "x"}], tokenize=False)
