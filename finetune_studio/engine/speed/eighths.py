"""A 4-bit base multiplied in 8-bit floats: unpacked into them in place of 16 bits.

Twice the speed of the products and half of what unpacking writes, at the price of inputs and
gradients that are rounded row by row, as fp8.py does. The weights stay in 4 bits.
"""

from dataclasses import replace
from typing import Any

import torch
from peft.tuners.lora import LoraLayer
from torch import nn

from finetune_studio.engine.device import Device
from finetune_studio.engine.speed.choice import Choice, choose
from finetune_studio.engine.speed.fp8 import fits
from finetune_studio.engine.speed.unpacking import OLDEST_FLOAT8, takes_rows
from finetune_studio.recipe.methods import Qlora
from finetune_studio.recipe.schema import Recipe


def multiply_in_float8(recipe: Recipe, model: nn.Module, device: Device) -> Choice:
    """Let 4-bit layers whose adapter is in one product with them multiply in float8.

    Args:
        recipe: What the person decided.
        model: With its adapter, which is in one product with its layers where it can be.
        device: Where it is.
    """
    asked = recipe.training.speed.float8_products
    layers = [each for each in model.modules() if isinstance(each, LoraLayer) and _takes(each)]
    obstacle = "" if asked == "off" else _obstacle(recipe, device, layers)
    choice = choose(asked, obstacle, worth="it rounds more, so it is asked for")
    for layer in layers if choice else ():
        layer.folded = replace(layer.folded, how="nf4-float8")
    slow = "" if device.kind == "cuda" else ", in plain operations: this processor has no products"
    return Choice(True, f"{len(layers)} layers{slow}") if choice else choice


def _obstacle(recipe: Recipe, device: Device, layers: list[Any]) -> str:
    if not isinstance(recipe.method, Qlora) or recipe.method.bits != 4:
        return "the base is not in 4 bits"
    if device.kind == "cuda" and torch.cuda.get_device_capability(device.index) < OLDEST_FLOAT8:
        return "it needs compute capability 8.9"
    if not layers:
        return "no adapter is in one product with its layer"
    return ""


def _takes(layer: Any) -> bool:
    base = layer.get_base_layer()
    served = "folded" in vars(layer) and layer.folded.how == "nf4"
    return served and fits(base) and takes_rows(base.weight.quant_state)
