"""Decoder layers compiled one by one, with shapes that never change.

A layer is compiled once for all of its kind; norms, rotary places, activations and an adapter's
small products become few kernels. It takes up to a minute, so a short run goes without, and lines
are filled up to the sequence length, so that no step compiles again.
"""

import importlib.util
import shutil

from torch import nn
from transformers.modeling_layers import GradientCheckpointingLayer

from finetune_studio.engine.device import Device
from finetune_studio.engine.speed.choice import Choice, choose
from finetune_studio.recipe.methods import Qlora
from finetune_studio.recipe.schema import Recipe

EARNS = 300
"""Batches from which a run earns the compilation: a minute of it, at a tenth of 2 s saved a batch
(8B shape on an H200: +7 % dense)."""


def choose_compiled(recipe: Recipe, device: Device, batches: int, *, packed: bool) -> Choice:
    """Whether layers are compiled.

    Args:
        recipe: What the person decided.
        device: Where the model is.
        batches: Forward passes that the run trains with.
        packed: Whether rows are packed, so that every line can have the same length.
    """
    return choose(recipe.training.speed.compile, _obstacle(device), worth=_worth(
        recipe, device, batches, packed=packed
    ))  # fmt: skip


def _obstacle(device: Device) -> str:
    if device.kind == "cuda" and importlib.util.find_spec("triton") is None:
        return "Triton is not installed"
    if device.kind == "cpu" and not any(map(shutil.which, ("c++", "g++", "clang++", "cl"))):
        return "there is no C++ compiler on this machine"
    return ""


def _worth(recipe: Recipe, device: Device, batches: int, *, packed: bool) -> str:
    if device.kind == "cpu":
        return "on a processor it earns little"
    if isinstance(recipe.method, Qlora):
        return "it was not measured with quantised weights"
    if not packed:
        return "without packing every batch has another length"
    if batches < EARNS:
        return f"{batches} batches are too few to earn it"
    return ""


def compile_layers(model: nn.Module) -> None:
    """Compile every decoder layer at its first pass; adapters must be on already."""
    for layer in model.modules():
        if isinstance(layer, GradientCheckpointingLayer):
            layer.compile(dynamic=False)
