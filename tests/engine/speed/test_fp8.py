"""A base model in 8-bit floats: rounded while it is loaded, trained beside, merged as it was.

The roundings are those of the GPU's products, in plain operations; the products need a GPU.
"""

import json

import pytest
import torch
from torch import nn

from finetune_studio.engine import export
from finetune_studio.engine.adapters import count_parameters, with_adapter
from finetune_studio.engine.collating import Collator
from finetune_studio.engine.device import Device, find_device
from finetune_studio.engine.loading import load_model
from finetune_studio.engine.parity import CLOSE
from finetune_studio.engine.speed import rounding, triton_here
from finetune_studio.engine.speed.adapter import fuse_adapters
from finetune_studio.engine.speed.fp8 import (
    LARGEST,
    Float8Linear,
    in_full,
    into_float8,
    rounded,
    whole_inputs,
)
from finetune_studio.engine.speed.joined import join_layers
from finetune_studio.errors import RefusedError
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.engine.speed.test_adapter import stirred
from tests.engine.speed.test_lines import learned
from tests.engine.test_loss import rows_of
from tests.helpers.families import make_family
from tests.helpers.running import losses, make_run, train

CPU = Device("cpu", 0, 0, 1, "fp32")
FP8 = store.with_changes(Recipe(), {"method.base_precision": "fp8"})


def test_rows_are_rounded_each_by_its_own_scale():
    line = torch.linspace(-1, 1, 64)
    rows = torch.stack([line, line * 1e-4, torch.zeros(64)])
    kept, scale = rounded(rows)
    again = kept.float() * scale
    assert kept.float().abs().amax(-1)[:2].tolist() == [LARGEST, LARGEST]
    assert ((again - rows).abs() <= rows.abs() * 2**-4 + scale * 2**-9).all()  # three bits follow
    assert not again[2].any()


def test_columns_may_be_multiplied_first():
    torch.manual_seed(1)
    rows, factors = torch.randn(3, 32).to(torch.bfloat16), torch.rand(32) + 0.1
    kept, scale = rounded(rows, factors)
    expected = rounded(rows.float() * factors)
    assert torch.equal(kept.float(), expected[0].float())
    assert torch.equal(scale, expected[1])


def test_inputs_can_be_left_whole_for_a_while():
    torch.manual_seed(2)
    layer = Float8Linear(nn.Linear(32, 48), torch.device("cpu"))
    rows = torch.randn(5, 32)
    rounded_ = layer(rows)
    with whole_inputs():
        assert torch.equal(layer(rows), nn.functional.linear(rows, layer.weight, layer.bias))
    assert torch.equal(layer(rows), rounded_)
    assert not torch.allclose(rounded_, nn.functional.linear(rows, layer.weight, layer.bias))


def test_without_a_gpu_or_triton_plain_operations_round(monkeypatch):
    rows = torch.randn(3, 32)
    assert not rounding.serves(rows)
    triton_here.kernels_in.cache_clear()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert rounding.kernels() is None
    triton_here.kernels_in.cache_clear()
    weight = rounded(rows)[0]
    assert torch.equal(rounding.turned(weight).float(), weight.float().t())
    assert rounding.turned(weight).is_contiguous()


def test_a_layers_whole_weight_is_not_made_for_its_products(monkeypatch):
    """Neither alone nor with its adapter: it would take longer than the products."""
    batch = Collator(0)(rows_of())
    base = make_family("llama")
    into_float8(base, Device("cpu", 0, 0, 1, "fp32"), ["lm_head"])
    model = stirred(with_adapter(base, Recipe()))
    assert fuse_adapters(Recipe(), model).used
    assert join_layers(Recipe(), model, Device("cpu", 0, 0, 1, "fp32"), compiled=False).used
    made, whole = [], Float8Linear.weight.fget
    monkeypatch.setattr(
        Float8Linear, "weight", property(lambda layer: made.append(1) or whole(layer))
    )
    loss, gradients = learned(model, [batch])
    assert loss > 0
    assert gradients
    assert not made


def test_a_layer_computes_and_passes_gradients_as_its_rounded_weight_does():
    torch.manual_seed(0)
    plain = nn.Linear(64, 48)
    layer = Float8Linear(plain, torch.device("cpu"))
    exact = nn.Linear(64, 48)
    exact.load_state_dict({"weight": layer.weight, "bias": plain.bias})
    inputs, weighing = torch.randn(5, 7, 64), torch.randn(5, 7, 48)
    results = []
    for each in (layer, exact):
        given = inputs.clone().requires_grad_()
        made = each(given)
        (made * weighing).sum().backward()
        results.append((made, given.grad))
    for found, expected in zip(*results, strict=True):
        assert found.shape == expected.shape
        assert (found - expected).norm() < 0.04 * expected.norm()


@pytest.mark.parametrize("family", ["llama", "gemma3", "phi", "granite"])
def test_a_model_says_nearly_the_same_and_only_its_heads_and_norms_stay(family):
    model = make_family(family)
    ids = torch.arange(3, 40)[None]
    before = model(input_ids=ids).logits
    count = sum(each.numel() for each in model.parameters())
    into_float8(model, CPU, ["lm_head"])
    layers = [each for each in model.modules() if isinstance(each, nn.Linear)]
    assert sum(isinstance(each, Float8Linear) for each in layers) == len(layers) - 1
    assert (model(input_ids=ids).logits - before).norm() < 0.1 * before.norm()
    scales = sum(each.scale.numel() for each in layers if isinstance(each, Float8Linear))
    assert count_parameters(model)[1] == count + scales


@pytest.mark.parametrize("dora", [False, True])
def test_adapters_train_beside_it(dora):
    model = make_family("llama")
    into_float8(model, CPU, ["lm_head"])
    recipe = store.with_changes(FP8, {"method.dora": dora})
    model = with_adapter(model, recipe)
    trained = [(n, w) for n, w in model.named_parameters() if w.requires_grad]
    assert {w.dtype for _, w in trained} == {torch.float32}
    model(input_ids=torch.arange(3, 20)[None]).logits.square().mean().backward()
    assert all(w.grad is not None and w.grad.isfinite().all() for _, w in trained)
    assert any("layers.0" in n and w.grad.any() for n, w in trained)


def test_odd_sizes_stay_as_they_are():
    layer = nn.Sequential(nn.Linear(24, 32), nn.Linear(32, 16))
    into_float8(layer, CPU, [])
    assert [type(each).__name__ for each in layer] == ["Linear", "Float8Linear"]


def test_plain_layers_come_back_with_what_was_computed_with():
    model = make_family("qwen2")
    into_float8(model, CPU, ["lm_head"])
    layer = model.model.layers[0].self_attn.q_proj
    weight, bias = layer.weight, layer.bias
    in_full(model)
    plain = model.model.layers[0].self_attn.q_proj
    assert type(plain) is nn.Linear
    assert torch.equal(plain.weight, weight)
    assert torch.equal(plain.bias, bias)


def test_it_is_loaded_in_float8(tiny):
    model = load_model(FP8, tiny, CPU, None, 0)
    layer = model.model.layers[1].mlp.up_proj
    assert layer.quantised.dtype == torch.float8_e4m3fn
    assert type(model.lm_head) is nn.Linear


def test_a_run_learns_nearly_as_well_answers_and_is_merged_as_trained(tmp_path, tiny, capsys):
    one = {"training__epochs": 3}
    plain = train(make_run(tmp_path / "a", tiny, **one))[1]
    run = make_run(tmp_path / "b", tiny, method__base_precision="fp8", **one)
    code, state = train(run)
    assert code == 0
    assert state.started.in_use["speed"]["fp8_base"]["used"] is True
    assert losses(state)[0] == pytest.approx(losses(plain)[0], rel=0.02)
    assert losses(state)[-1] == pytest.approx(losses(plain)[-1], rel=0.05)
    assert export.export([str(run.path), "merged", str(tmp_path / "out"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["way"] == "adapter merged into the 8-bit floats"
    assert report["parity"]["mean_kl"] < CLOSE


@pytest.mark.parametrize(("capability", "refused"), [((8, 6), True), ((8, 9), False)])
def test_an_older_gpu_refuses_it(monkeypatch, capability, refused):
    """The GPU is simulated: its compute capability is said."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: capability)
    if not refused:
        assert find_device(FP8).precision == "bf16"
        return
    with pytest.raises(RefusedError, match="8-bit floats"):
        find_device(FP8)
