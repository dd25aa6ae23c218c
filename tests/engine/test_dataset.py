"""What is shown before training is what is trained: one function, held equal on every path."""

import json

import pytest

from finetune_studio.data.usable import read_rows
from finetune_studio.engine.dataset import prepare
from finetune_studio.engine.lines import pack
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.tokens.loading import load_tokenizer
from finetune_studio.tokens.supervision import Supervisor, label_names, supervisor_of
from tests.helpers import templates
from tests.helpers.templates import FAMILIES
from tests.helpers.tiny import make_model

TALKS = [
    {
        "messages": [
            {"role": "user", "content": f"질문 {n}"},
            {"role": "assistant", "content": f"답 {n}." * (n % 5 + 1)},
            {"role": "user", "content": "And then?"},
            {"role": "assistant", "content": f"Then {n}."},
        ]
    }
    for n in range(24)
]
TEXTS = [{"text": f"나는 학교에 간다. {n} " * (n + 1)} for n in range(24)]
LABELLED = [{"text": f"a film {n}", "label": "good" if n % 2 else "bad"} for n in range(24)]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = make_model(tmp_path_factory.mktemp("model"))
    templates.make_tokenizer(folder)
    return folder


def both(tmp_path, model, rows, **changes):
    """The rows as the trainer has them, and as the preview shows them."""
    data = tmp_path / "rows.jsonl"
    data.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    wanted = {
        "model.source": str(model), "data.files": [str(data)], "training.sequence_length": 160,
        **{name.replace("__", "."): value for name, value in changes.items()},
    }  # fmt: skip
    recipe = store.with_changes(Recipe(), wanted)
    trained = prepare(recipe, model, lambda kind, **_: None)
    usable = read_rows(recipe.data, recipe.task.kind)
    supervisor = supervisor_of(recipe, load_tokenizer(model), label_names(recipe, usable.train))
    shown = [each for each in supervisor.rows(usable.train.to_list()) if not each.problem]
    return trained, shown


@pytest.mark.parametrize("learn", ["assistant", "last", "all"])
@pytest.mark.parametrize("family", FAMILIES)
def test_conversations(tmp_path, model, family, learn):
    (model / "chat_template.jinja").write_text(FAMILIES[family][0])
    trained, shown = both(tmp_path, model, TALKS, task__learn=learn)
    assert len(shown) > 10
    assert trained.train["input_ids"][:] == [each.input_ids for each in shown]
    assert trained.train["labels"][:] == [each.labels for each in shown]


@pytest.mark.parametrize("rows", [TALKS, TEXTS], ids=["chat", "text"])
def test_packing_keeps_every_row_as_it_was(tmp_path, model, rows):
    (model / "chat_template.jinja").write_text(templates.CHATML)
    kind = "chat" if rows is TALKS else "text"
    trained, shown = both(tmp_path, model, rows, task__kind=kind)
    sequences = pack(trained.train, store.with_changes(Recipe(), {"training.sequence_length": 160}))
    unpacked = []
    for packed in sequences:
        start = 0
        for length in packed["seq_lengths"]:
            part = slice(start, start + length)
            unpacked.append((packed["input_ids"][part], packed["labels"][part]))
            start += length
        assert start == len(packed["input_ids"]) <= 160
    assert len(sequences) < len(shown)
    assert sorted(unpacked) == sorted((each.input_ids, each.labels) for each in shown)


def test_long_rows_are_made_few_at_a_time(tmp_path, model, monkeypatch):
    (model / "chat_template.jinja").write_text(next(iter(FAMILIES.values()))[0])
    whole, _ = both(tmp_path, model, TALKS)
    monkeypatch.setattr("finetune_studio.data.quality.flat.SIZE", 1)
    monkeypatch.setattr("finetune_studio.engine.dataset.FORMAT", "one at a time")
    sizes, rows = [], Supervisor.rows

    def counted(self, given):
        sizes.append(len(given))
        return rows(self, given)

    monkeypatch.setattr(Supervisor, "rows", counted)
    single, _ = both(tmp_path, model, TALKS)
    assert set(sizes[:-1]) == {1}  # the last is the preview's own
    assert single.train.to_dict() == whole.train.to_dict()


def test_raw_text(tmp_path, model):
    trained, shown = both(tmp_path, model, TEXTS, task__kind="text")
    assert len(shown) > len(TEXTS)
    assert trained.train["labels"][:] == [each.labels for each in shown]


def test_labels(tmp_path, model):
    trained, shown = both(tmp_path, model, LABELLED, task__kind="classify")
    assert trained.train["labels"][:] == [each.label for each in shown]
    assert trained.label_names == ("bad", "good")


def test_a_batch_masks_padding_by_its_place_alone(tmp_path, model):
    (model / "chat_template.jinja").write_text(templates.MISTRAL)
    trained, _ = both(tmp_path, model, TALKS)
    rows = [trained.train[n] for n in range(4)]
    batch = trained.collator(rows)
    for row, ids, labels, seen in zip(
        rows, batch["input_ids"], batch["labels"], batch["attention_mask"], strict=True
    ):
        size = len(row["input_ids"])
        assert seen.tolist() == [1] * size + [0] * (len(seen) - size)
        assert ids[:size].tolist() == row["input_ids"]
        assert labels[:size].tolist() == row["labels"]
        assert set(labels[size:].tolist()) <= {-100}


def test_the_end_is_learned_where_padding_is_the_same_token(tmp_path):
    folder = make_model(tmp_path / "model", template=templates.CHATML)
    templates.make_tokenizer(folder, eos="<|im_end|>")
    about = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(about | {"pad_token": "<|im_end|>"}))
    (folder / "chat_template.jinja").write_text(templates.CHATML)
    trained, _ = both(tmp_path, folder, TALKS)
    end = trained.tokenizer.eos_id
    assert trained.pad_id == end
    batch = trained.collator([trained.train[n] for n in range(4)])
    learned = batch["labels"][batch["labels"] != -100]
    assert (learned == end).sum() == 8  # two answers in each of four rows


def test_fixes_of_the_recipe_are_applied_and_told(tmp_path, model):
    (model / "chat_template.jinja").write_text(next(iter(FAMILIES.values()))[0])
    fixes = [{"code": "duplicates"}]
    trained, shown = both(tmp_path, model, [*TALKS, *TALKS[:3]], data__fixes=fixes)
    assert trained.rows + trained.validation_rows == len(TALKS)
    assert len(trained.train) == len(shown)
    told = []
    recipe = store.with_changes(
        Recipe(),
        {"model.source": str(model), "data.files": [str(tmp_path / "rows.jsonl")]}
        | {"data.fixes": fixes},
    )
    prepare(recipe, model, lambda kind, **what: told.append((kind, what["code"], what["values"])))
    assert told == [
        (
            "notice",
            "fixed-duplicates",
            {"code": "duplicates", "changed": 0, "left_out": 3, "rows": [24, 25, 26]},
        )
    ]
