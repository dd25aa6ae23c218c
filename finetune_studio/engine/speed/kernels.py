"""Liger's Triton kernels for norms, rotary places and MLPs, where they are proven on the model.

They are put into the loaded model and tried on a few tokens at once: a family whose answers change
gets its own layers back. The loss is not taken from Liger; head.py has it.
"""

import importlib.util
import sys
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from finetune_studio.engine.device import Device
from finetune_studio.engine.speed.choice import Choice, choose
from finetune_studio.recipe.schema import Recipe

TRIED = 48  # tokens
CLOSE = {"fp32": 1e-3, "bf16": 0.03, "fp16": 0.01}
"""How far answers may move, as a share of their size: other orders of rounding."""


def use_kernels(recipe: Recipe, model: nn.Module, device: Device, *, compiled: bool) -> Choice:
    """Put the kernels in, where they serve; whether they are in use, and why."""
    asked = recipe.training.speed.liger_kernels
    worth = "the layers are compiled" if compiled else ""
    choice = choose(asked, "" if asked == "off" else _obstacle(model, device), worth=worth)
    if not choice:
        return choice
    before, give_back = _answers(model, device), _remember(model)
    try:
        _apply(model)
        after = _answers(model, device)
        if (after - before).norm() <= CLOSE[device.precision] * before.norm():
            return choice
        why = "the answers changed when they were tried"
    except Exception as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        why = f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]
    give_back()
    return Choice(False, why)


def _obstacle(model: nn.Module, device: Device) -> str:
    if device.kind != "cuda":
        return "Triton's kernels run on GPUs"
    for package, name in (("triton", "Triton"), ("liger_kernel", "liger-kernel")):
        if importlib.util.find_spec(package) is None:
            return f"{name} is not installed"
    from liger_kernel.transformers.monkey_patch import MODEL_TYPE_TO_APPLY_LIGER_FN

    if model.config.model_type not in MODEL_TYPE_TO_APPLY_LIGER_FN:
        return f"Liger does not know {model.config.model_type}"
    return ""


def _apply(model: nn.Module) -> None:
    from liger_kernel.transformers.monkey_patch import _apply_liger_kernel_to_instance

    _apply_liger_kernel_to_instance(
        model=model, cross_entropy=False, fused_linear_cross_entropy=False
    )


def _remember(model: nn.Module) -> Callable[[], None]:
    """What gives every layer, and the family's own module, back what they had."""
    layers = [(layer, dict(layer.__dict__)) for layer in model.modules()]
    family = sys.modules[type(model).__module__]
    names: dict[str, Any] = dict(vars(family))

    def give_back() -> None:
        for layer, had in layers:
            layer.__dict__.clear()
            layer.__dict__.update(had)
        vars(family).update(names)

    return give_back


@torch.no_grad()
def _answers(model: nn.Module, device: Device) -> torch.Tensor:
    was_training = model.training
    model.eval()
    choices = model.get_input_embeddings().num_embeddings
    ids = (torch.arange(TRIED) * 37 % choices)[None].to(model.get_input_embeddings().weight.device)
    with torch.autocast(device.kind, device.dtype, enabled=device.precision != "fp32"):
        found: torch.Tensor = model(input_ids=ids, use_cache=False).logits
    model.train(was_training)
    return found.float()
