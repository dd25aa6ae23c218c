"""Whether layers draw at random, and the states of what they draw from.

What is computed again must draw what it drew. Keeping and setting the states takes Python longer
than a small layer takes the GPU, so layers that never draw are told apart.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import torch
from torch import nn

DRAWN = ("drop", "jitter", "noise")
"""In the names of rates: dropout and stochastic depth; what routers of experts are stirred with."""
States: TypeAlias = "tuple[torch.Tensor, torch.Tensor | None]"


def draws(layers: Iterable[nn.Module]) -> bool:
    """Whether any part of the layers, or of what configures them, has a rate above zero."""
    parts = [part for layer in layers for part in layer.modules()]
    configs = {id(each): each for each in (getattr(part, "config", None) for part in parts)}
    held = [*map(vars, parts), *map(_values, configs.values())]
    return any(isinstance(p, nn.modules.dropout._DropoutNd) and p.p > 0 for p in parts) or any(
        _is_rate(name, value) for values in held for name, value in values.items()
    )


def _values(config: Any) -> Mapping[str, Any]:
    return getattr(config, "__dict__", {})


def _is_rate(name: str, value: Any) -> bool:
    return isinstance(value, float) and value > 0 and any(word in name for word in DRAWN)


def states(kind: str) -> States:
    """The states of the random generators.

    Args:
        kind: Of the device that computes.
    """
    return torch.get_rng_state(), torch.cuda.get_rng_state() if kind == "cuda" else None


def set_states(found: States) -> None:
    """Let the generators go on from there."""
    torch.set_rng_state(found[0])
    if found[1] is not None:
        torch.cuda.set_rng_state(found[1])
