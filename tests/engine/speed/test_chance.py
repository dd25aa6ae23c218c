"""Layers that draw at random are told from those that never do, whatever the rate is called."""

import pytest
import torch
from torch import nn

from finetune_studio.engine.adapters import with_adapter
from finetune_studio.engine.speed import chance
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.helpers.families import FAMILIES, make_family


@pytest.mark.parametrize("family", [*FAMILIES, "gemma3-vision"])
def test_the_families_draw_nothing(family):
    model = make_family(family)
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    model.train()(input_ids=torch.arange(3, 20)[None])
    assert torch.equal(torch.rand(1), expected)
    assert not chance.draws([model])


def test_dropout_is_seen_wherever_it_is():
    recipe = store.with_changes(Recipe(), {"method.dropout": 0.1})
    assert chance.draws([with_adapter(make_family("llama"), recipe)])
    assert not chance.draws([with_adapter(make_family("llama"), Recipe())])
    assert chance.draws([make_family("gpt2")])
    assert chance.draws([nn.Sequential(nn.Dropout(0.2))])
    assert not chance.draws([nn.Sequential(nn.Dropout(0.0))])
    model = make_family("qwen2")
    model.config.attention_dropout = 0.1
    assert chance.draws(model.model.layers)
    layer = nn.Linear(2, 2)
    layer.router_jitter_noise = 0.01
    assert chance.draws([layer])


def test_what_was_drawn_is_drawn_again():
    kept = chance.states("cpu")
    first = torch.rand(2)
    chance.set_states(kept)
    assert torch.equal(torch.rand(2), first)
