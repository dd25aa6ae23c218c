"""Lengths are those of the trainer's rows; cuts, suggestions and packing follow from them."""

import itertools
import random
from collections import Counter
from contextlib import suppress

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import example, given
from hypothesis import strategies as st

from finetune_studio import paths
from finetune_studio.data.mapping import FORMS
from finetune_studio.data.usable import read_rows
from finetune_studio.errors import RefusedError
from finetune_studio.recipe import store
from finetune_studio.recipe.advice import LONGEST
from finetune_studio.recipe.schema import Recipe
from finetune_studio.tokens import lengths
from finetune_studio.tokens.lengths import of_counts
from finetune_studio.tokens.loading import load_tokenizer
from finetune_studio.tokens.packing import best_fit, expected_longest
from finetune_studio.tokens.supervision import supervisor_of
from tests.helpers.tiny import TEMPLATE, make_tokenizer
from tests.helpers.trained import KINDS, hard_string, trained

SIZES = st.dictionaries(st.integers(1, 40), st.integers(1, 30), min_size=1)
UNMARKED = TEMPLATE.replace("{% generation %}", "").replace("{% endgeneration %}", "")


def recipe_of(kind, **changes):
    return store.with_changes(Recipe(), {"task.kind": kind, **changes})


def texts(count=60):
    chance = random.Random(count)
    return [text for text in (hard_string(chance) for _ in range(count)) if text.strip()]


def chats(system=False):
    said = texts()
    for question, answer in itertools.pairwise(said):
        start = [{"role": "system", "content": "짧게"}] if system else []
        yield [*start, {"role": "user", "content": question},
               {"role": "assistant", "content": answer}]  # fmt: skip


def as_supervised(recipe, tokenizer, rows, labels=()):
    made = supervisor_of(recipe, tokenizer, labels, sequence_length=2**31).rows(rows)
    return Counter(len(example.input_ids) for example in made if example.input_ids)


@pytest.mark.parametrize("template", [TEMPLATE, UNMARKED])
@pytest.mark.parametrize("system", ["", "너는 친구다."])
def test_lengths_of_chats_are_the_trainers(tmp_path, template, system):
    make_tokenizer(tmp_path, template=template)
    tokenizer = load_tokenizer(tmp_path)
    recipe = recipe_of("chat", **{"task.system": system})
    rows = [{"messages": each} for each in (*chats(), *chats(system=True))]
    found = lengths.count(recipe, tokenizer, Dataset.from_list(rows))
    counted = dict(zip(found.values.tolist(), found.counts.tolist(), strict=True))
    assert counted == as_supervised(recipe, tokenizer, rows)
    assert found.refused == 0


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("kind", ["text", "classify"])
def test_lengths_of_texts_are_the_trainers(name, kind):
    tokenizer = trained(name)
    rows = [{"text": text, "label": "a"} for text in (*texts(), "끝<|end|>", "끝</s>")]
    recipe = recipe_of(kind)
    found = lengths.count(
        recipe, tokenizer, Dataset.from_list([*rows, {"text": " ", "label": "a"}])
    )
    counted = dict(zip(found.values.tolist(), found.counts.tolist(), strict=True))
    assert counted == as_supervised(recipe, tokenizer, rows, ("a", "b"))
    assert found.refused == 1


def test_an_end_in_the_text_is_not_counted_twice(tmp_path):
    make_tokenizer(tmp_path)
    tokenizer = load_tokenizer(tmp_path)
    rows = [{"text": "끝<|end|>"}, {"text": "<|end|>끝"}, {"text": "끝"}]
    found = lengths.count(recipe_of("text"), tokenizer, Dataset.from_list(rows))
    counted = dict(zip(found.values.tolist(), found.counts.tolist(), strict=True))
    assert counted == as_supervised(recipe_of("text"), tokenizer, rows)


def test_rows_that_the_template_refuses_are_counted_apart(tmp_path):
    make_tokenizer(
        tmp_path,
        template="{% for m in messages %}{% if m['role'] == 'system' %}"
        "{{ raise_exception('no') }}{% endif %}{{ m['content'] }}<|end|>{% endfor %}",
    )
    rows = Dataset.from_list([{"messages": each} for each in (*chats(), *chats(system=True))])
    found = lengths.count(recipe_of("chat"), load_tokenizer(tmp_path), rows)
    assert found.refused == found.rows == len(rows) // 2


def test_progress_is_told_and_can_end_the_count():
    rows = Dataset.from_list([{"text": "나는 학교에 간다"}] * 5000)
    told = []
    lengths.count(recipe_of("text"), trained("byte level"), rows, told.append)
    assert told == [2000, 4000, 5000]

    def stop(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lengths.count(recipe_of("text"), trained("byte level"), rows, stop)


@given(sizes=SIZES, length=st.integers(1, 45))
def test_a_cut_costs_what_is_beyond_it(sizes, length):
    each = [size for size, many in sizes.items() for _ in range(many)]
    cut = of_counts(sizes).cut(length)
    assert cut.rows == sum(size > length for size in each)
    assert cut.tokens == sum(max(0, size - length) for size in each)
    assert cut.row_share == cut.rows / len(each)
    in_pieces = of_counts(sizes, in_pieces=True).cut(length)
    assert (in_pieces.rows, in_pieces.tokens) == (cut.rows, 0)


@given(sizes=SIZES, bins=st.integers(1, 50))
def test_the_histogram_has_every_row_once(sizes, bins):
    found = of_counts(sizes)
    edges, rows = found.histogram(bins)
    assert rows.sum() == found.rows
    for start, end, many in zip(edges, edges[1:], rows, strict=False):
        assert many == sum(n for size, n in sizes.items() if start <= size < end)
    _, first = found.histogram(bins, upto=10)
    assert first.sum() >= sum(n for size, n in sizes.items() if size < 10)


@given(sizes=SIZES, share=st.floats(0.01, 1))
def test_a_quantile_is_not_exceeded_by_its_share(sizes, share):
    found = of_counts(sizes)
    length = found.quantile(share)
    assert sum(n for size, n in sizes.items() if size <= length) >= share * found.rows - 1e-9
    assert sum(n for size, n in sizes.items() if size < length) < share * found.rows + 1e-9


@pytest.mark.parametrize(
    ("sizes", "limit", "length", "word"),
    [
        ({20: 100}, 0, 64, "nothing is cut at 64"),
        (
            {100: 995, 180: 5},
            0,
            192,
            "The longest row has 180 tokens, so that nothing is cut at 192",
        ),
        ({100: 995, 5000: 5}, 0, 128, "99.5% of the rows stay whole at 128"),
        ({5000: 100}, 1024, 1024, "at most 1,024"),
        ({}, 0, 64, "nothing is cut"),
    ],
)
def test_suggested_lengths(sizes, limit, length, word):
    found = of_counts(sizes).suggest(limit)
    assert found.length == length
    assert word in found.reason


def test_long_texts_are_read_in_pieces():
    found = of_counts({100_000: 10}, in_pieces=True)
    assert found.suggest().length == 2048
    assert found.suggest(limit=512).length == 512
    assert "nothing of them is lost" in found.suggest(limit=512).reason
    packed = found.packing(2048, 4)
    assert packed.rows == 10 * -(-100_000 // 2048)
    assert packed.sequences >= 10 * 100_000 / 2048


def one_by_one(sizes, length):
    """Best fit decreasing, as it is defined."""
    room = []
    for size in sorted(sizes, reverse=True):
        fitting = [left for left in room if left >= size]
        if fitting:
            room.remove(min(fitting))
            room.append(min(fitting) - size)
        else:
            room.append(length - size)
    return len(room)


SEVERAL = dict.fromkeys((*range(1, 14), 24), 1) | {6: 25, 11: 4, 14: 13, 24: 21}
"""Rows of which several fit into what others left of one sequence."""


@example(sizes=SEVERAL, length=47)
@given(sizes=SIZES, length=st.integers(40, 100))
def test_best_fit_is_that_of_rows_one_by_one(sizes, length):
    each = [size for size, many in sizes.items() for _ in range(many)]
    assert best_fit(list(sizes), list(sizes.values()), length) == one_by_one(each, length)


def test_packing_is_that_of_the_trainer():
    pytest.importorskip("torch", reason="needs_train: the extra `train` is not installed")
    from trl import pack_dataset

    chance = random.Random(0)  # 1,000 rows: trl packs so many at a time
    sizes = [
        min(64, int(chance.lognormvariate(3, 0.8)) + 1) for _ in range(1000)
    ]  # trl packs so many at a time
    rows = Dataset.from_dict({"input_ids": [[1] * size for size in sizes]})
    packed = pack_dataset(rows, 64, "bfd")
    found = of_counts(Counter(sizes)).packing(64, 4)
    assert found.sequences == len(packed)
    assert found.filled == pytest.approx(sum(sizes) / (64 * len(packed)))


@given(sizes=st.dictionaries(st.integers(1, 9), st.integers(1, 3), min_size=1, max_size=3))
def test_the_longest_of_a_batch(sizes):
    each = [size for size, many in sizes.items() for _ in range(many)]
    batches = list(itertools.product(each, repeat=3))
    mean = sum(map(max, batches)) / len(batches)
    found = of_counts(sizes)
    assert expected_longest(found.values, found.counts, 3) == pytest.approx(mean)


def test_packing_gains_on_mixed_lengths_and_not_on_equal_ones():
    assert of_counts({64: 100}).packing(64, 8).gain == pytest.approx(1)
    mixed = of_counts({10: 900, 500: 100}).packing(512, 8)
    assert mixed.gain > 3
    assert mixed.filled > 0.9 > 0.3 > mixed.filled_unpacked
    assert of_counts({}).packing(64, 8).gain == 1


def test_figures_as_printed():
    found = of_counts({20: 90, 300: 10}, refused=2).as_dict(128, 4, limit=256)
    assert found["rows"] == 100
    assert found["refused"] == 2
    assert found["cut"] == {"length": 128, "rows": 10, "tokens": 1720}
    assert found["suggested"]["length"] == 256
    assert sum(found["histogram"]["rows"]) == 100
    assert np.isclose(
        found["packing"]["filled"], (1800 + 1280) / (128 * found["packing"]["sequences"])
    )


@pytest.mark.parametrize("name", LONGEST)
def test_the_lengths_that_are_told_of_the_samples_are_theirs(name):
    """The longest row of any task that can read them, of those that are learned from."""
    demo, found = load_tokenizer(paths.resources() / "models" / "demo"), []
    for kind in FORMS:
        recipe = recipe_of(kind, **{"data.files": [str(paths.resources() / "samples" / name)]})
        with suppress(RefusedError):  # it is a sample of other tasks
            rows = read_rows(recipe.data, kind).train
            found.append(lengths.count(recipe, demo, rows).longest)
    assert max(found) == LONGEST[name]
