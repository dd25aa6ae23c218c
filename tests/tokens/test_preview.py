"""The preview shows the labels that the trainer gets, and what is cut off."""

import os
import random
import unicodedata
from pathlib import Path

import pytest

from finetune_studio.errors import RefusedError
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.tokens import chips
from finetune_studio.tokens.examples import IGNORED
from finetune_studio.tokens.loading import load_tokenizer
from finetune_studio.tokens.preview import Previewer, read_text, round_trip
from finetune_studio.tokens.spelling import Spelling
from finetune_studio.tokens.supervision import supervisor_of
from tests.helpers.tiny import make_tokenizer
from tests.helpers.trained import KINDS, hard_string, trained

CHAT = {
    "messages": [
        {"role": "system", "content": "짧게 답한다."},
        {"role": "user", "content": "나는 뷁에 간다"},
        {"role": "assistant", "content": "Hello, 친구! 뷁뷁"},
        {"role": "user", "content": "또?"},
        {"role": "assistant", "content": "영화가 재미있다."},
    ]
}
ROWS = {
    "chat": CHAT,
    "text": {"text": "나는 학교에 간다. 뷁뷁 오늘은 날씨가 좋다."},
    "classify": {"text": "영화가 재미있다. 뷁", "label": "good"},
}
LABELS = ("bad", "good")


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    make_tokenizer(folder)
    return load_tokenizer(folder)


def recipe_of(kind, length=1024, **changes):
    asked = {"task.kind": kind, "training.sequence_length": length, **changes}
    return store.with_changes(Recipe(), asked)


def labels_of(kind):
    return LABELS if kind == "classify" else ()


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize("length", [8, 13, 20, 31, 1024])
@pytest.mark.parametrize("learn", ["assistant", "last", "all"])
def test_states_are_the_labels_of_the_trainer(tokenizer, kind, length, learn):
    recipe = recipe_of(kind, length, **({"task.learn": learn} if kind == "chat" else {}))
    shown = Previewer(recipe, tokenizer, labels_of(kind)).row(ROWS[kind])
    made = supervisor_of(recipe, tokenizer, labels_of(kind)).rows([ROWS[kind]])
    kept = [p for p, state in enumerate(shown.states) if state != "cut"]
    ids = [token.id for token in shown.reading.tokens]
    assert [ids[p] for p in kept] == [each for example in made for each in example.input_ids]
    wanted = [label != IGNORED for example in made for label in example.labels]
    assert [shown.states[p] == "learned" for p in kept] == wanted
    assert shown.count("cut") == sum(example.truncated for example in made)
    assert len(shown.starts) == len(made)
    assert shown.ends == made[-1].ends
    assert "".join(group.text for group in shown.reading.groups) == shown.reading.text


@pytest.mark.needs_tokenizers
@pytest.mark.parametrize("name", ["qwen3", "llama3_1", "gemma3", "smollm2"])
@pytest.mark.parametrize("length", [20, 37, 1024])
def test_states_are_those_of_the_trainer_with_real_templates(name, length):
    real = load_tokenizer(Path(os.environ["FINETUNE_STUDIO_TOKENIZERS"]) / name)
    test_states_are_the_labels_of_the_trainer(real, "chat", length, "assistant")


def test_a_cut_through_a_syllable_is_seen_in_its_chip(tokenizer):
    row = {
        "messages": [{"role": "user", "content": "뷁"}, {"role": "assistant", "content": "뷁" * 9}]
    }
    shown = Previewer(recipe_of("chat", 11), tokenizer).row(row)
    halves = [chip for chip in chips.of_preview(shown) if len(set(chip.states)) > 1]
    assert [chip.text for chip in halves] == ["뷁"]
    assert halves[0].states[-1] == "cut"


def test_rows_of_a_batch_are_filled_up_to_the_longest(tokenizer):
    short = {"messages": CHAT["messages"][1:3]}
    long, filled = Previewer(recipe_of("chat"), tokenizer).batch([CHAT, short])
    assert long.padding == 0
    assert filled.count("padding") == len(long.states) - len(filled.states) > 0


@pytest.mark.parametrize("shown", [1, 7, 9, 20, 10_000])
def test_of_a_very_long_row_the_first_tokens_are_shown(tokenizer, shown):
    recipe = recipe_of("chat", 12)
    whole = Previewer(recipe, tokenizer).row(CHAT)
    part = Previewer(recipe, tokenizer, shown=shown).row(CHAT)
    assert part.states == whole.states
    assert part.hidden == max(0, len(whole.states) - shown)
    assert [t.id for t in part.reading.tokens] == [t.id for t in whole.reading.tokens][:shown]
    assert whole.reading.text.startswith(part.reading.text)
    assert "".join(group.text for group in part.reading.groups) == part.reading.text
    assert len(list(chips.of_preview(part))) == len(part.reading.groups)


def test_a_label_is_shown_and_nothing_else_is_learned(tokenizer):
    shown = Previewer(recipe_of("classify"), tokenizer, LABELS).row(ROWS["classify"])
    assert shown.label == "good"
    assert set(shown.states) == {"given"}


def test_a_row_that_the_template_refuses_says_why(tmp_path):
    make_tokenizer(
        tmp_path,
        template="{% for m in messages %}{% if m['role'] == 'system' %}"
        "{{ raise_exception('no system here') }}{% endif %}{{ m['content'] }}<|end|>{% endfor %}",
    )
    shown = Previewer(recipe_of("chat"), load_tokenizer(tmp_path)).row(CHAT)
    assert (shown.problem, shown.detail) == ("template-refuses", "no system here")
    assert shown.reading.tokens == ()


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in ("unigram", "word piece")])
def test_texts_of_every_tokenizer(kind):
    chance = random.Random(kind)
    tokenizer = trained(kind)
    shown = Previewer(recipe_of("text", 16), tokenizer)
    for text in filter(str.strip, (hard_string(chance) for _ in range(60))):
        made = shown.row({"text": text})
        assert "".join(group.text for group in made.reading.groups) == text
        assert made.count("cut") == 0


def test_half_a_character_is_refused():
    tokenizer = trained("byte level")
    with pytest.raises(RefusedError, match="position 2"):
        read_text(tokenizer, Spelling(tokenizer), "가나\ud800")


def test_round_trip():
    tokenizer = trained("byte level, composing")
    spelling = Spelling(tokenizer)
    text = "나는 학교에 간다 👩‍👧<|end|>"
    assert round_trip(tokenizer, read_text(tokenizer, spelling, text)) == text
    apart = unicodedata.normalize("NFD", text)
    assert round_trip(tokenizer, read_text(tokenizer, spelling, apart)) == text != apart


def test_chips_show_what_cannot_be_seen():
    tokenizer = trained("byte level")
    reading = read_text(tokenizer, Spelling(tokenizer), "a \n\x07\u0301뷁<|end|>")
    made = list(chips.of_reading(reading))
    assert "".join(chip.text for chip in made) == "a·⏎<U+0007>◌\u0301뷁<|end|>"
    assert [chip.special for chip in made][-2:] == [False, True]
    cut = next(chip for chip in made if chip.text == "뷁")
    assert cut.split
    assert cut.parts == ("<EB>", "<B7>", "<81>")
    assert cut.state == "given"
    assert [chip.ends_line for chip in made].count(True) == 1
    assert chips.visible("\u200d") == "<U+200D>"
