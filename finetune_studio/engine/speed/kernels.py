"""Liger's Triton kernels for norms, rotary places and MLPs, where they are proven on the model.

They are put into the loaded model and tried on a few tokens at once: a family whose answers change
gets its own layers back. The loss is not taken from Liger; head.py has it.
"""

import importlib.util
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn
from transformers.modeling_layers import GradientCheckpointingLayer

from finetune_studio.engine.device import Device
from finetune_studio.engine.speed.choice import Choice, choose
from finetune_studio.engine.speed.fp8 import whole_inputs
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
        after = _answers(model, device, before)
        if all(map(partial(_near, CLOSE[device.precision]), after, before)):
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
def _answers(
    model: nn.Module, device: Device, before: list[torch.Tensor] | None = None
) -> list[torch.Tensor]:
    """What each layer, and in the end the model, makes of a few tokens.

    With `before`, each layer is given what it was given then, so that a small difference does not
    grow from layer to layer: random or very deep models would make much of any rounding.
    """
    found: list[torch.Tensor] = []

    def note(_layer: nn.Module, _given: Any, made: Any) -> Any:
        whole = made if isinstance(made, tuple) else (made,)
        found.append(whole[0])
        if before is None:
            return None
        whole = (before[len(found) - 1], *whole[1:])
        return whole if isinstance(made, tuple) else whole[0]

    layers = [each for each in model.modules() if isinstance(each, GradientCheckpointingLayer)]
    hooks = [each.register_forward_hook(note) for each in layers]
    was_training = model.training
    model.eval()
    embedding = model.get_input_embeddings()
    ids = (torch.arange(TRIED) * 37 % embedding.num_embeddings)[None].to(embedding.weight.device)
    half = torch.autocast(device.kind, device.dtype, enabled=device.precision != "fp32")
    try:
        with half, whole_inputs():
            found.append(model(input_ids=ids, use_cache=False).logits)
    finally:
        for hook in hooks:
            hook.remove()
        model.train(was_training)
    return found


def _near(share: float, one: torch.Tensor, other: torch.Tensor) -> bool:
    return bool((one.float() - other.float()).norm() <= share * other.float().norm())
