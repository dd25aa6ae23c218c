"""Feed-forward parts in tiles: the same answers and gradients, never more than a tile at once."""

import pytest
import torch

from finetune_studio.engine.adapters import with_adapter
from finetune_studio.engine.collating import Collator
from finetune_studio.engine.device import Device
from finetune_studio.engine.loading import keep_fewer_activations
from finetune_studio.engine.speed import tiled
from finetune_studio.engine.speed.tiled import tile_feed_forward
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.engine.speed.test_lines import assert_same, learned
from tests.engine.test_loss import rows_of
from tests.helpers.families import FAMILIES, make_family

CPU = Device("cpu", 0, 0, 1, "fp32")
LONG = 20_000


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(tiled, "TILE", 7)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_gradients_are_those_of_the_whole(family, again):
    batch = Collator(0)(rows_of())
    expected = learned(make_family(family).train(), [batch])
    model = make_family(family)
    if again:
        keep_fewer_activations(model)
    assert tile_feed_forward(Recipe(), model, CPU, LONG).used
    assert_same(learned(model.train(), [batch]), expected)


def test_it_never_sees_more_than_a_tile_and_adapters_learn():
    batch = Collator(0)(rows_of())
    expected = learned(with_adapter(make_family("llama"), Recipe()).train(), [batch])
    model = with_adapter(make_family("llama"), Recipe()).train()
    assert tile_feed_forward(Recipe(), model, CPU, LONG).used
    seen = []
    down = model.base_model.model.model.layers[0].mlp.down_proj
    down.register_forward_pre_hook(lambda _, given: seen.append(given[0].shape[0]))
    assert_same(learned(model, [batch]), expected)
    assert max(seen) == tiled.TILE


@pytest.mark.parametrize(
    ("tokens", "changes", "why"),
    [
        (1000, {}, "1,000 tokens a batch are few"),
        (LONG, {"training.speed.tiled_mlp": "off"}, "the recipe says off"),
    ],
)
def test_short_batches_stay_whole(tokens, changes, why):
    model = make_family("llama")
    choice = tile_feed_forward(store.with_changes(Recipe(), changes), model, CPU, tokens)
    assert (choice.used, choice.why) == (False, why)
    assert "forward" not in model.model.layers[0].mlp.__dict__


def test_parts_that_look_at_several_tokens_stay_whole():
    model = make_family("llama")
    part = model.model.layers[1].mlp
    plain = part.forward
    part.forward = lambda hidden: plain(hidden) + hidden.mean(1, keepdim=True)
    choice = tile_feed_forward(Recipe(), model, CPU, LONG)
    assert choice.why == "this family's feed-forward parts look at several tokens at once"


def test_a_family_without_such_a_part_is_said():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2))
    choice = tile_feed_forward(Recipe(), model, CPU, LONG)
    assert choice.why == "this family's layers have no feed-forward part of their own"
