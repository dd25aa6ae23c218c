"""Decoder layers compiled one by one, with shapes that never change.

A layer is compiled once for all of its kind; norms, rotary places, activations and an adapter's
small products become few kernels. It takes up to a minute, so a short run goes without, and lines
are filled up to the sequence length, so that no step compiles again.
"""

import importlib.util
import shutil
import types
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn
from transformers.modeling_layers import GradientCheckpointingLayer

from finetune_studio.engine.device import Device
from finetune_studio.engine.speed.choice import Choice, choose
from finetune_studio.recipe.methods import Full
from finetune_studio.recipe.schema import Recipe

OPTIONS = {"comprehensive_padding": False}
"""The compiler's own, for every layer. It may lay out what it keeps with wider strides, and what is
between was read as if it were numbers: with a norm of each head of 24 or 40 numbers losses and
gradients were wrong, and NaN where the memory had held NaN before (PyTorch 2.11 on an H200; heads
of multiples of 16 were right). Without it all are right, and an 8B shape's step takes as long."""
INSIDE = "forward_with_checkpointing"
"""What transformers 5.23 calls a forward pass that is computed again by itself; in 5.17 a layer's
`__call__` does that."""
EARNS = 300
"""Batches from which a run earns the compilation: a minute of it, at a tenth of 2 s saved a batch.
With an adapter it earns nothing: 9,062 tokens/s compiled against 10,106 with Liger's kernels and
the adapters in one product (8B shape on an H100)."""


def choose_compiled(recipe: Recipe, device: Device, batches: int, *, packed: bool) -> Choice:
    """Whether layers are compiled.

    Args:
        recipe: What the person decided.
        device: Where the model is.
        batches: Forward passes that the run trains with.
        packed: Whether rows are packed, so that every line can have the same length.
    """
    worth = _worth(recipe, device, batches, packed=packed)
    return choose(recipe.training.speed.compile, _obstacle(recipe, device), worth=worth)


def _obstacle(recipe: Recipe, device: Device) -> str:
    if recipe.method.base_precision == "fp8":
        return "products in 8-bit floats failed to compile"
    if device.kind == "cuda" and importlib.util.find_spec("triton") is None:
        return "Triton is not installed"
    if device.kind == "cpu" and not any(map(shutil.which, ("c++", "g++", "clang++", "cl"))):
        return "there is no C++ compiler on this machine"
    return ""


def _worth(recipe: Recipe, device: Device, batches: int, *, packed: bool) -> str:
    if device.kind == "cpu":
        return "on a processor it earns little"
    if not isinstance(recipe.method, Full):
        return "with an adapter, Liger's kernels were faster"
    if not packed:
        return "without packing every batch has another length"
    if batches < EARNS:
        return f"{batches} batches are too few to earn it"
    return ""


def compile_layers(model: nn.Module) -> None:
    """Compile every decoder layer at its first pass; adapters must be on already.

    What computes a layer again stays outside of what is compiled.
    """
    for layer in model.modules():
        if isinstance(layer, GradientCheckpointingLayer):
            inner = getattr(type(layer).forward, "__wrapped__", None)
            if inner is None or type(layer).forward.__code__.co_name != INSIDE:
                layer.compile(dynamic=False, options=OPTIONS)
            else:
                layer.forward = types.MethodType(_again(inner), layer)


def _again(inner: Callable[..., Any]) -> Callable[..., Any]:
    """A layer's forward pass, compiled, and what transformers does around it."""
    compiled = torch.compile(inner, dynamic=False, options=OPTIONS)

    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.gradient_checkpointing and self.training and torch.is_grad_enabled():
            return self._gradient_checkpointing_func(partial(compiled, self, **kwargs), *args)
        return compiled(self, *args, **kwargs)

    return forward
