"""Layers that read one input learn together what each learns alone, in every family."""

import pytest
import torch

from finetune_studio.engine.adapters import with_adapter
from finetune_studio.engine.collating import Collator
from finetune_studio.engine.device import Device
from finetune_studio.engine.loading import keep_fewer_activations, load_model
from finetune_studio.engine.speed.adapter import fuse_adapters
from finetune_studio.engine.speed.fp8 import into_float8
from finetune_studio.engine.speed.joined import join_layers
from finetune_studio.engine.speed.unread import skip_unread
from tests.engine.speed.test_adapter import asked, assert_as_near, assert_near, redraw, stirred
from tests.engine.speed.test_lines import assert_same, learned
from tests.engine.test_loss import rows_of
from tests.helpers.families import FAMILIES, make_family
from tests.helpers.running import losses, make_run, train

CPU = Device("cpu", 0, 0, 1, "fp32")
APART = {"phi3"}  # its queries, keys and values are one layer, as are gate and up
RECIPE = asked(method__rank=4, method__alpha=12)


def joined(model):
    """The names of each group's layers."""
    groups = {}
    for name, layer in model.named_modules():
        if "joined" in vars(layer):
            group, number = layer.joined
            groups.setdefault(id(group), {})[number] = name.rpartition(".")[2]
    return [[each[number] for number in sorted(each)] for each in groups.values()]


def compare(model, recipe=RECIPE, *, near=assert_same, device=CPU):
    model = stirred(with_adapter(model, recipe))
    batch = Collator(0)(rows_of())
    expected = learned(model, [batch])
    assert fuse_adapters(recipe, model).used
    assert join_layers(recipe, model, device, compiled=False).used
    near(learned(model, [batch]), expected)
    return model


@pytest.mark.parametrize("family", sorted({*FAMILIES, "gemma3-vision"} - APART))
def test_losses_and_gradients_are_those_of_peft(family):
    found = joined(compare(make_family(family)))
    assert ["k_proj", "q_proj", "v_proj"] in map(sorted, found)
    if family != "phi":
        assert ["gate_proj", "up_proj"] in found


def test_layers_of_inputs_of_their_own_stay_alone():
    model = with_adapter(make_family("phi3"), RECIPE)
    fuse_adapters(RECIPE, model)
    choice = join_layers(RECIPE, model, CPU, compiled=False)
    assert (choice.used, choice.why) == (False, "no two layers read one input")
    assert joined(model) == []


def test_a_base_in_four_bits_is_unpacked_as_it_was(tiny):
    recipe = asked(method__kind="qlora")
    compare(load_model(recipe, tiny, CPU, None, 0), recipe, near=assert_near)


def test_a_base_in_float8_rounds_as_it_did():
    model = make_family("llama")
    into_float8(model, CPU, ["lm_head"])
    compare(model, asked(method__base_precision="fp8"), near=assert_near)


def test_in_half_precision_it_is_as_near_as_peft():
    models = [stirred(with_adapter(make_family("llama"), RECIPE)) for _ in range(2)]
    fuse_adapters(RECIPE, models[1])
    half = Device("cpu", 0, 0, 1, "bf16")
    assert join_layers(RECIPE, models[1], half, compiled=False).used
    batch = Collator(0)(rows_of())
    exact = learned(models[0], [batch])
    with torch.autocast("cpu", torch.bfloat16):
        plain, ours = (learned(model, [batch]) for model in models)
    assert_as_near(ours, plain, exact)


def test_weights_that_change_are_computed_with_at_once():
    models = [stirred(with_adapter(make_family("qwen3"), RECIPE)) for _ in range(2)]
    fuse_adapters(RECIPE, models[1])
    join_layers(RECIPE, models[1], Device("cpu", 0, 0, 1, "bf16"), compiled=False)
    batch, ways = Collator(0)(rows_of()), []
    for number in range(12):
        for model in models:
            redraw(model, number)
        exact = learned(models[0], [batch])
        with torch.autocast("cpu", torch.bfloat16):
            plain, ours = (learned(model, [batch]) for model in models)
        ways.append((ours, plain, exact))
    assert len({ours[0] for ours, _, _ in ways}) == 12
    # Of one draw the roundings differ by half to double, as the processor multiplies.
    assert_as_near(*(as_one(each) for each in zip(*ways, strict=True)))


def as_one(ways):
    """Mean loss and all gradients of several passes."""
    grads = {f"{n} {name}": g for n, (_, made) in enumerate(ways) for name, g in made.items()}
    return sum(lost for lost, _ in ways) / len(ways), grads


@pytest.mark.parametrize("family", ["llama", "gemma3", "phi"])
def test_computed_again_it_learns_the_same(family):
    model = stirred(with_adapter(make_family(family), RECIPE))
    batch = Collator(0)(rows_of())
    expected = learned(model, [batch])
    keep_fewer_activations(model)
    fuse_adapters(RECIPE, model)
    join_layers(RECIPE, model, CPU, compiled=False)
    skip_unread(RECIPE, model, CPU, compiled=False)
    assert_same(learned(model, [batch]), expected)
    assert not any(each.joined[0]._done for each in model.modules() if "joined" in vars(each))


def test_an_output_that_nobody_reads_takes_no_gradient():
    model = stirred(with_adapter(make_family("llama"), RECIPE))
    attention = model.get_base_model().model.layers[0].self_attn
    x = torch.randn(1, 5, 64, requires_grad=True)

    def gradients():
        model.zero_grad()
        attention.v_proj(torch.zeros(1, 1, 64))  # a call of its own, out of turn
        made = attention.q_proj(x), attention.k_proj(x)
        attention.v_proj(x)
        (of_x,) = torch.autograd.grad(sum(each.sin().sum() for each in made), x, retain_graph=True)
        sum(each.sin().sum() for each in made).backward()
        return of_x, {
            n: w.grad.clone() for n, w in attention.named_parameters() if w.grad is not None
        }

    expected = gradients()
    fuse_adapters(RECIPE, model)
    join_layers(RECIPE, model, CPU, compiled=False)
    found = gradients()
    assert torch.allclose(found[0], expected[0], atol=1e-5)
    for name, gradient in expected[1].items():
        assert torch.allclose(found[1][name], gradient, atol=1e-5), name
    assert not any(each.any() for name, each in found[1].items() if "v_proj" in name)


def test_without_its_adapter_the_model_is_its_base():
    base, ids = make_family("llama"), torch.arange(3, 20)[None]
    expected = base(input_ids=ids).logits
    model = stirred(with_adapter(base, RECIPE))
    fuse_adapters(RECIPE, model)
    join_layers(RECIPE, model, CPU, compiled=False)
    with model.disable_adapter():
        assert torch.allclose(model(input_ids=ids).logits, expected, atol=1e-6)
    assert not torch.allclose(model(input_ids=ids).logits, expected, atol=1e-3)


@pytest.mark.parametrize(
    ("changes", "compiled", "why"),
    [
        ({"training__speed__joined_layers": "off"}, False, "the recipe says off"),
        ({}, True, "the layers are compiled"),
        ({"method__dora": True}, False, "no adapter is in one product with its layer"),
    ],
)
def test_what_stays_apart_is_said(changes, compiled, why):
    recipe = asked(**changes)
    model = with_adapter(make_family("llama"), recipe)
    fuse_adapters(recipe, model)
    choice = join_layers(recipe, model, CPU, compiled=compiled)
    assert (choice.used, choice.why) == (False, why)
    assert joined(model) == []


def test_a_run_learns_the_same_and_says_so(tmp_path, tiny):
    apart, ours = (
        train(make_run(tmp_path / way, tiny, training__speed__joined_layers=way))[1]
        for way in ("off", "auto")
    )
    assert ours.started.in_use["speed"]["joined_layers"]["used"] is True
    assert apart.started.in_use["speed"]["joined_layers"]["why"] == "the recipe says off"
    assert losses(ours) == pytest.approx(losses(apart), rel=1e-4)
