"""Adapters folded into their layers learn what peft's own passes learn, in every family."""

import pytest
import torch
from peft.tuners.lora import LoraLayer

from finetune_studio.engine.adapters import with_adapter
from finetune_studio.engine.collating import Collator
from finetune_studio.engine.device import Device
from finetune_studio.engine.loading import load_model
from finetune_studio.engine.speed.adapter import fuse_adapters
from finetune_studio.engine.speed.fp8 import into_float8
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.engine.speed.test_lines import assert_same, learned
from tests.engine.test_loss import rows_of
from tests.helpers.families import FAMILIES, make_family
from tests.helpers.running import losses, make_run, train

CPU = Device("cpu", 0, 0, 1, "fp32")


def asked(**changes):
    return store.with_changes(Recipe(), {n.replace("__", "."): v for n, v in changes.items()})


def stirred(model):
    """The second matrices of the adapters are zeros at the start: then nothing would be seen."""
    drawn = torch.Generator().manual_seed(5)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            weight.data = torch.randn(weight.shape, generator=drawn) * 0.05
    return model.train()


def compare(model, recipe, *, near=assert_same):
    model = stirred(with_adapter(model, recipe))
    batch = Collator(0)(rows_of())
    expected = learned(model, [batch])
    assert fuse_adapters(recipe, model).used
    assert any("forward" in each.__dict__ for each in model.modules())
    near(learned(model, [batch]), expected)
    return model


@pytest.mark.parametrize("family", [*FAMILIES, "gemma3-vision"])
def test_losses_and_gradients_are_those_of_peft(family):
    compare(make_family(family), asked(method__rank=4, method__alpha=12))


def test_rank_stabilised_scales_are_kept():
    compare(make_family("qwen2"), asked(method__rank=4, method__rslora=True))


def test_a_four_bit_base_is_unpacked_as_it_was(tiny):
    recipe = asked(method__kind="qlora")
    model = compare(load_model(recipe, tiny, CPU, None, 0), recipe, near=assert_near)
    kinds = {type(each.get_base_layer()).__name__ for each in model.modules() if folded(each)}
    assert kinds == {"Linear4bit"}


def test_a_base_in_float8_rounds_as_it_did():
    model = make_family("llama")
    into_float8(model, CPU, ["lm_head"])
    recipe = asked(method__base_precision="fp8")
    model = compare(model, recipe, near=assert_near)
    kinds = {type(each.get_base_layer()).__name__ for each in model.modules() if folded(each)}
    assert "Float8Linear" in kinds


def folded(layer):
    return isinstance(layer, LoraLayer) and "forward" in layer.__dict__


def assert_near(found, expected):
    """Products in another order, and rounded in another order, of unpacked weights."""
    assert found[0] == pytest.approx(expected[0], rel=1e-3)
    assert found[1].keys() == expected[1].keys()
    for name, gradient in expected[1].items():
        assert (found[1][name] - gradient).norm() <= 0.02 * gradient.norm(), name


def test_in_half_precision_the_trained_weights_stay_wide():
    recipe = asked(method__rank=4)
    model = stirred(with_adapter(make_family("llama").to(torch.bfloat16), recipe))
    batch = Collator(0)(rows_of())
    results = []
    for fused in (False, True):
        assert not fused or fuse_adapters(recipe, model).used
        with torch.autocast("cpu", torch.bfloat16):
            results.append(learned(model, [batch]))
    assert {each.dtype for each in results[1][1].values()} == {torch.float32}
    assert results[1][0] == pytest.approx(results[0][0], rel=2e-3)
    for name, gradient in results[0][1].items():
        assert (results[1][1][name] - gradient).norm() <= 0.05 * gradient.norm(), name


def redraw(model, number):
    """Other trained weights, written past autograd."""
    drawn = torch.Generator().manual_seed(number)
    for weight in model.parameters():
        if weight.requires_grad:
            weight.data.copy_(torch.randn(weight.shape, generator=drawn) * 0.1)


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("scale", [1, 3, 16])
def test_weights_that_change_behind_autograd_are_computed_with_at_once(scale, half):
    """Optimisers in 8 bits write straight to the memory: no version tells of it."""
    recipe = asked(method__rank=4, method__alpha=scale)
    models = [stirred(with_adapter(make_family("llama"), recipe)) for _ in range(2)]
    assert fuse_adapters(recipe, models[1]).used
    batch, lost = Collator(0)(rows_of()), []
    for number in range(3):
        for model in models:
            redraw(model, number)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            expected, found = (learned(model, [batch, batch]) for model in models)
        if half:
            assert_as_near(found, expected, learned(models[0], [batch, batch]))
        else:
            assert_same(found, expected)
        lost.append(found[0])
    assert len(set(lost)) == 3


def assert_as_near(found, plain, exact):
    """No further from fp32 than peft's own half precision is, but for other orders of rounding."""
    flat = [
        torch.cat([each.flatten() for each in way[1].values()]) for way in (found, plain, exact)
    ]
    ours, theirs = ((each - flat[2]).norm() / flat[2].norm() for each in flat[:2])
    assert ours <= 1.3 * theirs
    assert found[0] == pytest.approx(exact[0], rel=2e-3)
    assert {each.dtype for each in found[1].values()} == {torch.float32}


def test_copies_made_without_gradients_serve_training():
    recipe = asked(method__rank=4)
    model = stirred(with_adapter(make_family("llama"), recipe))
    fuse_adapters(recipe, model)
    with torch.autocast("cpu", torch.bfloat16), torch.inference_mode():
        model(input_ids=torch.arange(3, 20)[None])
    with torch.autocast("cpu", torch.bfloat16):
        learned(model, [Collator(0)(rows_of())])
    grads = [each.grad for each in model.parameters() if each.requires_grad]
    assert all(each.isfinite().all() and each.any() for each in grads)


def test_without_its_adapter_the_model_is_its_base():
    base = make_family("llama")
    ids = torch.arange(3, 20)[None]
    expected = base(input_ids=ids).logits
    recipe = asked(method__rank=4)
    model = stirred(with_adapter(base, recipe))
    fuse_adapters(recipe, model)
    with model.disable_adapter():
        assert torch.allclose(model(input_ids=ids).logits, expected, atol=1e-6)
    assert not torch.allclose(model(input_ids=ids).logits, expected, atol=1e-3)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"method__kind": "full"}, "full fine-tuning has no adapter"),
        ({"method__dora": True}, "DoRA scales the layer's own product"),
        ({"method__dropout": 0.1}, "dropout changes the adapter's inputs alone"),
        ({"training__speed__fused_adapters": "off"}, "the recipe says off"),
    ],
)
def test_what_it_does_not_serve_stays_and_is_said(changes, why):
    recipe = asked(**changes)
    model = with_adapter(make_family("llama"), recipe)
    choice = fuse_adapters(recipe, model)
    assert (choice.used, choice.why) == (False, why)
    assert not any(folded(each) for each in model.modules())


@pytest.mark.filterwarnings("ignore:fan_in_fan_out is set to False")
def test_layers_of_another_kind_stay_and_are_said():
    recipe = asked(method__targets=("c_attn",))
    model = with_adapter(make_family("gpt2"), recipe)
    choice = fuse_adapters(recipe, model)
    assert choice.why == "no adapted layer is of a kind that it serves"


def test_a_run_learns_the_same_and_says_so(tmp_path, tiny):
    plain, ours = (
        train(make_run(tmp_path / way, tiny, training__speed__fused_adapters=way))[1]
        for way in ("off", "auto")
    )
    assert ours.started.in_use["speed"]["fused_adapters"]["used"] is True
    assert plain.started.in_use["speed"]["fused_adapters"]["used"] is False
    assert losses(ours) == pytest.approx(losses(plain), rel=1e-4)
