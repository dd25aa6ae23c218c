"""A layer's last product is left out of its second pass only where no gradient reads it."""

import math

import pytest
import torch
from torch import nn

from finetune_studio.engine.adapters import with_adapter
from finetune_studio.engine.collating import Collator
from finetune_studio.engine.device import Device
from finetune_studio.engine.loading import keep_fewer_activations, load_model
from finetune_studio.engine.speed import adapter, offload, tiled, unread
from finetune_studio.engine.speed.adapter import fuse_adapters
from finetune_studio.engine.speed.again import Again
from finetune_studio.engine.speed.offload import offload_checkpoints
from finetune_studio.engine.speed.selective import keep_activations
from finetune_studio.engine.speed.unread import skip_unread
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.engine.speed.test_adapter import stirred
from tests.engine.speed.test_lines import learned
from tests.engine.test_loss import rows_of
from tests.helpers.families import FAMILIES, make_family
from tests.helpers.running import losses, make_run, train

CPU = Device("cpu", 0, 0, 1, "fp32")
NORMED = {"gemma2", "gemma3", "exaone4", "olmo2"}
"""Families that norm what their last product makes."""


def prepared(base, *, shelf=False, recipe=None):
    recipe = recipe or Recipe()
    keep_fewer_activations(base)
    if shelf:
        assert offload_checkpoints(recipe, base, CPU, 2000).used
    model = stirred(with_adapter(base, recipe))
    assert fuse_adapters(recipe, model).used
    return model


@pytest.fixture
def shelves(monkeypatch):
    """Let the CPU pass for what is spared."""
    monkeypatch.setattr(offload, "_obstacle", lambda *_: "")


def last_products(model):
    return [name for name, each in model.named_modules() if getattr(each, "unread", False)]


def assert_bits(found, expected):
    assert found[0] == expected[0]
    assert found[1].keys() == expected[1].keys()
    assert all(torch.equal(found[1][name], each) for name, each in expected[1].items())


@pytest.mark.usefixtures("shelves")
@pytest.mark.parametrize("shelf", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_gradients_are_the_same_to_the_last_bit(monkeypatch, family, shelf):
    model = prepared(make_family(family), shelf=shelf)
    batches = [Collator(0)(rows_of()), Collator(0)(rows_of()[:3])]
    expected = learned(model, batches)
    choice = skip_unread(Recipe(), model, CPU, compiled=False)
    assert choice.used is (family not in NORMED)
    assert choice.why == (
        "2 of 2 layers" if choice.used else "the gradients changed when it was tried"
    )
    assert len(last_products(model)) == 2 * choice.used
    assert all(each.grad is None for each in model.parameters())
    monkeypatch.setattr(Again, "filler", math.nan)  # whoever read it would spread it
    assert_bits(learned(model, batches), expected)


@pytest.mark.parametrize("shelf", [False, True])
@pytest.mark.usefixtures("shelves")
def test_the_product_is_not_made_in_the_second_pass(monkeypatch, shelf):
    model = prepared(make_family("llama"), shelf=shelf)
    batch, made = Collator(0)(rows_of()), []
    plain = adapter.FORWARD["plain"]

    def counted(*given):
        made.append(given)
        return plain(*given)

    monkeypatch.setitem(adapter.FORWARD, "plain", counted)
    learned(model, [batch])
    before = len(made)
    assert skip_unread(Recipe(), model, CPU, compiled=False).used
    made.clear()
    learned(model, [batch])
    assert len(made) == before - 2
    made.clear()
    with torch.no_grad():
        model(input_ids=batch["input_ids"])
    assert len(made) == before // 2  # a pass of its own leaves nothing out


def test_layers_that_keep_their_activations_leave_nothing_out():
    base = make_family("llama")
    keep_fewer_activations(base)
    keep_activations(base, 1)
    model = stirred(with_adapter(base, Recipe()))
    fuse_adapters(Recipe(), model)
    expected = learned(model, [Collator(0)(rows_of())])
    assert skip_unread(Recipe(), model, CPU, compiled=False).why == "1 of 1 layers"
    assert all("layers.0" in name for name in last_products(model))
    assert_bits(learned(model, [Collator(0)(rows_of())]), expected)


@pytest.mark.usefixtures("shelves")
@pytest.mark.parametrize("shelf", [False, True])
def test_tiles_leave_it_out_as_well(monkeypatch, shelf):
    monkeypatch.setattr(tiled, "TILE", 16)
    model = prepared(make_family("llama"), shelf=shelf)
    assert tiled.tile_feed_forward(Recipe(), model, CPU, 20_000).used
    batch = Collator(0)(rows_of())
    expected = learned(model, [batch])
    assert skip_unread(Recipe(), model, CPU, compiled=False).used
    monkeypatch.setattr(Again, "filler", math.nan)
    assert_bits(learned(model, [batch]), expected)


def test_a_four_bit_base_leaves_it_out(tiny):
    recipe = store.with_changes(Recipe(), {"method.kind": "qlora"})
    model = prepared(load_model(recipe, tiny, CPU, None, 0), recipe=recipe)
    expected = learned(model, [Collator(0)(rows_of())])
    assert skip_unread(recipe, model, CPU, compiled=False).used
    assert_bits(learned(model, [Collator(0)(rows_of())]), expected)


@pytest.mark.usefixtures("shelves")
@pytest.mark.parametrize("shelf", [False, True])
def test_the_gradient_of_its_input_takes_the_inputs_place(monkeypatch, shelf):
    model = prepared(make_family("llama"), shelf=shelf)
    batch = Collator(0)(rows_of())
    expected = learned(model, [batch])
    assert skip_unread(Recipe(), model, CPU, compiled=False).used
    assert all(each.spends for each in model.modules() if getattr(each, "unread", False))
    written, multiply = [], torch.mm

    def noted(*given, out=None):
        written.append(out)
        return multiply(*given, out=out)

    monkeypatch.setattr(torch, "mm", noted)
    assert_bits(learned(model, [batch]), expected)
    assert len([each for each in written if each is not None]) == 2


@pytest.mark.usefixtures("shelves")
@pytest.mark.parametrize("shelf", [False, True])
def test_an_input_that_another_reads_keeps_its_place(shelf):
    """As the norm of what a layer is gated with would."""

    class Shared(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, hidden):
            inner = self.inner
            wide = inner.act_fn(inner.gate_proj(hidden)) * inner.up_proj(hidden)
            size = wide.square().mean(-1, keepdim=True)  # reads it after the product's gradients
            return inner.down_proj(wide) + size

    base = make_family("llama")
    for layer in base.model.layers:
        layer.mlp = Shared(layer.mlp)
    base.requires_grad_(False)
    model = prepared(base, shelf=shelf)
    batch = Collator(0)(rows_of())
    expected = learned(model, [batch])
    assert skip_unread(Recipe(), model, CPU, compiled=False).why == "2 of 2 layers"
    assert not any(getattr(each, "spends", False) for each in model.modules())
    assert_bits(learned(model, [batch]), expected)


def test_one_kind_of_layer_may_read_what_another_does_not(monkeypatch):
    """The second layer norms what it made last, as Gemma's do."""

    class Normed(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner, self.norm = inner, nn.RMSNorm(64)

        def forward(self, hidden):
            return self.norm(self.inner(hidden))

    base = make_family("llama")
    base.model.layers[1].mlp = Normed(base.model.layers[1].mlp)
    base.requires_grad_(False)
    model = prepared(base)
    batch = Collator(0)(rows_of())
    expected = learned(model, [batch])
    assert skip_unread(Recipe(), model, CPU, compiled=False).why == "1 of 2 layers"
    assert all("layers.0" in name for name in last_products(model))
    monkeypatch.setattr(Again, "filler", math.nan)
    assert_bits(learned(model, [batch]), expected)


def test_what_stands_in_the_way_is_said():
    model = with_adapter(make_family("llama"), Recipe())
    fuse_adapters(Recipe(), model)
    again = "no layer computes its activations again"
    assert skip_unread(Recipe(), model, CPU, compiled=False).why == again
    keep_fewer_activations(model.get_base_model())
    assert skip_unread(Recipe(), model, CPU, compiled=True).why == "the layers are compiled"
    off = store.with_changes(Recipe(), {"training.speed.unread_products": "off"})
    assert skip_unread(off, model, CPU, compiled=False).why == "the recipe says off"
    plain = with_adapter(make_family("llama"), Recipe())
    keep_fewer_activations(plain.get_base_model())
    why = "no adapter is in one product with its layer"
    assert skip_unread(Recipe(), plain, CPU, compiled=False).why == why
    model.get_base_model().model.norm.weight.data.fill_(math.nan)  # nothing would be seen
    found = skip_unread(Recipe(), model, CPU, compiled=False)
    assert (found.used, last_products(model)) == (False, [])


def test_a_model_that_cannot_be_tried_trains_with_every_product(monkeypatch):
    model = prepared(make_family("llama"))
    real, calls = unread._gradients, []

    def fail_later(*given):
        calls.append(given)
        if len(calls) > 1:
            raise TypeError("forward() got an unexpected\nkeyword")
        return real(*given)

    monkeypatch.setattr(unread, "_gradients", fail_later)
    choice = skip_unread(Recipe(), model, CPU, compiled=False)
    assert (choice.used, choice.why) == (False, "TypeError: forward() got an unexpected keyword")
    assert last_products(model) == []
    assert Again.filler is None


def test_what_is_drawn_at_random_next_is_the_same_and_the_model_is_as_it_was():
    model = prepared(make_family("llama")).eval()
    hooks = [dict(each._forward_hooks) for each in model.modules()]
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    assert skip_unread(Recipe(), model, CPU, compiled=False).used
    assert torch.equal(torch.rand(1), expected)
    assert not model.training
    assert [dict(each._forward_hooks) for each in model.modules()] == hooks
    assert (Again.now, Again.filler) == (False, None)


def test_a_run_learns_the_same_and_says_so(tmp_path, tiny):
    asked = {"training__gradient_checkpointing": "on", "training__max_steps": 6}
    plain, ours = (
        train(make_run(tmp_path / way, tiny, training__speed__unread_products=way, **asked))[1]
        for way in ("off", "auto")
    )
    assert ours.started.in_use["speed"]["unread_products"]["used"] is True
    assert plain.started.in_use["speed"]["unread_products"]["why"] == "the recipe says off"
    assert losses(ours) == losses(plain)
