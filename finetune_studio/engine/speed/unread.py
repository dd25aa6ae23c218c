"""A layer's last product is left out when the layer is computed again, where nobody reads it.

Gradients need what each operation was given. What the last product of a layer makes is only added
to the layer's input, and adding keeps nothing: so the second pass can do without, and with it
without a quarter of the layer's products. Families that norm it first do read it. Which a layer is
of is not believed but tried: its gradients, with values that are no numbers in that place, must be
the same to the last bit. In the same way it is tried whether the input of that product is read by
nobody else: then its gradient, the widest tensor of a layer, is written in its place.
"""

import math
from collections.abc import Iterable
from functools import partial
from typing import Any, Literal

import torch
from torch import nn
from transformers.modeling_layers import GradientCheckpointingLayer

from finetune_studio.engine.device import Device
from finetune_studio.engine.speed.again import Again
from finetune_studio.engine.speed.choice import Choice, choose
from finetune_studio.engine.speed.trial import few_tokens
from finetune_studio.recipe.schema import Recipe


def skip_unread(recipe: Recipe, model: nn.Module, device: Device, *, compiled: bool) -> Choice:
    """Let layers that are computed again leave out their last product, where it is proven.

    Args:
        recipe: What the person decided.
        model: With its adapter, as it is to be trained.
        device: Where it is.
        compiled: Whether its layers are to be compiled.
    """
    asked = recipe.training.speed.unread_products
    layers = _again(model)
    obstacle = "" if asked == "off" else _obstacle(layers, compiled)
    choice = choose(asked, obstacle)
    if not choice:
        return choice
    was_training = model.training
    model.train()
    try:
        served = _tried(model, layers, device)
    except Exception as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        return Choice(False, f"{type(error).__name__}: {' '.join(str(error).split())}"[:200])
    finally:
        model.train(was_training)
    if not served:
        return Choice(False, "the gradients changed when it was tried")
    return Choice(True, f"{served} of {len(layers)} layers")


def _tried(model: nn.Module, layers: list[nn.Module], device: Device) -> int:
    """How many layers leave out their last product from now on."""
    whole, served = _gradients(model, device), 0
    for lasts in _kinds(model, layers, device).values() if _tells(whole) else ():
        if _same_with("unread", lasts, model, device, whole):
            served += len(lasts)
            _same_with("spends", lasts, model, device, whole)
    return served


def _again(model: nn.Module) -> list[nn.Module]:
    return [
        each
        for each in model.modules()
        if isinstance(each, GradientCheckpointingLayer) and each.gradient_checkpointing
    ]


def _obstacle(layers: list[nn.Module], compiled: bool) -> str:
    if compiled:
        return "the layers are compiled"
    if not layers:
        return "no layer computes its activations again"
    if not any(_can_skip(part) for layer in layers for part in layer.modules()):
        return "no adapter is in one product with its layer"
    return ""


def _can_skip(part: nn.Module) -> bool:
    return "unread" in vars(part) and "joined" not in vars(part)


def _kinds(model: nn.Module, layers: list[nn.Module], device: Device) -> dict[Any, list[nn.Module]]:
    """What each layer computes last, gathered by kinds of layers."""
    last: dict[int, tuple[str, nn.Module]] = {}

    def note(number: int, path: str, part: nn.Module, *_: Any) -> None:
        last[number] = path, part

    hooks = [
        part.register_forward_hook(partial(note, number, path))
        for number, layer in enumerate(layers)
        for path, part in layer.named_modules()
        if _can_skip(part)
    ]
    try:
        with torch.no_grad():
            few_tokens(model, device)
    finally:
        for hook in hooks:
            hook.remove()
    kinds: dict[Any, list[nn.Module]] = {}
    for number, (path, part) in last.items():
        kinds.setdefault((path, *_kind(layers[number])), []).append(part)
    return kinds


def _kind(layer: nn.Module) -> tuple[Any, ...]:
    return tuple((path, type(part)) for path, part in layer.named_modules())


def _same_with(
    what: Literal["unread", "spends"],
    lasts: Iterable[nn.Module],
    model: nn.Module,
    device: Device,
    whole: list[torch.Tensor],
) -> bool:
    """Whether gradients stay with it; it stays only then."""
    same = False
    for part in lasts:
        setattr(part, what, True)
    Again.filler = math.nan
    try:
        found = _gradients(model, device)
        same = len(found) == len(whole) and all(map(torch.equal, found, whole))
    except RuntimeError as error:
        if not _tells_of_writing(error):
            raise
        model.zero_grad()
    finally:
        Again.filler = None
        for part in lasts:
            setattr(part, what, same)
    return same


def _tells_of_writing(error: RuntimeError) -> bool:
    """Whether autograd found a tensor written over that it had yet to read."""
    return "modified by an inplace operation" in str(error)


def _tells(whole: list[torch.Tensor]) -> bool:
    """Whether the gradients are such that a change would be seen."""
    return all(bool(each.isfinite().all()) for each in whole) and any(map(torch.any, whole))


def _gradients(model: nn.Module, device: Device) -> list[torch.Tensor]:
    """Every gradient of a few tokens, with what is drawn at random the same each time."""
    states = [device.index] if device.kind == "cuda" else []
    model.zero_grad()
    with torch.random.fork_rng(states):
        torch.manual_seed(0)
        few_tokens(model, device).float().square().mean(-1).sum().backward()
    found = [each.grad for each in model.parameters() if each.grad is not None]
    model.zero_grad()
    return found
