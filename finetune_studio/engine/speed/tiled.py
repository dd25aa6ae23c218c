"""Feed-forward parts computed in tiles of tokens, so that long rows do not fill the GPU with them.

What a feed-forward part keeps for its backward pass is the widest of a layer, and it treats each
token alone: so a few thousand tokens are computed at a time, and again in the backward pass.
"""

import types
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint
from transformers.modeling_layers import GradientCheckpointingLayer

from finetune_studio.engine.device import Device
from finetune_studio.engine.speed.again import passes
from finetune_studio.engine.speed.choice import Choice, choose
from finetune_studio.hardware.setup import TILE, TILED_FROM
from finetune_studio.recipe.schema import Recipe

TRIED = 6  # tokens
CLOSE = 1e-2
"""How far a tile's answers may be from the whole's, as a share of their size, in half precision."""


def tile_feed_forward(recipe: Recipe, model: nn.Module, device: Device, tokens: int) -> Choice:
    """Let the feed-forward parts of long batches be computed in tiles.

    Args:
        recipe: What the person decided.
        model: With its adapter.
        device: Where it is.
        tokens: Of the fullest batch.
    """
    asked = recipe.training.speed.tiled_mlp
    parts = [each for each in map(_part_of, _layers(model)) if each is not None]
    obstacle = "" if parts else "this family's layers have no feed-forward part of their own"
    if asked != "off" and parts and not all(_treats_tokens_alone(each, device) for each in parts):
        obstacle = "this family's feed-forward parts look at several tokens at once"
    worth = f"{tokens:,} tokens a batch are few" if tokens < TILED_FROM else ""
    choice = choose(asked, obstacle, worth=worth)
    for part in parts if choice else ():
        part.forward = types.MethodType(_in_tiles(part.forward), part)
    return choice


def _layers(model: nn.Module) -> list[nn.Module]:
    return [each for each in model.modules() if isinstance(each, GradientCheckpointingLayer)]


def _part_of(layer: nn.Module) -> nn.Module | None:
    part = getattr(layer, "mlp", None)
    return part if isinstance(part, nn.Module) else None


@torch.no_grad()
def _treats_tokens_alone(part: nn.Module, device: Device) -> bool:
    """Whether each token's answer is the same without the others; tried on a few."""
    weight = next((each for each in part.modules() if isinstance(each, nn.Linear)), None)
    if weight is None:
        return False
    drawn = torch.Generator().manual_seed(0)
    tokens = torch.randn(1, TRIED, weight.in_features, generator=drawn).to(device.place)
    with torch.autocast(device.kind, device.dtype, enabled=device.precision != "fp32"):
        whole = part(tokens)
        if not isinstance(whole, torch.Tensor):
            return False
        halves = torch.cat([part(each) for each in tokens.split(TRIED // 2, 1)], 1)
    return bool((whole.float() - halves.float()).norm() <= CLOSE * whole.float().norm())


def _in_tiles(forward: Any) -> Any:
    def tiled(_part: nn.Module, hidden: torch.Tensor) -> torch.Tensor:
        """`[rows, tokens, width]` to the same."""
        flat = hidden.flatten(0, -2)
        if len(flat) <= TILE:
            made: torch.Tensor = forward(hidden)
            return made
        tiles = flat.split(TILE)
        if torch.is_grad_enabled():
            done = [
                checkpoint(forward, each, use_reentrant=False, context_fn=passes) for each in tiles
            ]
        else:
            done = [forward(each) for each in tiles]
        return torch.cat(done).view(*hidden.shape[:-1], -1)

    return tiled
