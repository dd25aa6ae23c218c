"""One token's step of a model on a CPU, recorded: what it computes, without Python in between.

Of a small model's step half is Python, from operation to operation. So the operations of one step
are written down once, by TorchScript, which needs no compiler, and done again for each token;
`generate` goes on to choose the tokens. Recorded are a single row and its next token, with a cache
that keeps all of the past. Everything else is computed as ever, and so is a model whose recorded
step says something else than the model: other lengths, other tokens and a place at the end of its
context are asked of both. Mixtures of experts, whose way depends on the token, are not recorded,
nor what turns otherwise in long texts.
"""

import functools
import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import nn
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer
from transformers.modeling_outputs import CausalLMOutputWithPast

from finetune_studio.engine.device import one_thread
from finetune_studio.engine.halves import SMALL, HalfLinear
from finetune_studio.engine.speed.choice import Choice

KNOWN = (
    *("input_ids", "attention_mask", "position_ids"),
    *("use_cache", "return_dict", "logits_to_keep"),
)
"""What `generate` says beside the cache; of anything else the recorded step knows nothing."""
EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts")
TURNING = {"dynamic", "longrope"}
"""Rotations of places that are other ones in a long text: the longest so far decides, in Python."""
CLOSE = 1e-4
"""The largest difference of a logit, as a share of the largest logit: below it is rounding."""
PROMPT, STEPS = 4, 3
"""Tokens before the step that is recorded, and further ones that are compared."""


def quicken(model: Any) -> Choice:
    """Record a model's step and let the model use it; whether that was done, and why not.

    Args:
        model: On a CPU, ready to answer; it must not be changed any more.
    """
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    if obstacle := _obstacle(inner):
        return Choice(False, obstacle)
    with torch.no_grad(), _threads(inner)():
        try:
            step = _recorded(inner)
        except Exception as error:  # noqa: BLE001  (told; such a model answers as ever)
            return Choice(False, f"{type(error).__name__}: {' '.join(str(error).split())}"[:200])
        if step is None:
            return Choice(False, "it keeps its past in a way of its own")
        if not _agrees(inner, step):
            return Choice(False, "the recorded step said something else when it was tried")
    inner.forward = _quick(inner.forward, step, _threads(inner))
    return Choice(True, "auto")


def _obstacle(model: Any) -> str:
    config = model.config.get_text_config()
    if any(each.device.type != "cpu" for each in model.parameters()):
        return "it is not on the processor"
    if any(getattr(config, name, None) for name in EXPERTS):
        return "its experts depend on the token"
    if _turns(config):
        return "places are turned otherwise in long texts"
    if getattr(model, "quantization_method", None) is not None:
        return "its weights are quantised"
    return "" if not model.training and model.can_generate() else "it is not ready to answer"


def _turns(config: Any) -> bool:
    said = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    kinds = [said, *(each for each in said.values() if isinstance(each, dict))]
    return any({each.get("rope_type"), each.get("type")} & TURNING for each in kinds)


class _Step(nn.Module):
    """A model's step as a function of tensors alone."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model, self._name = model, _cache_name(model.forward)

    def forward(self, *given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Token and place `[1, 1]`, mask `[1, 1, 1, length]`, keys and values of each layer.

        Returns `[1, 1, choices]`, and the keys and values with the token's own.
        """
        token, place, mask, *past = given
        cache = _cache_of(past)
        asked = {self._name: cache, "use_cache": True, "return_dict": True}
        said = self.model(input_ids=token, position_ids=place, attention_mask=mask, **asked)
        return said.logits, *_tensors(cache)


def _recorded(model: Any) -> Any:
    """The recorded step; None where a model keeps its past otherwise."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that stay the same: `_agrees` looks at them
        past = _past(model)
        if not past:
            return None
        given = _given(PROMPT, PROMPT, past)
        return torch.jit.trace(_Step(model), given, check_trace=False)


def _agrees(model: Any, step: Any) -> bool:
    """Whether the recorded step says what the model says, where it was not recorded, too."""
    past, plain = _past(model), _Step(model)
    choices = model.config.get_text_config().vocab_size
    length = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    places = [*range(PROMPT, PROMPT + STEPS), *([length - 1] if length else [])]
    for number, place in enumerate(places):
        given = _given((7 + 31 * number) % choices, place, past)
        found, (wanted, *past) = step(*given)[0], plain(*given)
        if not bool((found - wanted).abs().max() <= CLOSE * wanted.abs().max()):
            return False
    return True


def _quick(plain: Callable[..., Any], step: Any, threads: Callable[[], Any]) -> Callable[..., Any]:
    """A model's `forward` that takes the recorded step where it is asked for one."""
    name = _cache_name(plain)

    @functools.wraps(plain)
    def forward(*arguments: Any, **named: Any) -> Any:
        cache: Any = named.get(name)
        if arguments or not _is_step(named, name):
            return plain(*arguments, **named)
        past, place = _tensors(cache), named.get("position_ids")
        place = past[0].shape[-2] if place is None else place
        with threads():
            logits, *made = step(*_given(named["input_ids"], place, past))
        for layer, keys, values in zip(cache.layers, made[::2], made[1::2], strict=True):
            layer.keys, layer.values = keys, values
        return CausalLMOutputWithPast(logits=logits, **{name: cache})

    return forward


def _is_step(named: Mapping[str, Any], name: str) -> bool:
    """Whether one more token of one row is asked for, with all that was before it in the cache."""
    ids, mask = named.get("input_ids"), named.get("attention_mask")
    cache: Any = named.get(name)
    more = [value for key, value in named.items() if key not in (*KNOWN, name)]
    if ids is None or ids.shape != (1, 1) or not _keeps_all(cache) or any(each for each in more):
        return False
    length = cache.layers[0].keys.shape[-2] + 1
    whole = mask is None or (mask.shape == (1, length) and bool(mask.all()))
    return whole and bool(named.get("use_cache", True)) and bool(named.get("return_dict", True))


def _past(model: Any) -> list[torch.Tensor]:
    """Keys and values of each layer after a few tokens; none where a layer forgets or does more."""
    ids = torch.arange(PROMPT)[None]
    asked = {_cache_name(model.forward): DynamicCache(config=model.config), "use_cache": True}
    model(input_ids=ids, return_dict=True, **asked)
    cache = asked[_cache_name(model.forward)]
    return _tensors(cache) if _keeps_all(cache) else []


def _keeps_all(cache: Any) -> bool:
    return (
        type(cache) is DynamicCache
        and bool(cache.layers)
        and all(type(each) is DynamicLayer and each.is_initialized for each in cache.layers)
    )


def _cache_of(past: Sequence[torch.Tensor]) -> Any:
    cache = DynamicCache()
    for keys, values in zip(past[::2], past[1::2], strict=True):
        layer = DynamicLayer()
        layer.device, layer.dtype, layer.is_initialized = keys.device, keys.dtype, True
        layer.keys, layer.values = keys, values
        cache.layers.append(layer)
    return cache


def _tensors(cache: Any) -> list[torch.Tensor]:
    return [each for layer in cache.layers for each in (layer.keys, layer.values)]


def _given(
    token: torch.Tensor | int, place: torch.Tensor | int, past: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, ...]:
    """What a step is given."""
    ids, at = (torch.tensor([[each]]) if isinstance(each, int) else each for each in (token, place))
    return ids, at, torch.zeros(1, 1, 1, past[0].shape[-2] + 1), *past


def _cache_name(forward: Callable[..., Any]) -> str:
    """What this version of transformers calls the cache."""
    return "cache" if "cache" in inspect.signature(forward).parameters else "past_key_values"


def _threads(model: Any) -> Callable[[], Any]:
    """One thread for a model of small matrices, which several would wait for; or all."""
    head = model.get_output_embeddings()
    kinds = (nn.Linear, HalfLinear)
    layers = [each for each in model.modules() if isinstance(each, kinds) and each is not head]
    sizes = [each.in_features * each.out_features for each in layers]
    return one_thread if max(sizes, default=0) < SMALL else nullcontext
