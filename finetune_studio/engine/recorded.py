"""A model's step on a CPU, recorded: what it computes, without Python in between.

The operations of one step are written down once, by TorchScript, which needs no compiler, and done
again for each token; `generate` goes on to choose the tokens. Everything else is computed as ever.
"""

import functools
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import nn
from transformers.modeling_outputs import CausalLMOutputWithPast

from finetune_studio.engine.device import one_thread
from finetune_studio.engine.halves import SMALL, HalfLinear
from finetune_studio.engine.steps import (
    PROMPT,
    Forward,
    Step,
    cache_name,
    first_past,
    is_step,
    tensors,
)

CLOSE = 1e-4
"""A share of the largest logit."""


def obstacle(model: Any) -> str:
    """What makes it impossible; empty where nothing does."""
    quantised = getattr(model, "quantization_method", None) is not None
    return "its weights are quantised" if quantised else ""


def close(model: Any) -> float:
    """The largest difference of a logit that is rounding, as a share of the largest logit."""
    return CLOSE


def quick(model: Any) -> Forward:
    """A `forward` that takes recorded steps.

    Raises:
        ObstacleError: The model keeps its past otherwise.
    """
    threads = _threads(model)
    with threads():
        return _quick(model.forward, _recorded(model), threads)


def _recorded(model: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that stay the same: what they say is compared
        fourth = torch.tensor([[PROMPT]])
        given = _given(fourth, fourth, tensors(first_past(model)))
        return torch.jit.trace(Step(model), given, check_trace=False)


def _quick(plain: Forward, step: Any, threads: Callable[[], Any]) -> Forward:
    name = cache_name(plain)

    @functools.wraps(plain)
    def forward(*arguments: Any, **named: Any) -> Any:
        cache: Any = named.get(name)
        if arguments or not is_step(named, name):
            return plain(*arguments, **named)
        past, place = tensors(cache), named.get("position_ids")
        place = torch.tensor([[past[0].shape[-2]]]) if place is None else place
        with threads():
            logits, *made = step(*_given(named["input_ids"], place, past))
        for layer, keys, values in zip(cache.layers, made[::2], made[1::2], strict=True):
            layer.keys, layer.values = keys, values
        return CausalLMOutputWithPast(logits=logits, **{name: cache})

    return forward


def _given(
    token: torch.Tensor, place: torch.Tensor, past: list[torch.Tensor]
) -> tuple[torch.Tensor, ...]:
    """What a step is given."""
    return token, place, torch.zeros(1, 1, 1, past[0].shape[-2] + 1), *past


def _threads(model: Any) -> Callable[[], Any]:
    """One thread for a model of small matrices, which several would wait for; or all."""
    head = model.get_output_embeddings()
    kinds = (nn.Linear, HalfLinear)
    layers = [each for each in model.modules() if isinstance(each, kinds) and each is not head]
    sizes = [each.in_features * each.out_features for each in layers]
    return one_thread if max(sizes, default=0) < SMALL else nullcontext
