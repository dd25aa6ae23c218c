"""Measures a model on held-out rows: exact sums over every learned token, whatever the batch size.

Draws nothing at random and leaves the model in the mode that it found.
"""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from finetune_studio.engine.collating import moved
from finetune_studio.engine.device import Device
from finetune_studio.engine.loss import label_sums, sums_of, with_places
from finetune_studio.engine.speed.head import Head


@torch.no_grad()
def evaluate(
    model: nn.Module,
    batches: Iterable[dict[str, Any]],
    device: Device,
    labels: int = 0,
    head: Head | None = None,
) -> dict[str, float]:
    """Metrics over all batches; with several processes each measures its share and all get the sum.

    Args:
        model: The model; its training mode is restored afterwards.
        batches: This process's batches, on the CPU.
        device: Where the model is.
        labels: How many labels a classification has; 0 for the generating tasks.
        head: The model's head, where the loss is made in chunks and no logits are kept.

    Returns:
        `loss`, and `perplexity` and `token_accuracy`, or `accuracy` and `macro_f1` (the mean over
        the labels that occur, of 2 TP / (2 TP + FP + FN)).
    """
    was_training = model.training
    model.eval()
    place = device.place
    sums = torch.zeros(3, dtype=torch.float64, device=place)
    table = torch.zeros(max(labels, 1) ** 2, dtype=torch.int64, device=place)
    for batch in batches:
        given = moved(with_places(batch, head), device.place)
        with torch.autocast(device.kind, device.dtype, enabled=device.precision != "fp32"):
            if labels:
                part, cells = _classified(model, given, labels)
                table += torch.bincount(cells, minlength=labels**2)
            else:
                part = sums_of(model, given, False, head)
        sums += torch.stack([value.double() for value in part])
    if torch.distributed.is_initialized():
        torch.distributed.all_reduce(sums)
        torch.distributed.all_reduce(table)
    model.train(was_training)
    return _metrics(sums.tolist(), table.view(max(labels, 1), -1).tolist() if labels else None)


def _classified(
    model: nn.Module, batch: dict[str, Any], labels: int
) -> tuple[tuple[torch.Tensor, ...], torch.Tensor]:
    """The batch's sums, and for each row its cell of the table of truths and guesses."""
    targets = batch.pop("labels")
    logits = model(**batch, use_cache=False).logits
    return label_sums(logits, targets), targets[:, -1] * labels + logits.argmax(-1)


def _metrics(sums: list[float], table: list[list[int]] | None) -> dict[str, float]:
    total, right, counted = sums
    loss = total / max(counted, 1)
    share = right / max(counted, 1)
    if table is None:
        return {"loss": loss, "perplexity": math.exp(min(loss, 700)), "token_accuracy": share}
    return {"loss": loss, "accuracy": share, "macro_f1": macro_f1(table)}


def macro_f1(table: list[list[int]]) -> float:
    """The unweighted mean of F1 over the labels that occur; `table[truth][guess]` counts rows."""
    scores = []
    for index, row in enumerate(table):
        right = table[index][index]
        truth, guessed = sum(row), sum(line[index] for line in table)
        if truth + guessed:
            scores.append(2 * right / (truth + guessed))
    return sum(scores) / len(scores) if scores else 0.0
