"""One token's step of a model that answers: when it is asked for, and whether two ways agree.

Of a small model's step half is Python, from operation to operation, and of a large one's on a GPU
most; so recorded.py and graphed.py do such steps without it. What is here both of them need: a
step is that of a single row and its next token, with a cache that keeps all of the past.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

Forward = Callable[..., Any]
Kinds = tuple[type[DynamicLayer], ...]
WHOLE: Kinds = (DynamicLayer,)
"""Layers that keep all of the past."""

KNOWN = (
    *("input_ids", "attention_mask", "position_ids"),
    *("use_cache", "return_dict", "logits_to_keep"),
)
"""What `generate` says beside the cache; of anything else such a step knows nothing."""
EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts")
TURNING = {"dynamic", "longrope"}
"""Rotations of places that are other ones in a long text: the longest so far decides, in Python."""
PROMPT, STEPS = 4, 3
"""Tokens before the first step that is tried, and steps that are compared."""


class ObstacleError(Exception):
    """What stands in the way of quicker steps, in a few words."""


def obstacle(model: Any) -> str:
    """Why a model's steps are not all alike; empty where they are."""
    config = model.config.get_text_config()
    if any(getattr(config, name, None) for name in EXPERTS):
        return "its experts depend on the token"
    if _turns(config):
        return "places are turned otherwise in long texts"
    return "" if not model.training and model.can_generate() else "it is not ready to answer"


def _turns(config: Any) -> bool:
    said = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    kinds = [said, *(each for each in said.values() if isinstance(each, dict))]
    return any({each.get("rope_type"), each.get("type")} & TURNING for each in kinds)


class Step(nn.Module):
    """A model's step as a function of tensors and of layers that hold the past."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model, self._name = model, cache_name(model.forward)

    def with_cache(
        self, token: torch.Tensor, place: torch.Tensor, mask: Any, cache: Any
    ) -> torch.Tensor:
        """Logits `[1, 1, choices]`.

        Args:
            token: `[1, 1]`.
            place: `[1, 1]`.
            mask: `[1, 1, 1, length]`, to be added; or one for each kind of layer, by its name.
            cache: Holds the past, and takes in the token's keys and values.
        """
        asked = {self._name: cache, "use_cache": True, "return_dict": True}
        said = self.model(input_ids=token, position_ids=place, attention_mask=mask, **asked)
        logits: torch.Tensor = said.logits
        return logits

    def forward(self, *given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Token, place, mask, and keys and values of each layer.

        Returns `[1, 1, choices]`, and the keys and values with the token's own.
        """
        token, place, mask, *past = given
        cache = cache_of(past)
        return self.with_cache(token, place, mask, cache), *tensors(cache)


def is_step(named: Mapping[str, Any], name: str, kinds: Kinds = WHOLE) -> bool:
    """Whether one more token of one row is asked for, with all that was before it in the cache.

    Args:
        named: What `forward` is given.
        name: What this version of transformers calls the cache.
        kinds: Layers that the cache may have.
    """
    ids, mask = named.get("input_ids"), named.get("attention_mask")
    cache: Any = named.get(name)
    more = [value for key, value in named.items() if key not in (*KNOWN, name)]
    if ids is None or ids.shape != (1, 1) or not keeps(cache, kinds) or any(more):
        return False
    length = cache.get_seq_length() + 1
    whole = mask is None or (mask.shape == (1, length) and bool(mask.all()))
    return whole and bool(named.get("use_cache", True)) and bool(named.get("return_dict", True))


def first_past(model: Any, kinds: Kinds = WHOLE) -> Any:
    """The cache of a model after a few tokens.

    Args:
        model: Whose it is.
        kinds: Layers that the cache may have.

    Raises:
        ObstacleError: A layer is of another kind.
    """
    cache = _began(model)
    if not keeps(cache, kinds):
        raise ObstacleError("it keeps its past in a way of its own")
    return cache


def _began(model: Any) -> Any:
    ids = torch.arange(PROMPT, device=next(model.parameters()).device)[None]
    cache = DynamicCache(config=model.config)
    asked = {cache_name(model.forward): cache, "use_cache": True}
    model(input_ids=ids, return_dict=True, **asked)
    return cache


def agree(model: Any, plain: Forward, quick: Forward, share: float) -> bool:
    """Whether two ways to compute steps say the same: of other lengths, tokens and places.

    Args:
        model: Whose steps they are.
        plain: Its own.
        quick: The other way.
        share: The largest difference of a logit, as a share of the largest logit.
    """
    config = model.config.get_text_config()
    length = getattr(config, "max_position_embeddings", None)
    places = [*range(PROMPT, PROMPT + STEPS), *([length - 1] if length else [])]
    caches, name = (_began(model), _began(model)), cache_name(plain)
    device = next(model.parameters()).device
    for number, place in enumerate(places):
        token = (7 + 31 * number) % config.vocab_size
        asked = [torch.tensor([[each]], device=device) for each in (token, place)]
        wanted, found = (
            way(input_ids=asked[0], position_ids=asked[1], use_cache=True, **{name: cache}).logits
            for way, cache in zip((plain, quick), caches, strict=True)
        )
        if not bool((found - wanted).abs().max() <= share * wanted.abs().max()):
            return False
    return True


def keeps(cache: Any, kinds: Kinds) -> bool:
    """Whether a cache keeps keys and values in layers of these kinds alone."""
    return (
        type(cache) is DynamicCache
        and bool(cache.layers)
        and all(type(each) in kinds and each.is_initialized for each in cache.layers)
    )


def cache_of(past: Sequence[torch.Tensor]) -> Any:
    """A cache with these keys and values, of one layer after the other."""
    return with_layers([held(DynamicLayer(), *past[at : at + 2]) for at in range(0, len(past), 2)])


def with_layers(layers: Sequence[DynamicLayer]) -> Any:
    """A cache of these layers."""
    cache = DynamicCache()
    cache.layers.extend(layers)
    return cache


def held(layer: DynamicLayer, keys: torch.Tensor, values: torch.Tensor) -> DynamicLayer:
    """The layer, with these keys and values."""
    layer.device, layer.dtype, layer.is_initialized = keys.device, keys.dtype, True
    layer.keys, layer.values = keys, values
    return layer


def tensors(cache: Any) -> list[torch.Tensor]:
    """Keys and values `[1, heads, length, size]` of each layer."""
    return [each for layer in cache.layers for each in (layer.keys, layer.values)]


def cache_name(forward: Forward) -> str:
    """What this version of transformers calls the cache."""
    return "cache" if "cache" in inspect.signature(forward).parameters else "past_key_values"
