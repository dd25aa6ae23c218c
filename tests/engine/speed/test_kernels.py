"""Liger's kernels are used where they serve; whatever fails leaves the model as it was.

Liger needs Triton and a GPU: here a stand-in exchanges layers, well or badly.
"""

import sys
import types

import pytest
import torch

from finetune_studio.engine.device import Device
from finetune_studio.engine.speed import kernels
from finetune_studio.engine.speed.fp8 import into_float8
from finetune_studio.engine.speed.kernels import use_kernels
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.helpers.families import make_family

CPU = Device("cpu", 0, 0, 1, "fp32")
IDS = torch.arange(3, 20)[None]


def other_norm(factor):
    def forward(self, hidden):
        size = hidden.pow(2).mean(-1, keepdim=True).add(self.variance_epsilon).rsqrt()
        return self.weight * hidden * size * factor

    return forward


@pytest.fixture(params=["good", "wrong", "raising"])
def liger(request, monkeypatch):
    """Exchanges the norms of the instance and a function of the family's module."""

    def apply(model, **options):
        assert options == {"cross_entropy": False, "fused_linear_cross_entropy": False}
        family = sys.modules[type(model).__module__]
        monkeypatch.setattr(family, "rotate_half", family.rotate_half, raising=True)
        if request.param != "good":
            family.rotate_half = None
        for layer in model.modules():
            if type(layer).__name__.endswith("RMSNorm"):
                new = other_norm(1.0 if request.param == "good" else 1.5)
                layer.forward = types.MethodType(new, layer)
        if request.param == "wrong":
            family.rotate_half = lambda x: x
        if request.param == "raising":
            raise RuntimeError("no driver")

    module = types.ModuleType("liger_kernel.transformers.monkey_patch")
    module._apply_liger_kernel_to_instance = apply
    monkeypatch.setitem(sys.modules, "liger_kernel", types.ModuleType("liger_kernel"))
    monkeypatch.setitem(sys.modules, "liger_kernel.transformers", types.ModuleType("t"))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(kernels, "_obstacle", lambda model, device: "")
    return request.param


def test_what_changes_the_answers_is_taken_back(liger):
    model = make_family("llama")
    before = model(input_ids=IDS).logits
    choice = use_kernels(Recipe(), model, CPU, compiled=False)
    assert choice.used is (liger == "good")
    after = model(input_ids=IDS).logits
    if liger == "good":
        assert "forward" in model.model.norm.__dict__
        assert torch.allclose(after, before, atol=1e-5)
    else:
        expected = "the answers changed" if liger == "wrong" else "RuntimeError: no driver"
        assert expected in choice.why
        assert "forward" not in model.model.norm.__dict__
        assert torch.equal(after, before)


@pytest.mark.parametrize("liger", ["good"], indirect=True)
def test_roundings_of_inputs_do_not_count(liger, monkeypatch):
    """Norms that are a little off, as another order of rounding is, between 8-bit products."""
    model = make_family("llama")
    into_float8(model, CPU, ["lm_head"])
    exchange = kernels._apply

    def apply(given):
        exchange(given)
        for layer in given.modules():
            if type(layer) is type(model.model.norm):
                layer.forward = types.MethodType(other_norm(1.0004), layer)

    monkeypatch.setattr(kernels, "_apply", apply)
    assert use_kernels(Recipe(), model, CPU, compiled=False).used


def test_what_grows_from_layer_to_layer_is_no_difference():
    """A layer that makes much of any rounding: only its own answers count."""
    model = make_family("llama")
    found = kernels._answers(model, CPU)
    assert len(found) == 3  # two layers and the logits
    first = model.model.layers[0]
    plain = first.forward
    first.forward = lambda *args, **options: plain(*args, **options) * 1.001
    apart = kernels._answers(model, CPU, found)
    assert torch.equal(apart[1], found[1])
    assert not torch.equal(apart[0], found[0])


def test_compiled_layers_do_without_unless_asked(liger):
    model = make_family("llama")
    assert use_kernels(Recipe(), model, CPU, compiled=True).why == "the layers are compiled"
    asked = store.with_changes(Recipe(), {"training.speed.liger_kernels": "on"})
    assert use_kernels(asked, model, CPU, compiled=True).used is (liger == "good")


def test_what_is_missing_is_said(monkeypatch):
    model, gpu = make_family("llama"), Device("cuda", 0, 0, 1, "bf16")
    assert use_kernels(Recipe(), model, CPU, compiled=False).why == "Triton's kernels run on GPUs"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert use_kernels(Recipe(), model, gpu, compiled=False).why == "Triton is not installed"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name == "triton" or None)
    found = use_kernels(Recipe(), model, gpu, compiled=False)
    assert found.why == "liger-kernel is not installed"
    module = types.ModuleType("liger_kernel.transformers.monkey_patch")
    module.MODEL_TYPE_TO_APPLY_LIGER_FN = {"qwen3": None}
    monkeypatch.setitem(sys.modules, "liger_kernel", types.ModuleType("liger_kernel"))
    monkeypatch.setitem(sys.modules, "liger_kernel.transformers", types.ModuleType("t"))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    found = use_kernels(Recipe(), model, gpu, compiled=False)
    assert found.why == "Liger does not know llama"
