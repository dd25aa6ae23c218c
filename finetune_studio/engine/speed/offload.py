"""Checkpoints in pinned host memory: what each layer is computed again from waits off the GPU.

A checkpoint is a layer's input, tokens x width of the model; on long rows all of them outgrow the
weights. Each is copied out on a stream of its own while the next layer computes, and comes back
while the backward pass of the layer above does.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import Any, TypeAlias

import psutil
import torch
from torch import nn
from torch.autograd.graph import get_gradient_edge
from torch.utils.checkpoint import checkpoint
from transformers.modeling_layers import GradientCheckpointingLayer

from finetune_studio.engine.device import Device
from finetune_studio.engine.speed import chance
from finetune_studio.engine.speed.again import again, passes
from finetune_studio.engine.speed.choice import Choice, choose
from finetune_studio.recipe.schema import Recipe

SHARE = 0.5
"""Of the free host memory that checkpoints may take: pinned pages cannot be swapped out."""
Taken: TypeAlias = "torch.Tensor | tuple[Shelf, int]"


def offload_checkpoints(recipe: Recipe, model: nn.Module, device: Device, tokens: int) -> Choice:
    """Let the layers that compute again keep their inputs in host memory.

    Args:
        recipe: What the person decided.
        model: Loaded, with gradient checkpointing as it is to be.
        device: Where it is.
        tokens: Of the fullest batch, padding included.
    """
    asked = recipe.training.speed.offload_checkpoints
    layers = [
        each
        for each in model.modules()
        if isinstance(each, GradientCheckpointingLayer) and each.gradient_checkpointing
    ]
    width = model.config.get_text_config().hidden_size
    room = len(layers) * tokens * width * device.dtype.itemsize
    stream = model.get_input_embeddings().weight.dtype
    obstacle = "" if asked == "off" else _obstacle(device, stream, len(layers), room)
    choice = choose(asked, obstacle)
    if not choice:
        return choice
    try:
        shelf = Shelf(len(layers), tokens * width, device, layers)
    except RuntimeError as error:  # the driver or the system refuses to pin so much
        return Choice(False, " ".join(str(error).split())[:200])
    for layer in layers:
        layer._gradient_checkpointing_func = shelf.run
    return Choice(True, f"{len(layers)} layers, {room / 2**30:.1f} GiB of the computer's memory")


def _obstacle(device: Device, stream: torch.dtype, layers: int, room: int) -> str:
    if device.kind != "cuda":
        return "only a GPU's memory is spared"
    if device.world > 1:
        return "several processes share the gradients of a layer"
    if not layers:
        return "no layer computes its activations again"
    if stream != device.dtype:
        return "what flows between layers is wider than what they compute in"
    if room > SHARE * psutil.virtual_memory().available:
        return (
            f"it takes {room / 2**30:.1f} GiB of the computer's memory, over half of what is free"
        )
    return ""


class Shelf:
    """Where layers' inputs wait: one place for each layer, filled and emptied in every step."""

    def __init__(
        self, places: int, size: int, device: Device, layers: Sequence[nn.Module] = ()
    ) -> None:
        """Take the memory.

        Args:
            places: How many layers.
            size: Numbers in the largest input.
            device: Whose memory is spared; on a CPU nothing is pinned, and copies are plain.
            layers: Whose inputs wait.

        Raises:
            RuntimeError: The system does not give so much pinned memory.
        """
        on_gpu = device.kind == "cuda"
        kind = device.dtype
        self._places = torch.empty(places, size, dtype=kind, pin_memory=on_gpu)
        self._stream = torch.cuda.Stream(device.place) if on_gpu else None
        self._layers = layers
        self._waiting: list[tuple[int, torch.Size, torch.device]] = []  # as a stack
        self._arriving: dict[int, tuple[torch.Tensor, torch.cuda.Event | None]] = {}
        self._leaving: tuple[torch.Tensor, torch.cuda.Event] | None = None

    def run(self, forward: Callable[..., Any], hidden: torch.Tensor, *rest: Any) -> Any:
        """A layer's forward pass that keeps its input here, and computes again from it.

        What transformers calls in place of `torch.utils.checkpoint`.
        """
        if not torch.is_grad_enabled():  # nothing will come back for it
            return forward(hidden, *rest)
        named = forward.keywords.values() if isinstance(forward, partial) else ()
        if _wants_gradients((*rest, *named)):  # a second way from layer to layer: not for here
            return checkpoint(forward, hidden, *rest, use_reentrant=False, context_fn=passes)
        awake = torch.empty(0, device=hidden.device, requires_grad=True)
        return _Shelved.apply(self, forward, awake, hidden, *rest)

    @cached_property
    def draws(self) -> bool:
        """Whether its layers draw at random; asked at the first pass, when adapters are on."""
        return chance.draws(self._layers)

    def put(self, tensor: torch.Tensor) -> Taken:
        """Copy an input out; what `take` wants. The tensor itself where there is no place."""
        place = len(self._waiting)
        if place == len(self._places) or tensor.numel() > self._places.shape[1]:
            return tensor
        if tensor.dtype != self._places.dtype:
            return tensor
        self._waiting.append((place, tensor.shape, tensor.device))
        kept = self._places[place, : tensor.numel()].view(tensor.shape)
        if self._stream is None:
            kept.copy_(tensor)
            return self, place
        self._let_go()
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            kept.copy_(tensor, non_blocking=True)
            self._leaving = tensor, self._stream.record_event()
        return self, place

    def _let_go(self) -> None:
        """Give up the input that was copied out last.

        Its memory is used again behind the copy, in the order of the GPU's work. Told by
        `record_stream` instead, it would be free only when the processor sees the copy done, and
        one that is a step ahead would need memory for every layer's input.
        """
        if self._leaving is not None:
            torch.cuda.current_stream().wait_event(self._leaving[1])
            self._leaving = None

    def take(self, place: int) -> torch.Tensor:
        """An input, back on its device; the one that is needed next is sent for."""
        self._let_go()
        self._send_for(place)
        del self._waiting[place:]
        tensor, arrived = self._arriving.pop(place)
        if place:
            self._send_for(place - 1)
        if arrived is not None:
            torch.cuda.current_stream().wait_event(arrived)
        return tensor

    def _send_for(self, place: int) -> None:
        if place in self._arriving:
            return
        _, shape, device = self._waiting[place]
        kept = self._places[place, : math.prod(shape)].view(shape)
        tensor = torch.empty(shape, dtype=kept.dtype, device=device)
        if self._stream is None:
            self._arriving[place] = tensor.copy_(kept), None
            return
        self._stream.wait_stream(torch.cuda.current_stream())  # the memory may be in use till now
        with torch.cuda.stream(self._stream):
            tensor.copy_(kept, non_blocking=True)
            arrived = self._stream.record_event()
        self._arriving[place] = tensor, arrived


class _Shelved(torch.autograd.Function):
    """A layer whose activations are computed again from its input, which waits on a shelf."""

    @staticmethod
    def forward(
        ctx: Any,
        shelf: Shelf,
        forward: Callable[..., Any],
        awake: torch.Tensor,
        hidden: torch.Tensor,
        *rest: Any,
    ) -> Any:
        """Run the layer.

        Args:
            ctx: autograd's.
            shelf: Where the input waits.
            forward: The layer.
            awake: Wants a gradient, so that the layer's own weights get theirs where the input
                wants none.
            hidden: The layer's input.
            rest: What else it takes, without gradients.
        """
        ctx.forward, ctx.rest, ctx.kind = forward, rest, hidden.device.type
        ctx.autocast = torch.is_autocast_enabled(ctx.kind), torch.get_autocast_dtype(ctx.kind)
        ctx.chance = chance.states(ctx.kind) if shelf.draws else None
        ctx.taken = shelf.put(hidden.detach())
        with torch.no_grad():
            return forward(hidden, *rest)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Compute the layer again, and its gradients at once."""
        taken = ctx.taken
        hidden = taken if isinstance(taken, torch.Tensor) else taken[0].take(taken[1])
        hidden = hidden.detach().requires_grad_(ctx.needs_input_grad[3])
        now = None
        if ctx.chance is not None:
            now = chance.states(ctx.kind)
            chance.set_states(ctx.chance)
        enabled, kind = ctx.autocast
        with again(), torch.enable_grad(), torch.autocast(ctx.kind, kind, enabled=enabled):
            made = ctx.forward(hidden, *ctx.rest)
        if now is not None:
            chance.set_states(now)
        pairs = [
            (get_gradient_edge(each), grad)
            for each, grad in zip(_all(made), grads, strict=True)
            if isinstance(each, torch.Tensor) and each.requires_grad and grad is not None
        ]
        del made  # its gradient alone is wanted; its memory serves the layer's other gradients
        if pairs:
            torch.autograd.backward(*map(list, zip(*pairs, strict=True)))
        return None, None, None, hidden.grad, *[None] * len(ctx.rest)


def _wants_gradients(values: Iterable[Any]) -> bool:
    found = (each for value in values for each in _all(value))
    return any(isinstance(each, torch.Tensor) and each.requires_grad for each in found)


def _all(made: Any) -> tuple[Any, ...]:
    return made if isinstance(made, tuple) else (made,)
