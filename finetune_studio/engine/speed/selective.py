"""Computing activations again in as few layers as the free memory asks for.

Without it a GPU with room to spare would compute every layer's forward pass twice. How many layers
may keep theirs is read from the memory plan, for the longest batch there is.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from transformers.modeling_layers import GradientCheckpointingLayer

from finetune_studio.catalog.architecture import read_architecture
from finetune_studio.engine.device import Device
from finetune_studio.engine.speed.choice import Choice, choose
from finetune_studio.errors import RefusedError
from finetune_studio.hardware.memory import layers_that_fit
from finetune_studio.hardware.setup import setup_of
from finetune_studio.recipe.schema import Recipe


def choose_selective(
    recipe: Recipe,
    device: Device,
    config: dict[str, Any],
    longest: int,
    labels: int,
    room: Callable[[Device], int] | None = None,
) -> tuple[int, Choice]:
    """How many layers keep their activations, and why.

    Args:
        recipe: What the person decided.
        device: Where the model is, loaded already.
        config: The content of the model's config.json.
        longest: Tokens of the longest row or packed sequence.
        labels: How many labels a classification has.
        room: Bytes that the run may fill, its weights included; None asks the GPU.
    """
    asked = recipe.training.speed.selective_checkpointing
    memory, obstacle = recipe.training.gradient_checkpointing, ""
    if device.kind != "cuda" and room is None:
        obstacle = "only a GPU's memory is filled"
    elif memory != "auto":
        obstacle = f"training.gradient_checkpointing is {memory}"
    if obstacle or asked == "off":
        return 0, choose(asked, obstacle)
    capability = torch.cuda.get_device_capability(device.index) if device.kind == "cuda" else (8, 0)
    try:
        model = read_architecture(config)
        setup = setup_of(recipe, capability, longest, labels)
        kept = layers_that_fit(model, setup, (room or _room)(device))
    except RefusedError as error:
        return 0, choose(asked, f"there is no memory plan for this model: {error.title}")
    return kept, Choice(kept > 0, f"{kept} of {len(model.layers)} layers keep their activations")


def _room(device: Device) -> int:
    """What is free, and what this process has taken already."""
    free, _ = torch.cuda.mem_get_info(device.index)
    return free + torch.cuda.memory_reserved(device.index)


def keep_activations(model: nn.Module, layers: int) -> None:
    """Let the last so many layers keep theirs; the backward pass needs those first."""
    found = [each for each in model.modules() if isinstance(each, GradientCheckpointingLayer)]
    for layer in found[len(found) - layers :]:
        layer.gradient_checkpointing = False
