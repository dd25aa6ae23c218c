"""Which layers get an adapter, in which variant, in every family of the catalogue."""

import math

import pytest
import torch

from finetune_studio.engine.adapters import count_parameters, find_targets, with_adapter
from finetune_studio.errors import RefusedError
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.helpers.families import FAMILIES, make_family

ATTENTION = {"q_proj", "k_proj", "v_proj", "o_proj"}
MLP = {"gate_proj", "up_proj", "down_proj"}
OTHERS = {
    "phi3": ({"qkv_proj", "o_proj"}, {"gate_up_proj", "down_proj"}),
    "phi": ({"q_proj", "k_proj", "v_proj", "dense"}, {"fc1", "fc2"}),
    "gpt2": ({"c_attn", "c_proj"}, {"c_fc", "c_proj"}),
}
ZOO = [*FAMILIES, "gpt2"]


def recipe(**changes):
    return store.with_changes(Recipe(), {n.replace("__", "."): v for n, v in changes.items()})


@pytest.mark.parametrize("family", ZOO)
def test_every_family_has_its_attention_and_its_mlp(family):
    model = make_family(family)
    attention, mlp = OTHERS.get(family, (ATTENTION, MLP))
    assert set(find_targets(model, ("attention",))) == attention
    assert set(find_targets(model, ("mlp",))) == mlp
    assert set(find_targets(model, ("all-linear",))) == attention | mlp


def test_layers_can_be_named_and_an_unknown_name_tells_the_known():
    model = make_family("llama")
    assert find_targets(model, ("q_proj", "v_proj")) == ["q_proj", "v_proj"]
    with pytest.raises(RefusedError) as refused:
        find_targets(model, ("q_proj", "query"))
    assert "query" in refused.value.title
    assert "down_proj, gate_proj, k_proj, o_proj, q_proj, up_proj, v_proj" in refused.value.hint


@pytest.mark.parametrize(("rslora", "scale"), [(False, 12 / 9), (True, 12 / math.sqrt(9))])
def test_the_scale_of_the_adapter(rslora, scale):
    asked = recipe(method__rank=9, method__alpha=12, method__rslora=rslora)
    model = with_adapter(make_family("llama"), asked)
    layer = model.get_submodule("base_model.model.model.layers.0.self_attn.q_proj")
    assert layer.scaling["default"] == pytest.approx(scale)
    assert layer.lora_A["default"].weight.shape == (9, 64)


@pytest.mark.parametrize("dora", [False, True])
def test_a_new_adapter_changes_nothing_yet_and_trains_alone(dora):
    base = make_family("qwen3")
    ids = torch.arange(12)[None]
    before = base(input_ids=ids).logits
    model = with_adapter(base, recipe(method__dora=dora))
    assert torch.allclose(model(input_ids=ids).logits, before, atol=1e-5)
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert all("lora_" in name for name in trained)
    assert any("magnitude" in name for name in trained) == dora
    trainable, whole = count_parameters(model)
    assert trainable == sum(w.numel() for w in model.parameters() if w.requires_grad) < whole


def test_the_seed_makes_the_adapter():
    first, again, other = (
        with_adapter(make_family("llama"), recipe(training__seed=seed)) for seed in (1, 1, 2)
    )
    name = "base_model.model.model.layers.0.mlp.up_proj.lora_A.default.weight"
    assert torch.equal(first.get_parameter(name), again.get_parameter(name))
    assert not torch.equal(first.get_parameter(name), other.get_parameter(name))


@pytest.mark.parametrize("method", ["lora", "full"])
def test_what_sees_is_not_trained_on_text(method):
    model = with_adapter(make_family("gemma3-vision"), recipe(method__kind=method))
    model(input_ids=torch.arange(12)[None]).logits.sum().backward()
    trained = [(n, w) for n, w in model.named_parameters() if w.requires_grad]
    assert any("language_model" in name for name, _ in trained)
    assert not any("vision" in name or "projector" in name for name, _ in trained)
    assert all(weight.grad is not None for _, weight in trained)


def test_a_classification_head_is_trained_with_the_adapter():
    model = with_adapter(make_family("llama", labels=3), recipe(task__kind="classify"))
    trained = [name for name, weight in model.named_parameters() if weight.requires_grad]
    assert any("score" in name for name in trained)
    assert any("lora_A" in name for name in trained)
