"""The loss without the logits: head and cross-entropy in chunks, over the learned places alone.

A batch's logits are its tokens times the vocabulary, often the largest tensor of a step. Here a
chunk's logits live only until its loss and gradients are known, in training and in measuring. The
model's own forward pass runs, but for the product with the head, whose input is kept instead; what
a family does to the logits afterwards (caps, scales) is done here, and proven on the loaded model.
Liger's kernel does the same on a GPU for the families it knows; this serves all, counts right
guesses, and runs on a CPU.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedConfig

from finetune_studio.engine.device import Device
from finetune_studio.engine.speed.choice import Choice, choose
from finetune_studio.engine.speed.entropy import cross_entropy
from finetune_studio.recipe.schema import Recipe
from finetune_studio.recipe.steps import chunk_places
from finetune_studio.tokens.examples import IGNORED

TRIED = 8  # tokens

Sums = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def choose_head(recipe: Recipe, model: nn.Module, device: Device) -> "tuple[Head | None, Choice]":
    """The model's head, held for the chunked loss, and whether and why it is."""
    asked = recipe.training.speed.chunked_loss
    if recipe.task.kind == "classify":
        return None, Choice(False, "a classification has one small row of logits a text")
    if asked == "off":
        return None, choose(asked, "")
    layer = model.get_output_embeddings()
    if layer is None:
        return None, choose(asked, "this family has no head of its own")
    head = Head(layer, model.config, device)
    if not head.is_all(model):
        head.release()
        return None, choose(asked, "this family does more to its logits than is known here")
    return head, choose(asked, "")


def learned_places(labels: torch.Tensor) -> torch.Tensor:
    """Where a learned token is predicted, `[learned]` places in `labels` laid flat.

    Found on the CPU, before the batch is moved: asked of a GPU, it would have to be waited for.
    """
    before = torch.zeros_like(labels, dtype=torch.bool)
    before[:, :-1] = labels[:, 1:] != IGNORED
    return before.flatten().nonzero()[:, 0]


class Head:
    """The last layer of a model, which can be told to keep its input instead of multiplying."""

    def __init__(self, layer: nn.Module, config: PreTrainedConfig, device: Device) -> None:
        """Take the layer over; `release` gives it back."""
        self._layer, self._device = layer, device
        self._multiply = layer.forward
        self._finish = _after_the_head(config.get_text_config())
        self._holding = False
        self._kept: torch.Tensor | None = None
        layer.forward = self._forward

    @property
    def choices(self) -> int:
        """How many tokens there are to choose from."""
        return int(self._layer.weight.shape[0])

    def release(self) -> None:
        """Let the layer be what it was."""
        self._layer.forward = self._multiply

    def _forward(self, hidden: torch.Tensor) -> torch.Tensor:
        if not self._holding:
            product: torch.Tensor = self._multiply(hidden)
            return product
        self._kept = hidden
        return hidden[..., :1]  # in place of logits that nobody reads

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Keep the head's input in here, and make no logits."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """The model's logits for some places, `[places, hidden size]` to `[places, vocabulary]`."""
        device = self._device
        with torch.autocast(device.kind, device.dtype, enabled=device.precision != "fp32"):
            product: torch.Tensor = self._finish(self._multiply(hidden))
        return product

    def sums(self, labels: torch.Tensor, places: torch.Tensor) -> Sums:
        """Summed loss, right guesses and learned tokens of the batch that was just held.

        Args:
            labels: `[rows, tokens]`, as in `loss.token_sums`.
            places: By `learned_places`, on the same device.
        """
        assert self._kept is not None
        hidden = self._kept.flatten(0, 1).index_select(0, places)
        self._kept = None
        targets = labels.flatten()[places + 1]
        counted = torch.full(
            (), len(places), device=labels.device
        )  # copied, it would be waited for
        weights = [each for each in self._layer.parameters() if each.requires_grad]
        if torch.is_grad_enabled() and (hidden.requires_grad or weights):
            loss, right = _ChunkedLoss.apply(self, hidden, targets, weights, *weights)
        else:
            loss, right, _, _ = _walk(self, hidden, targets, None)
        return loss, right, counted

    @torch.no_grad()
    def is_all(self, model: nn.Module) -> bool:
        """Whether the model's logits are what is computed here; tried on a few tokens."""
        was_training = model.training
        model.eval()
        place = self._layer.weight.device
        ids = (torch.arange(TRIED, device=place) * 37 % self.choices)[None]
        device = self._device
        with torch.autocast(device.kind, device.dtype, enabled=device.precision != "fp32"):
            expected = model(input_ids=ids, use_cache=False).logits
            with self.holding():
                model(input_ids=ids, use_cache=False)
        model.train(was_training)
        kept, self._kept = self._kept, None
        if kept is None or kept.shape[:-1] != ids.shape:
            return False
        found = self.logits(kept)
        near = torch.finfo(found.dtype).eps * 16
        return torch.allclose(found.float(), expected.float(), rtol=near, atol=near)


def _after_the_head(config: PreTrainedConfig) -> Callable[[torch.Tensor], torch.Tensor]:
    """What a family does to its logits: Gemma caps them, Granite divides, Cohere multiplies."""
    cap = getattr(config, "final_logit_softcapping", None)
    factor = (getattr(config, "logit_scale", None) or 1) / (
        getattr(config, "logits_scaling", None) or 1
    )

    def finish(logits: torch.Tensor) -> torch.Tensor:
        scaled = logits if factor == 1 else logits * factor
        return torch.tanh(scaled / cap) * cap if cap else scaled

    return finish


class _ChunkedLoss(torch.autograd.Function):
    """The summed loss; its gradients are made in the forward pass, while the logits are there."""

    @staticmethod
    def forward(
        ctx: Any,
        head: Head,
        hidden: torch.Tensor,
        targets: torch.Tensor,
        weights: list[torch.Tensor],
        *_: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        loss, right, ctx.hidden, ctx.weights = _walk(head, hidden, targets, weights)
        ctx.size = chunk_places(head.choices)
        ctx.mark_non_differentiable(right)
        return loss, right

    @staticmethod
    def backward(ctx: Any, scale: torch.Tensor, _: Any) -> Any:
        hidden, weights = ctx.hidden, ctx.weights
        del ctx.hidden, ctx.weights  # so that autograd takes them as they are, and copies none
        for part in (*hidden.split(ctx.size), *weights):
            _scale(part, scale)
        return None, hidden, None, None, *weights


def _scale(gradient: torch.Tensor, scale: torch.Tensor) -> None:
    """Multiply in place; fp16 alone could not hold a large scale."""
    if gradient.dtype == torch.float32:
        gradient.mul_(scale)
    else:
        gradient.copy_(gradient.float() * scale)


def _walk(
    head: Head, hidden: torch.Tensor, targets: torch.Tensor, weights: list[torch.Tensor] | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, list[torch.Tensor]]:
    """Loss, right guesses and, where `weights` is a list, the gradients of hidden and weights."""
    loss = torch.zeros((), device=hidden.device)
    right = torch.zeros((), dtype=torch.long, device=hidden.device)
    slopes = torch.empty_like(hidden) if weights is not None else hidden
    weighed = [torch.zeros_like(each) for each in weights or ()]
    size = chunk_places(head.choices)
    for start in range(0, len(hidden), size):
        part = slice(start, start + size)
        given = hidden[part].detach()
        with torch.set_grad_enabled(weights is not None):
            logits = head.logits(given.requires_grad_(weights is not None))
        slope, lost, hits = cross_entropy(logits.detach(), targets[part], weights is not None)
        loss += lost
        right += hits
        if weights is not None:
            slopes[part] = _add_gradients(logits, slope, [given, *weights], weighed)
        del logits, slope  # nothing of a chunk is there when the next one's logits are made
    return loss, right, slopes, weighed


def _add_gradients(
    logits: torch.Tensor,
    slope: torch.Tensor | None,
    given: list[torch.Tensor],
    weighed: list[torch.Tensor],
) -> torch.Tensor:
    """Add a chunk's gradients of the weights to `weighed`; that of its input, the first given."""
    found: tuple[torch.Tensor, ...] = torch.autograd.grad(logits, given, slope)
    for sum_, each in zip(weighed, found[1:], strict=True):
        sum_.add_(each)
    return found[0]
