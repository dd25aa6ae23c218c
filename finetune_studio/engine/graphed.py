"""A model's step on a GPU as one CUDA graph: all its kernels are started at once, by the driver.

Sent by Python one by one, the kernels of a token take longer to start than to compute: of an
8-billion model in bf16 three quarters of the time, of one in 4 bits with an adapter more. A graph
always reads and writes the same memory. So keys and values lie in buffers for a number of tokens,
of which the later ones are masked, and the cache that `generate` holds looks at their beginning.
There is a graph for each power of two that a conversation grows into, as far as memory allows.
Where an adapter is switched off or on later, steps are computed as ever: the graph knows no such
switch. It can be quickened once more then, for each of the two. A layer that attends to a window of
the last tokens alone keeps all in its buffer, too, with a mask of its own.
"""

import functools
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer
from transformers.modeling_outputs import CausalLMOutputWithPast

from finetune_studio.engine.steps import (
    Forward,
    Kinds,
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
KEPT: Kinds = (DynamicLayer, DynamicSlidingWindowLayer)
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
        if arguments or adapters() is not off or not is_step(named, name, KEPT):
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
        self._step, self._like = Step(model), first_past(model, KEPT)
        self._made: dict[int, _Graph | None] = {}
        self._pool: Any = None
        if self.of(1) is None:  # what cannot be captured is found out now, too
            raise ObstacleError("the GPU has no room for its past")

    def of(self, tokens: int) -> "_Graph | None":
        """The one that holds so many tokens; None where there is no room for it."""
        length = max(SHORTEST, 1 << (tokens - 1).bit_length())
        if self._made.get(length) is None and self._fits(length):
            self._made[length] = self._of(length)
        return self._made.get(length)

    def _fits(self, length: int) -> bool:
        past = tensors(self._like)
        needed = length * sum(each[:, :, :1].nbytes for each in past)
        return length not in self._made and needed + LEFT <= room(past[0].device)

    def _of(self, length: int) -> "_Graph | None":
        """A new one; None, and never tried again, where memory does not suffice after all."""
        try:
            made = _Graph(self._step, self._like, length, self._pool)
        except torch.OutOfMemoryError:
            return None
        self._pool = made.captured.pool
        return made


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
    def __init__(self, step: Step, like: Any, length: int, pool: Any) -> None:
        """Make buffers and capture.

        Args:
            step: The model's own.
            like: A cache of the model, for the shapes of its layers.
            length: Tokens that it holds.
            pool: The memory of another graph; or None.
        """
        past = tensors(like)
        device, dtype = past[0].device, past[0].dtype
        self._slot = torch.zeros(1, dtype=torch.long, device=device)
        self._token, self._place = (self._slot.new_zeros(1, 1) for _ in range(2))
        self._past = [
            torch.zeros(1, each.shape[1], length, each.shape[3], dtype=each.dtype, device=device)
            for each in past
        ]
        self._windows = [getattr(each, "sliding_window", None) for each in like.layers]
        self._masks = {
            window: torch.zeros(1, 1, 1, length, dtype=dtype, device=device)
            for window in set(self._windows)
        }
        self._holder: Callable[[], Any] = lambda: None  # whose past lies in the buffers
        mask = self._mask(step.model.config.get_text_config())

        def compute() -> torch.Tensor:
            pairs = zip(self._past[::2], self._past[1::2], strict=True)
            layers = [held(_Kept(self._slot), keys, values) for keys, values in pairs]
            return step.with_cache(self._token, self._place, mask, with_layers(layers))

        self.captured = capture(compute, pool)

    def step(self, token: torch.Tensor, place: torch.Tensor | None, cache: Any) -> torch.Tensor:
        """The logits `[1, 1, choices]` behind a token `[1, 1]`; the cache holds it then."""
        before = cache.get_seq_length()
        if self._holder() is not cache:
            self._take(cache, before)
        self._token.copy_(token)
        self._slot.fill_(before)
        self._place.copy_(self._slot[None] if place is None else place)
        for window, mask in self._masks.items():
            mask[..., before] = 0
            if window and before >= window:
                mask[..., before - window] = torch.finfo(mask.dtype).min
        self.captured.again()
        self._show(cache, before + 1)
        return self.captured.made.clone()

    def _mask(self, config: Any) -> Any:
        """What the model is given: one mask, or one by the name of each kind of layer."""
        if len(self._masks) == 1:
            return next(iter(self._masks.values()))
        pairs = zip(config.layer_types, self._windows, strict=True)
        return {name: self._masks[window] for name, window in pairs}

    def _take(self, cache: Any, length: int) -> None:
        """Have a conversation's past in the buffers; whose past lay there gets a copy of it."""
        given, former = tensors(cache), self._holder()
        if former is not None and self._lies_here(former):
            _look(former, [each.clone() for each in tensors(former)])
        for own, each in zip(self._past, given, strict=True):
            own[:, :, length - each.shape[-2] : length].copy_(each)
        for window, mask in self._masks.items():
            mask.fill_(torch.finfo(mask.dtype).min)
            mask[..., _seen(window, length) : length] = 0
        self._holder = weakref.ref(cache)

    def _lies_here(self, cache: Any) -> bool:
        memory = cache.layers[0].keys.untyped_storage().data_ptr()
        return memory == self._past[0].untyped_storage().data_ptr()

    def _show(self, cache: Any, length: int) -> None:
        """Let a cache look at so many tokens in the buffers, each layer as far as it keeps them."""
        starts = [_seen(window, length) for window in self._windows for _ in range(2)]
        parts = zip(self._past, starts, strict=True)
        _look(cache, [own[:, :, start:length] for own, start in parts])
        for layer in cache.layers:
            if isinstance(layer, DynamicSlidingWindowLayer):
                layer.cumulative_length = length


def _seen(window: int | None, length: int) -> int:
    """The first of so many tokens that a further one attends to; a window counts that one."""
    return max(0, length - window + 1) if window else 0


def _look(cache: Any, past: list[torch.Tensor]) -> None:
    """Let a cache hold these keys and values of each layer."""
    for layer, keys, values in zip(cache.layers, past[::2], past[1::2], strict=True):
        layer.keys, layer.values = keys, values
