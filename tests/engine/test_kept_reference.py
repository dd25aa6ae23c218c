"""The trained model is asked once for all its exports, and again where anything has changed."""

import os

import pytest
import torch
from safetensors.torch import load_file, save_file

from finetune_studio.engine import reference
from finetune_studio.engine.kept_reference import what_was_said
from finetune_studio.engine.reference import Reference
from finetune_studio.engine.tuned import open_tuned
from tests.helpers.running import make_run, train


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny):
    run = make_run(tmp_path_factory.mktemp("kept"), tiny, "chat", "lora", training__max_steps=2)
    assert train(run)[0] == 0
    return run


@pytest.fixture
def asked(monkeypatch):
    """How often the model was asked."""
    times, really = [], reference.reference_of

    def counted(model, tuned):
        times.append(tuned)
        return really(model, tuned)

    monkeypatch.setattr(reference, "reference_of", counted)
    return times


def said(run):
    with what_was_said(run, open_tuned(run)) as file:
        return Reference.load(file)


def test_the_same_is_said_without_asking_again(trained, asked):
    first, second = said(trained), said(trained)
    assert len(asked) == 1
    assert first.talks == second.talks
    assert all(torch.equal(a, b) for a, b in zip(first.logits, second.logits, strict=True))


def test_whatever_changes_what_is_said_makes_it_be_asked_again(trained, asked):
    said(trained)
    asked.clear()
    weights = trained.result / "adapter_model.safetensors"
    changed = {name: tensor * 1.5 for name, tensor in load_file(weights).items()}
    before = weights.read_bytes()
    save_file(changed, weights)
    other = said(trained)
    assert len(asked) == 1
    weights.write_bytes(before)
    assert not torch.equal(said(trained).logits[0], other.logits[0])
    rows = trained.path.parent / "rows.jsonl"
    rows.write_text(rows.read_text(encoding="utf-8").replace("숫자 3에", "숫자 셋에"), "utf-8")
    said(trained)
    template = trained.result / "chat_template.jinja"
    template.write_text(template.read_text(encoding="utf-8") + "{# #}", "utf-8")
    said(trained)
    assert len(asked) == 4


def test_half_a_file_is_not_believed(trained, asked):
    said(trained)
    asked.clear()
    os.truncate(trained.reference, trained.reference.stat().st_size // 2)
    assert said(trained).talks
    assert len(asked) == 1


def test_a_run_that_cannot_be_written_to_is_compared_all_the_same(trained, asked, monkeypatch):
    said(trained)
    trained.reference.unlink()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    asked.clear()
    assert said(trained).talks
    assert said(trained).talks
    assert len(asked) == 2
    assert not [each for each in trained.path.iterdir() if "reference" in each.name]
