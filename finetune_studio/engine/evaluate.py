"""Measures a model on held-out rows.

Exact sums over every learned token, whatever the batch size.
"""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from finetune_studio.engine.device import Device
from finetune_studio.engine.loss import label_sums, token_sums


@torch.no_grad()
def evaluate(
    model: nn.Module, batches: Iterable[dict[str, Any]], device: Device, labels: int = 0
) -> dict[str, float]:
    """Metrics over all batches; with several processes each measures its share and all get the sum.

    Args:
        model: The model; its training mode is restored afterwards.
        batches: This process's batches, on the CPU.
        device: Where the model is.
        labels: How many labels a classification has; 0 for the generating tasks.

    Returns:
        `loss`, and `perplexity` and `token_accuracy`, or `accuracy` and `macro_f1` (the mean
        over the
        labels that occur, of 2 TP / (2 TP + FP + FN)).
    """
    was_training = model.training
    model.eval()
    place = torch.device(device.kind, device.index) if device.kind == "cuda" else "cpu"
    sums = torch.zeros(3, dtype=torch.float64, device=place)
    table = torch.zeros(max(labels, 1) ** 2, dtype=torch.int64, device=place)
    for batch in batches:
        moved = {name: value.to(place) for name, value in batch.items()}
        targets = moved.pop("labels")
        with torch.autocast(device.kind, device.dtype, enabled=device.precision != "fp32"):
            logits = model(**moved, use_cache=False).logits
        part = label_sums(logits, targets) if labels else token_sums(logits, targets)
        sums += torch.stack([value.double() for value in part])
        if labels:
            cells = targets[:, -1] * labels + logits.argmax(-1)
            table += torch.bincount(cells, minlength=labels**2)
    if torch.distributed.is_initialized():
        torch.distributed.all_reduce(sums)
        torch.distributed.all_reduce(table)
    model.train(was_training)
    return _metrics(sums.tolist(), table.view(max(labels, 1), -1).tolist() if labels else None)


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
