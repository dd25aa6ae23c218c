"""Groups: whole characters, whatever the tokenizer; real tokenizers where there are some."""

import os
import random
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finetune_studio.tokens.hangul import Reading, align
from finetune_studio.tokens.loading import Tokenizer, load_tokenizer
from finetune_studio.tokens.spelling import Spelling
from tests.helpers.trained import ASCII, HANGUL, JAMO, KINDS, LOSSLESS, OTHERS, hard_string, trained

SCHOOL = "나는 학교에 간다"
LETTERS = [chr(each) for each in (*HANGUL[::97], *JAMO, *ASCII, *OTHERS)]
STRINGS = st.lists(st.sampled_from([*LETTERS, "<|end|>", "<s>", "</s>", "[SEP]", " "])).map("".join)
REAL = {
    "qwen3": ["나", "는", " 학", "교", "에", " 간", "다"],
    "llama3_1": ["", "나는", " 학교", "에", " 간", "다"],
    "gemma3": ["", "나는", " 학교", "에", " 간", "다"],
    "smollm2": ["나", "는", " ", "학", "교", "에", " 간", "다"],
}


def reading(tokenizer: Tokenizer, text: str) -> Reading:
    return align(Spelling(tokenizer), text, *tokenizer.encode(text, add_special_tokens=True))


def hold(found: Reading, text: str) -> None:
    """What is true of every reading."""
    assert found.text == text
    assert "".join(group.text for group in found.groups) == text
    positions = [position for group in found.groups for position in group.tokens]
    assert positions == list(range(len(found.tokens)))
    for token in found.tokens:
        assert 0 <= token.start <= token.end <= len(text)
        assert "�" not in token.text or "�" in text
    for group in found.groups:
        group.text.encode()  # no half of a surrogate pair


def plain(text: str) -> str:
    """SentencePiece's vocabularies cannot tell ▁ from a space."""
    return text.replace("▁", " ")


def whole_and_least(spelling: Spelling, found: Reading, prefix: bool = False) -> None:
    """Each group writes its own text, and no part of it is whole characters by itself."""
    begun = len(found.text) - len(found.text.lstrip(" "))
    for group in found.groups:
        tokens = [found.tokens[position] for position in group.tokens]
        if tokens[0].special:
            continue
        raws = [spelling.raw(token.id) for token in tokens]
        if prefix and min(token.start for token in tokens) <= begun:
            continue  # with the space that was put before the text
        assert plain(b"".join(raws).decode()) == plain(group.text)
        for size in range(1, len(raws)):
            with pytest.raises(UnicodeDecodeError):
                b"".join(raws[:size]).decode()
        if len(raws) > 1:
            assert all("<" in token.text for token in tokens)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150, deadline=None)
@given(text=STRINGS)
def test_groups_join_to_the_text(kind, text):
    hold(reading(trained(kind), text), text)


@pytest.mark.parametrize("kind", LOSSLESS)
def test_groups_are_whole_and_least(kind):
    chance = random.Random(1)
    tokenizer = trained(kind)
    spelling = Spelling(tokenizer)
    for text in [hard_string(chance) for _ in range(300)]:
        found = reading(tokenizer, text)
        whole_and_least(spelling, found, prefix=kind != "byte level")


def test_a_cut_syllable_shows_its_bytes():
    found = reading(trained("byte level"), "뷁")
    assert [token.text for token in found.tokens] == ["<EB>", "<B7>", "<81>"]
    assert [(token.start, token.end) for token in found.tokens] == [(0, 1)] * 3
    assert [(group.text, group.tokens) for group in found.groups] == [("뷁", (0, 1, 2))]


def test_a_space_that_is_trimmed_from_spans_goes_with_its_word():
    found = reading(trained("byte level, trimming"), "나는 학교에")
    assert [group.text for group in found.groups][-1].startswith(" 학교")


def test_added_special_tokens_have_empty_text_and_written_ones_their_own():
    found = reading(trained("unigram"), "나는</s>")
    assert found.groups[0].text == found.groups[-1].text == ""
    assert found.groups[-2].text == "</s>"
    assert [token.special for token in found.tokens][-2:] == [True, True]
    assert (found.tokens[-1].text, found.tokens[-1].start) == ("</s>", len("나는</s>"))


def test_what_a_tokenizer_drops_stays_in_the_text():
    found = reading(trained("word piece"), " \n ")
    assert [group.text for group in found.groups if group.text] == [" \n "]
    found = reading(trained("word piece"), "  나는  학교  ")
    assert "".join(group.text for group in found.groups) == "  나는  학교  "


def test_composing_tokenizers_keep_the_decomposed_text():
    text = unicodedata.normalize("NFD", SCHOOL)
    found = reading(trained("byte level, composing"), text)
    hold(found, text)
    syllables = [unicodedata.normalize("NFC", group.text) for group in found.groups]
    assert "".join(syllables) == SCHOOL
    assert not any(unicodedata.combining(each[0]) for each in syllables)


@pytest.mark.needs_tokenizers
@pytest.mark.parametrize("name", REAL)
def test_real_tokenizers_on_hard_strings(name):
    tokenizer = load_tokenizer(Path(os.environ["FINETUNE_STUDIO_TOKENIZERS"]) / name)
    spelling = Spelling(tokenizer)
    assert [group.text for group in reading(tokenizer, SCHOOL).groups] == REAL[name]
    chance = random.Random(name)
    for text in [hard_string(chance) for _ in range(3000)]:
        found = align(spelling, text, *tokenizer.encode(text, add_special_tokens=True))
        hold(found, text)
        composed = unicodedata.normalize("NFC", text)  # which qwen3 reads in any case
        if name != "qwen3" or text == composed:
            whole_and_least(spelling, found)


@pytest.mark.needs_tokenizers
def test_the_pieces_that_qwen3_makes_of_a_syllable():
    tokenizer = load_tokenizer(Path(os.environ["FINETUNE_STUDIO_TOKENIZERS"]) / "qwen3")
    found = reading(tokenizer, SCHOOL)
    pieces = [(token.text, token.id, token.start, token.end) for token in found.tokens[2:4]]
    assert pieces == [(" <ED><95>", 20136, 2, 4), ("<99>", 247, 3, 4)]
