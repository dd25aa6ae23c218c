"""A model's step on a GPU as one CUDA graph: all its kernels are started at once, by the driver.

Sent by Python one by one, the kernels of a token take longer to start than to compute: of an
8-billion model in bf16 three quarters of the time, of one in 4 bits with an adapter more. A graph
always reads and writes the same memory. So keys and values lie in buffers for a number of tokens,
of which the later ones are masked, and the cache that `generate` holds looks at their beginning.
There is a graph for each power of two that a conversation grows into, as far as memory allows.
Where an adapter is switched off or on later, steps are computed as ever: the graph knows no such
switch. It can be quickened once more then, for each of the two.
"""

import functools
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from transformers.cache_utils import DynamicLayer
from transformers.modeling_outputs import CausalLMOutputWithPast

from finetune_studio.engine.steps import (
    Forward,
    ObstacleError,
    Step,
    cache_name,
    first_past,
    held,
    is_step,
    tensors,
    with_layers,
)

CLOSE = {torch.float32: 1e-3}
CLOSE_IN_16_BITS = 2**-5
"""The largest difference of a logit, as a share of the largest logit: other kernels round
otherwise. What a wrong step says differs by about as much as the logits are large."""
SHORTEST = 512
"""Tokens that the smallest graph holds."""
LEFT = 1 << 30
"""Bytes of the GPU's memory that stay free, for prompts."""
WARM = 3
"""Steps before the one that is captured: libraries set themselves up in the first ones."""
ATTENTION = {"sdpa", "eager"}
"""Ways to attend that take a mask of our own."""


def obstacle(model: Any) -> str:
    """What makes it impossible; empty where nothing does."""
    if len({each.device for each in model.parameters()}) > 1:
        return "it lies on several devices"
    kind = getattr(model.config.get_text_config(), "_attn_implementation", "")
    return "" if kind in ATTENTION else f"its attention is {kind}"


def close(model: Any) -> float:
    """The largest difference of a logit that is rounding, as a share of the largest logit."""
    return CLOSE.get(next(model.parameters()).dtype, CLOSE_IN_16_BITS)


def quick(model: Any) -> Forward:
    """A `forward` that takes steps by graphs.

    Raises:
        ObstacleError: The model keeps its past otherwise, or there is no memory for it.
    """
    plain, graphs, name = model.forward, _Graphs(model), cache_name(model.forward)
    adapters = _adapters(model)
    off = adapters()

    @functools.wraps(plain)
    def forward(*arguments: Any, **named: Any) -> Any:
        if arguments or adapters() is not off or not is_step(named, name):
            return plain(*arguments, **named)
        cache: Any = named[name]
        graph = graphs.of(cache.get_seq_length() + 1)
        if graph is None:
            return plain(**named)
        logits = graph.step(named["input_ids"], named.get("position_ids"), cache)
        return CausalLMOutputWithPast(logits=logits, **{name: cache})

    return forward


def _adapters(model: Any) -> Callable[[], bool]:
    """What tells whether the model's adapters are switched off; they all are, or none."""
    layers = (each for each in model.modules() if isinstance(each, BaseTunerLayer))
    first = next(layers, None)
    return lambda: first is not None and bool(first.disable_adapters)


class _Graphs:
    """The graphs of a model, each made when it is first needed."""

    def __init__(self, model: Any) -> None:
        self._step, self._like = Step(model), tensors(first_past(model))
        self._made: dict[int, _Graph] = {}
        if self.of(1) is None:  # what cannot be captured is found out now, too
            raise ObstacleError("the GPU has no room for its past")

    def of(self, tokens: int) -> "_Graph | None":
        """The one that holds so many tokens; None where there is no room for it."""
        length = max(SHORTEST, 1 << (tokens - 1).bit_length())
        if length not in self._made:
            needed = length * sum(each[:, :, :1].nbytes for each in self._like)
            if needed + LEFT > room(self._like[0].device):
                return None
            pool = self._made[SHORTEST].captured.pool if self._made else None
            self._made[length] = _Graph(self._step, self._like, length, pool)
        return self._made[length]


def room(device: torch.device) -> int:
    """Bytes that are free on a GPU, those that torch holds in reserve among them."""
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


@dataclass(frozen=True)
class Captured:
    """A computation that can be done again.

    Attributes:
        made: What it makes, always in the same memory.
        again: Does it again.
        pool: The memory that it computes in.
    """

    made: torch.Tensor
    again: Callable[[], None]
    pool: Any


def capture(compute: Callable[[], torch.Tensor], pool: Any) -> Captured:
    """Write down the kernels that a computation starts.

    Args:
        compute: Does it.
        pool: The memory of another one, which never runs at the same time; or None.
    """
    side, own = torch.cuda.Stream(), torch.cuda.current_stream()
    side.wait_stream(own)
    with torch.cuda.stream(side):
        for _ in range(WARM):
            compute()
    own.wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
        made = compute()
    return Captured(made, graph.replay, graph.pool())


class _Kept(DynamicLayer):
    """Keys and values in buffers that stay where they are; a token's own go to its slot."""

    def __init__(self, slot: torch.Tensor) -> None:
        super().__init__()
        self._slot = slot

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write those of the token `[1, heads, 1, size]`; all of the buffers."""
        self.keys.index_copy_(2, self._slot, key_states)
        self.values.index_copy_(2, self._slot, value_states)
        return self.keys, self.values


class _Graph:
    """The step for conversations of up to so many tokens."""

    @torch.inference_mode(False)
    @torch.no_grad()
    def __init__(self, step: Step, like: list[torch.Tensor], length: int, pool: Any) -> None:
        """Make buffers and capture.

        Args:
            step: The model's own.
            like: Keys and values `[1, heads, any, size]` of each layer, for their shapes.
            length: Tokens that it holds.
            pool: The memory of another graph; or None.
        """
        device, dtype = like[0].device, like[0].dtype
        self._slot = torch.zeros(1, dtype=torch.long, device=device)
        self._token, self._place = (self._slot.new_zeros(1, 1) for _ in range(2))
        self._mask = torch.zeros(1, 1, 1, length, dtype=dtype, device=device)
        self._past = [
            torch.zeros(1, each.shape[1], length, each.shape[3], dtype=each.dtype, device=device)
            for each in like
        ]
        self._holder: Callable[[], Any] = lambda: None  # whose past lies in the buffers

        def compute() -> torch.Tensor:
            pairs = zip(self._past[::2], self._past[1::2], strict=True)
            layers = [held(_Kept(self._slot), keys, values) for keys, values in pairs]
            return step.with_cache(self._token, self._place, self._mask, with_layers(layers))

        self.captured = capture(compute, pool)

    def step(self, token: torch.Tensor, place: torch.Tensor | None, cache: Any) -> torch.Tensor:
        """The logits `[1, 1, choices]` behind a token `[1, 1]`; the cache holds it then."""
        before = cache.get_seq_length()
        if self._holder() is not cache:
            self._take(cache, before)
        self._token.copy_(token)
        self._slot.fill_(before)
        self._place.copy_(self._slot[None] if place is None else place)
        self._mask[..., before] = 0
        self.captured.again()
        _look(cache, [each[:, :, : before + 1] for each in self._past])
        return self.captured.made.clone()

    def _take(self, cache: Any, length: int) -> None:
        """Have a conversation's past in the buffers; whose past lay there gets a copy of it."""
        given, former = tensors(cache), self._holder()
        if former is not None and former.layers[0].keys.data_ptr() == self._past[0].data_ptr():
            _look(former, [each.clone() for each in tensors(former)])
        for own, each in zip(self._past, given, strict=True):
            own[:, :, :length].copy_(each)
        self._mask.fill_(torch.finfo(self._mask.dtype).min)
        self._mask[..., :length] = 0
        self._holder = weakref.ref(cache)


def _look(cache: Any, past: list[torch.Tensor]) -> None:
    """Let a cache hold these keys and values of each layer."""
    for layer, keys, values in zip(cache.layers, past[::2], past[1::2], strict=True):
        layer.keys, layer.values = keys, values
