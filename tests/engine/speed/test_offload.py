"""Checkpoints on a shelf: gradients are those of layers that keep everything.

The shelf is real; on a machine without a GPU its memory is not pinned, and copies are not beside.
"""

import weakref

import pytest
import torch
from transformers.modeling_layers import GradientCheckpointingLayer

from finetune_studio.engine.adapters import with_adapter
from finetune_studio.engine.collating import Collator
from finetune_studio.engine.device import Device
from finetune_studio.engine.loading import keep_fewer_activations
from finetune_studio.engine.speed import offload
from finetune_studio.engine.speed.offload import Shelf, offload_checkpoints
from finetune_studio.engine.speed.selective import keep_activations
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.engine.speed.test_lines import assert_same, learned
from tests.engine.test_loss import rows_of
from tests.helpers.families import FAMILIES, make_family

CPU, GPU = Device("cpu", 0, 0, 1, "fp32"), Device("cuda", 0, 0, 1, "bf16")
SIZE = 64 * 2000


@pytest.fixture
def shelves(monkeypatch):
    """Let the CPU pass for what is spared."""
    monkeypatch.setattr(offload, "_obstacle", lambda *_: "")


def shelved(model, tokens=2000):
    keep_fewer_activations(model)
    assert offload_checkpoints(Recipe(), model, CPU, tokens).used
    return model.train()


@pytest.mark.usefixtures("shelves")
@pytest.mark.parametrize("family", [*FAMILIES, "gemma3-vision"])
def test_gradients_are_those_of_layers_that_keep_everything(family):
    batches = [Collator(0)(rows_of()), Collator(0)(rows_of()[:3])]
    expected = learned(make_family(family).train(), batches)
    model = shelved(make_family(family))
    for _ in range(2):  # the places are used again in the next step
        assert_same(learned(model, batches), expected)


@pytest.mark.usefixtures("shelves")
def test_adapters_in_every_layer_learn_although_the_base_is_frozen():
    batch = Collator(0)(rows_of())
    expected = learned(with_adapter(make_family("llama"), Recipe()).train(), [batch])
    base = make_family("llama")
    keep_fewer_activations(base)
    assert offload_checkpoints(Recipe(), base, CPU, 2000).used
    found = learned(with_adapter(base, Recipe()).train(), [batch])
    assert_same(found, expected)
    assert any("layers.0" in name and each.any() for name, each in found[1].items())


@pytest.mark.usefixtures("shelves")
def test_what_the_embedding_made_is_not_kept():
    base = make_family("llama")
    keep_fewer_activations(base)
    assert offload_checkpoints(Recipe(), base, CPU, 2000).used
    model, made = with_adapter(base, Recipe()).train(), []
    model.get_input_embeddings().register_forward_hook(
        lambda _layer, _given, found: made.append(weakref.ref(found))
    )
    batch = Collator(0)(rows_of())
    answers = model(input_ids=batch["input_ids"]).logits
    assert answers.requires_grad
    assert made[0]() is None


@pytest.mark.usefixtures("shelves")
def test_dropout_draws_the_same_when_computed_again():
    recipe = store.with_changes(Recipe(), {"method.dropout": 0.3})
    batch = Collator(0)(rows_of())
    results = []
    for on_shelf in (False, True):
        base = make_family("llama")
        keep_fewer_activations(base)
        if on_shelf:
            offload_checkpoints(Recipe(), base, CPU, 2000)
        model = with_adapter(base, recipe).train()
        torch.manual_seed(3)
        results.append(learned(model, [batch]))
        results.append((float(torch.rand(1)), {}))  # what is drawn next is the same, too
    assert_same(results[2], results[0])
    assert results[3] == results[1]


@pytest.mark.usefixtures("shelves")
def test_inputs_do_not_stay_where_they_were():
    model = shelved(make_family("llama"))
    seen = []
    first = next(each for each in model.modules() if isinstance(each, GradientCheckpointingLayer))
    shelf = first._gradient_checkpointing_func.__self__
    put = shelf.put
    shelf.put = lambda tensor: seen.append(put(tensor)) or seen[-1]
    learned(model, [Collator(0)(rows_of())])
    assert [taken[1] for taken in seen] == [0, 1]
    assert shelf._waiting == []
    assert shelf._arriving == {}


@pytest.mark.usefixtures("shelves")
def test_a_pass_without_gradients_takes_no_place_from_those_that_follow():
    model = shelved(make_family("llama"))
    shelf = next(m for m in model.modules() if isinstance(m, GradientCheckpointingLayer))
    shelf = shelf._gradient_checkpointing_func.__self__
    with torch.no_grad():
        model(input_ids=torch.arange(8)[None], use_cache=False)
    assert shelf._waiting == []


@pytest.mark.usefixtures("shelves")
def test_a_batch_longer_than_any_expected_stays_and_is_right():
    batch = Collator(0)(rows_of())
    expected = learned(make_family("llama").train(), [batch])
    assert_same(learned(shelved(make_family("llama"), tokens=2), [batch]), expected)


@pytest.mark.usefixtures("shelves")
def test_layers_that_keep_theirs_have_no_place():
    model = make_family("llama")
    keep_fewer_activations(model)
    keep_activations(model, 1)
    assert offload_checkpoints(Recipe(), model, CPU, 2000).why.startswith("1 layers")
    batch = Collator(0)(rows_of())
    expected = learned(make_family("llama").train(), [batch])
    assert_same(learned(model.train(), [batch]), expected)


def shelvable(model):
    keep_fewer_activations(model)
    return model


def test_what_stands_in_the_way_is_said(monkeypatch):
    model = make_family("llama").to(torch.bfloat16)
    assert offload_checkpoints(Recipe(), model, CPU, 9).why == "only a GPU's memory is spared"
    why = offload_checkpoints(Recipe(), model, GPU, 9).why
    assert why == "no layer computes its activations again"
    two = Device("cuda", 0, 0, 2, "bf16")
    assert "several processes" in offload_checkpoints(Recipe(), model, two, 9).why
    keep_fewer_activations(model)
    assert "over half of what is free" in offload_checkpoints(Recipe(), model, GPU, 10**12).why
    wide = offload_checkpoints(Recipe(), shelvable(make_family("llama")), GPU, 9)
    assert "wider than what they compute in" in wide.why
    off = store.with_changes(Recipe(), {"training.speed.offload_checkpoints": "off"})
    assert offload_checkpoints(off, model, GPU, 9).why == "the recipe says off"

    def refuse(*_):
        raise RuntimeError("CUDA error: out of memory")

    monkeypatch.setattr(offload, "Shelf", refuse)
    refused = offload_checkpoints(Recipe(), model, GPU, 9)
    assert (refused.used, refused.why) == (False, "CUDA error: out of memory")


def test_a_shelf_gives_back_what_it_was_given_in_reverse():
    shelf = Shelf(3, SIZE, CPU)
    given = [torch.randn(2, 5, 64) for _ in range(3)]
    places = [shelf.put(each)[1] for each in given]
    assert shelf.put(torch.randn(1, 1)).shape == (1, 1)  # no place is left
    for tensor, place in zip(reversed(given), reversed(places), strict=True):
        assert torch.equal(shelf.take(place), tensor)
