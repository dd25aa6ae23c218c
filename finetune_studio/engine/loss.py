"""The two losses, and the meter that counts beside them.

Labels come ready; nothing is shifted twice.
"""

from collections import deque
from typing import Any

import torch
from torch.nn import functional as F

from finetune_studio.tokens.examples import IGNORED


class Meter:
    """What a step has seen: learned tokens, right guesses, tokens fed.

    Tensors until they are read.
    """

    def __init__(self) -> None:
        self.fed: deque[int] = deque()
        self._right: list[torch.Tensor] = []
        self._counted: list[torch.Tensor] = []

    def add(self, right: torch.Tensor, counted: torch.Tensor) -> None:
        """Add one batch's right guesses and counted labels (scalars)."""
        self._right.append(right)
        self._counted.append(counted)

    def take_accuracy(self) -> float | None:
        """The share of right guesses since the last call; None where nothing was counted."""
        if not self._counted:
            return None
        right = torch.stack(self._right).sum().item()
        counted = torch.stack(self._counted).sum().item()
        self._right.clear()
        self._counted.clear()
        return right / counted if counted else None

    def take_fed(self, batches: int) -> int:
        """Tokens fed in the next `batches` batches, padding not counted."""
        return sum(self.fed.popleft() for _ in range(min(batches, len(self.fed))))


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


class Loss:
    """The loss function that the trainer calls.

    The sum over the step divided by what the step learns.
    """

    def __init__(self, kind: str, meter: Meter) -> None:
        self._sums = label_sums if kind == "classify" else token_sums
        self._meter = meter

    def __call__(
        self,
        outputs: Any,
        labels: torch.Tensor,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Mean loss over the whole step's learned tokens (or rows), a scalar."""
        loss, right, counted = self._sums(outputs.logits, labels)
        self._meter.add(right, counted)
        return loss / (counted if num_items_in_batch is None else num_items_in_batch)
