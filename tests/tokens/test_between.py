"""Answers by the special tokens around them: those that the places of all tokens give, or none."""

import os
import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune_studio import paths
from finetune_studio.tokens.answers import Answers
from finetune_studio.tokens.between import _any_of, between_of, writes_plainly
from finetune_studio.tokens.loading import load_tokenizer
from finetune_studio.tokens.places import overlapping
from finetune_studio.tokens.supervision import Supervisor
from finetune_studio.tokens.templates import OPEN, SHUT, TemplateError
from tests.helpers import templates
from tests.helpers.templates import CHATML, FAMILIES, LLAMA3
from tests.tokens.test_hangul import REAL, hard_string

SAID = st.text(
    st.one_of(
        st.sampled_from("나는 학교에\n\n간다. 😀뷁한́́ㅎ"),
        st.characters(exclude_categories=["Cs"]),
    ),
    min_size=1,
    max_size=30,
)
MARKS = ["<|end|>", "<|user|>", "<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end"]
WORDS = st.one_of(SAID, st.builds("{}{}{}".format, SAID, st.sampled_from(MARKS), SAID))
DEMO = paths.resources() / "models" / "demo"


@pytest.fixture(scope="module")
def demo():
    return load_tokenizer(DEMO)


@pytest.fixture(scope="module")
def families(tmp_path_factory):
    return load_tokenizer(templates.make_tokenizer(tmp_path_factory.mktemp("between")))


def conversation(*said):
    return [
        {"role": ("user", "assistant")[number % 2], "content": each}
        for number, each in enumerate(said)
    ]


def hold(tokenizer, template, messages):
    """Whether the answers are found without places; where they are, they are the same ones."""
    try:
        made = Answers(template, tokenizer).render(messages)
    except TemplateError:
        return False
    encoding = tokenizer.encodings([made.text], add_special_tokens=False)[0]
    found = between_of(tokenizer).find(encoding.ids, made.text, made.answers)
    if found is not None:
        assert found == overlapping(encoding.offsets, made.answers)
    return found is not None


@given(said=st.lists(WORDS, min_size=2, max_size=4))
def test_they_are_the_tokens_of_those_places(demo, said):
    assert hold(demo, demo.chat_template, conversation(*said)) == (len(said) > 1)


@pytest.mark.parametrize("family", FAMILIES)
@given(said=st.lists(WORDS, min_size=2, max_size=4))
def test_so_it_is_in_every_family(families, family, said):
    hold(families, FAMILIES[family][0], conversation(*said))


@given(said=st.lists(WORDS, min_size=2, max_size=2), learn=st.sampled_from(["assistant", "last"]))
def test_labels_are_the_same_with_places_and_without(demo, said, learn):
    template = demo.chat_template
    quick = Supervisor(demo, "chat", sequence_length=512, template=template, learn=learn)
    slow = Supervisor(demo, "chat", sequence_length=512, template=template, learn=learn)
    assert not quick._asks_places
    slow._asks_places = True
    rows = [{"messages": conversation(*said)}]
    assert quick.rows(rows) == slow.rows(rows)
    assert [each.offsets for each in quick.rows(rows)] == [each.offsets for each in slow.rows(rows)]


@pytest.mark.parametrize("mark", [OPEN, SHUT, OPEN + SHUT])
def test_who_writes_our_own_marks_marks_nothing_as_learned(demo, mark):
    plain, marked = (
        conversation("배고프다", "드세요"),
        conversation(f"배{mark}고프다", f"드{mark}세요"),
    )
    answers = Answers(demo.chat_template, demo)
    assert answers.render(marked) == answers.render(plain)
    assert hold(demo, demo.chat_template, marked)


def test_what_stands_between_no_special_tokens_is_not_found(demo):
    text = "<|user|>네, 그렇게 생각해요.<|end|>"
    ids, offsets = demo.encode(text, add_special_tokens=False)
    between = between_of(demo)
    assert (14, 17) in offsets
    assert between.find(ids, text, [(8, 27)]) == [(1, len(ids))]
    assert between.find(ids, text, [(14, 27)]) == [(4, len(ids))]
    assert between.find(ids, text, [(15, 27)]) is None  # within a token
    assert between.find(ids, text, [(8, 20)]) is None  # no mark ends it
    assert between.find(ids[:-1], text, [(8, 27)]) is None  # tokens of another text


@given(words=st.sets(st.text("ab<|>.", min_size=1, max_size=5), min_size=1), text=st.text("ab<|>."))
def test_the_longest_of_the_marks_is_found_at_each_place(words, text):
    longest = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))
    assert re.findall(_any_of(words), text) == longest.findall(text)


@pytest.mark.needs_tokenizers
@pytest.mark.parametrize("name", REAL)
def test_so_it_is_with_real_tokenizers(name):
    real = load_tokenizer(Path(os.environ["FINETUNE_STUDIO_TOKENIZERS"]) / name)
    template = {"llama3_1": LLAMA3}.get(name, real.chat_template or CHATML)
    assert writes_plainly(real)
    chance, found = random.Random(name), 0
    for _ in range(1000):
        said = [hard_string(chance) or "a" for _ in range(2 * chance.randint(1, 2))]
        found += hold(real, template, conversation(*said))
    assert found > 700  # an answer may begin with what a tokenizer joins to a line's end
