"""How surprised a model is, row by row: what averages and their intervals are made of.

Labels come from tokens/supervision.py, as in training. Rows are tokenised a few hundred at a time
and only sums are kept, so memory does not grow with their number.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from torch import nn
from torch.nn import functional as F

from finetune_studio.engine.collating import Collator
from finetune_studio.engine.device import Device
from finetune_studio.evaluation import intervals
from finetune_studio.evaluation.intervals import Metric
from finetune_studio.tokens.examples import IGNORED, Example
from finetune_studio.tokens.supervision import Supervisor

PART = 256  # rows whose tokens are in memory

Array = np.ndarray[Any, Any]
Tell = Callable[[int, int], None]
"""How many are done, of how many."""


@dataclass(frozen=True)
class Scores:
    """What one model made of the rows.

    Attributes:
        loss: `[rows]`, summed over what each row learns, in nats.
        counted: `[rows]`, tokens (or labels) that count; 0 for rows with nothing to learn.
        right: `[rows]`, how many of them were its first guess.
        truth: `[rows]`, the label's number for `classify`, else -1.
        probabilities: `[rows, labels]` for `classify`, else `[rows, 0]`.
    """

    loss: Array
    counted: Array
    right: Array
    truth: Array
    probabilities: Array

    @classmethod
    def empty(cls, rows: int, labels: int) -> "Scores":
        """Zeros for so many rows."""
        loss, counted, right = (np.zeros(rows) for _ in range(3))
        return cls(loss, counted, right, np.full(rows, -1), np.zeros((rows, labels)))

    def of(self, chosen: Array) -> "Scores":
        """The scores of some rows."""
        values = (self.loss, self.counted, self.right, self.truth, self.probabilities)
        return Scores(*(each[chosen] for each in values))

    def metrics(self) -> dict[str, Metric]:
        """The metrics that they give, by their stable names."""
        loss = intervals.ratio(self.loss, self.counted)
        share = intervals.ratio(self.right, self.counted)
        labels = self.probabilities.shape[1]
        if labels:
            guess = self.probabilities.argmax(1)
            f1 = intervals.macro_f1(self.truth, guess, labels)
            return {"loss": loss, "accuracy": share, "macro_f1": f1}
        return {"loss": loss, "perplexity": intervals.exponential(loss), "token_accuracy": share}


class Scorer:
    """Measures models on the same rows."""

    def __init__(
        self, supervisor: Supervisor, collator: Collator, labels: int, device: Device, size: int
    ) -> None:
        """Prepare.

        Args:
            supervisor: Makes tokens and labels of rows.
            collator: Fills batches up.
            labels: How many labels a classification has, else 0.
            device: Where the models are.
            size: Rows in a batch.
        """
        self._supervisor, self._collator = supervisor, collator
        self._labels, self._device, self._size = labels, device, size

    @torch.no_grad()
    def score(self, model: nn.Module, rows: Dataset, tell: Tell) -> Scores:
        """What the model makes of every row; a long text counts all its pieces as one row."""
        found = Scores.empty(len(rows), self._labels)
        for start in range(0, len(rows), PART):
            part = [dict(row) for row in rows.select(range(start, min(start + PART, len(rows))))]
            made = [each for each in self._supervisor.numbered(part) if not each[1].problem]
            made.sort(key=lambda each: -len(each[1].input_ids))
            for done, batch in _batches(made, self._size):
                self._take(found, model, [(start + number, each) for number, each in batch])
                tell(start + done * len(part) // max(1, len(made)), len(rows))
        return found

    def _take(self, found: Scores, model: nn.Module, batch: list[tuple[int, Example]]) -> None:
        columns = [
            {"input_ids": e.input_ids, "labels": e.label if self._labels else e.labels}
            for _, e in batch
        ]
        logits, labels = self._logits(model, columns)
        for place, (row, example) in enumerate(batch):
            if self._labels:
                self._label(found, row, example.label, logits[place])
            else:
                self._tokens(found, row, logits[place], labels[place])

    def _logits(
        self, model: nn.Module, columns: Sequence[Mapping[str, Any]]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        place = next(model.parameters()).device
        batch = {name: value.to(place) for name, value in self._collator(columns).items()}
        labels = batch.pop("labels")
        precise = self._device.precision == "fp32"
        with torch.autocast(self._device.kind, self._device.dtype, enabled=not precise):
            return model(**batch, use_cache=False).logits, labels

    def _label(self, found: Scores, row: int, truth: int, logits: torch.Tensor) -> None:
        shares = logits.float().log_softmax(-1)
        found.loss[row] = -shares[truth].item()
        found.counted[row] = 1
        found.right[row] = float(int(shares.argmax()) == truth)
        found.truth[row] = truth
        found.probabilities[row] = shares.exp().double().cpu().numpy()

    def _tokens(self, found: Scores, row: int, logits: torch.Tensor, labels: torch.Tensor) -> None:
        places = (labels[1:] != IGNORED).nonzero()[:, 0]
        targets = labels[places + 1]
        guesses = logits[places].float()  # of one row's learned places alone: memory
        found.loss[row] += F.cross_entropy(guesses, targets, reduction="sum").item()
        found.right[row] += (guesses.argmax(-1) == targets).sum().item()
        found.counted[row] += len(targets)


def _batches(
    made: list[tuple[int, Example]], size: int
) -> Iterator[tuple[int, list[tuple[int, Example]]]]:
    """Batches, each with how many examples are done after it."""
    for start in range(0, len(made), size):
        batch = made[start : start + size]
        yield start + len(batch), batch
