"""What the window shows of a row is the batch that the trainer collates, for every known layout."""

import json

import pytest

from finetune_studio.data.usable import read_rows
from finetune_studio.engine.dataset import prepare
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.tokens.examples import IGNORED
from finetune_studio.tokens.loading import load_tokenizer
from finetune_studio.tokens.preview import Previewer
from finetune_studio.tokens.supervision import label_names
from tests.data.test_layouts import CHATS, LABELS, TEXTS, varied
from tests.helpers import templates
from tests.helpers.tiny import make_model

ROWS = 12
OTHER = "another label"
LAYOUTS = {
    **{name: ("chat", row) for name, (row, _) in CHATS.items()},
    **{name: ("text", row) for name, (row, _) in TEXTS.items()},
    **{name: ("classify", row) for name, (row, _) in LABELS.items()},
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = make_model(tmp_path_factory.mktemp("model"))
    templates.make_tokenizer(folder)
    (folder / "chat_template.jinja").write_text(templates.CHATML)
    return folder


def rows_of(name):
    """Rows of a layout; of labels there are two."""
    kind, row = LAYOUTS[name]
    made = [varied(row, number) for number in range(ROWS)]
    if kind != "classify":
        return made
    label = LABELS[name][1]
    column = next(each for each, value in row.items() if str(value) == label)
    return [each | {column: OTHER} if n % 2 else each for n, each in enumerate(made)]


@pytest.fixture
def both(tmp_path, model):
    """The trainer's batch of all rows, and those rows as the window shows them."""

    def made(name, length):
        file = tmp_path / "rows.jsonl"
        file.write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in rows_of(name)))
        wanted = {
            "model.source": str(model), "data.files": [str(file)],
            "task.kind": LAYOUTS[name][0], "training.sequence_length": length,
        }  # fmt: skip
        recipe = store.with_changes(Recipe(), wanted)
        trained = prepare(recipe, model, lambda kind, **_: None)
        batch = trained.collator([trained.train[n] for n in range(len(trained.train))])
        usable = read_rows(recipe.data, recipe.task.kind).train
        previewer = Previewer(recipe, load_tokenizer(model), label_names(recipe, usable))
        shown = [previewer.row(usable[n]) for n in range(len(usable))]
        return trained, batch, [each for each in shown if not each.problem]

    return made


def real(batch):
    """The ids of the places that are not filled up, and where those are."""
    there = batch["attention_mask"].bool()
    return batch["input_ids"][there].tolist(), there


def kept(shown):
    """Ids and labels of what is not cut, as they are drawn."""
    places = [place for place, state in enumerate(shown.states) if state != "cut"]
    ids = [shown.reading.tokens[place].id for place in places]
    states = [shown.states[place] for place in places]
    return ids, [
        each if state == "learned" else IGNORED for each, state in zip(ids, states, strict=True)
    ]


@pytest.mark.parametrize("name", [each for each in LAYOUTS if LAYOUTS[each][0] != "classify"])
def test_every_token_is_shown_as_it_is_trained_on(both, name):
    """Whole, and with the last tokens of the longest rows cut off."""
    _, whole, shown = both(name, 2048)
    longest = max(len(each.states) for each in shown)
    assert whole["input_ids"].shape[1] == longest
    for length, batch, seen in ((2048, whole, shown), (longest - 3, *both(name, longest - 3)[1:])):
        ids, there = real(batch)
        labels = batch["labels"][there].tolist()
        drawn = [kept(each) for each in seen]
        assert [each for row, _ in drawn for each in row] == ids, length
        assert [each for _, row in drawn for each in row] == labels, length
        assert any(each != IGNORED for each in labels)


@pytest.mark.parametrize("name", LABELS)
def test_every_label_is_shown_as_it_is_trained_on(both, name):
    for length in (2048, 16):
        trained, batch, shown = both(name, length)
        ids, _ = real(batch)
        nothing, labels = batch["labels"].T.tolist()
        assert set(nothing) == {IGNORED}
        assert [each for row in shown for each in kept(row)[0]] == ids, length
        assert [trained.label_names[each] for each in labels] == [each.label for each in shown]
        assert not any(state == "learned" for row in shown for state in row.states)
        assert set(trained.label_names) == {OTHER, LABELS[name][1]}
