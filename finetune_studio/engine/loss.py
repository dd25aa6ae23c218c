"""The two losses. Labels come ready; nothing is shifted twice."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from finetune_studio.engine.figures import Meter
from finetune_studio.engine.speed.head import Head, learned_places
from finetune_studio.tokens.examples import IGNORED


def token_sums(logits: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Summed loss, right guesses and learned tokens of a causal batch.

    Args:
        logits: `[rows, tokens, vocabulary]`.
        labels: `[rows, tokens]`, -100 where nothing is learned; position t is predicted from t - 1.
    """
    targets = labels[:, 1:].reshape(-1)
    guesses = logits[:, :-1].reshape(-1, logits.shape[-1])
    loss = F.cross_entropy(guesses.float(), targets, ignore_index=IGNORED, reduction="sum")
    learned = targets != IGNORED
    with torch.no_grad():
        right = ((guesses.argmax(-1) == targets) & learned).sum()
    return loss, right, learned.sum()


def label_sums(logits: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Summed loss, right guesses and labelled rows of a classified batch.

    Args:
        logits: `[rows, labels]`.
        labels: `[rows, 2]`, see collating; the second is -100 in a row without a label.
    """
    targets = labels[:, -1]
    loss = F.cross_entropy(logits.float(), targets, ignore_index=IGNORED, reduction="sum")
    right = (logits.argmax(-1) == targets).sum()
    return loss, right, (targets != IGNORED).sum()


def sums_of(
    model: nn.Module, batch: dict[str, Any], classifies: bool, head: Head | None = None
) -> tuple[torch.Tensor, ...]:
    """Summed loss, right guesses and counted labels of a batch, by the model as it is.

    Args:
        model: The model, or what wraps it.
        batch: Tensors on the model's device; with `learned` (see `with_places`) for a head.
        classifies: Whether rows are labelled rather than gone on with.
        head: The model's head, where the loss is made in chunks.
    """
    labels, places = batch["labels"], batch.get("learned")
    given = {name: batch[name] for name in batch.keys() - {"labels", "learned"}}
    if head is None or places is None:
        logits = model(**given, use_cache=False).logits
        return (label_sums if classifies else token_sums)(logits, labels)
    with head.holding():
        model(**given, use_cache=False)
    return head.sums(labels, places)


def with_places(batch: dict[str, Any], head: Head | None) -> dict[str, Any]:
    """The batch, still on the CPU, with what a chunked loss needs to know beforehand."""
    if head is None:
        return batch
    labels = batch["labels"]
    places = learned_places(labels)
    return batch | {"learned": places.pin_memory() if labels.is_pinned() else places}


class Loss:
    """The loss that the trainer asks for: the step's sum divided by what the step learns."""

    def __init__(self, kind: str, meter: Meter, head: Head | None = None) -> None:
        self._classifies = kind == "classify"
        self.meter = meter
        self.head = head

    def __call__(
        self, model: nn.Module, batch: dict[str, Any], counted: torch.Tensor | int | None = None
    ) -> torch.Tensor:
        """Mean loss over the whole step's learned tokens (or rows), a scalar.

        Args:
            model: The model, or what wraps it.
            batch: On the model's device.
            counted: What the whole step learns; None takes the batch alone.
        """
        loss, right, here = sums_of(model, batch, self._classifies, self.head)
        part = loss / (here if counted is None else counted)
        self.meter.add(part, right, here)
        return part
