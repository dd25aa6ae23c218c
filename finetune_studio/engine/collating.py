"""From token rows to batches: padding, places and counts. Knows nothing of texts."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from datasets import Dataset

from finetune_studio.engine.device import Device
from finetune_studio.tokens.examples import IGNORED
from finetune_studio.tokens.loading import Tokenizer


def padding_id(tokenizer: Tokenizer) -> int:
    """The token that fills rows up: the tokenizer's own, else any special token but end and start.

    What it is matters little: padding is masked from attention and from the loss by its place,
    never by its id.
    """
    if tokenizer.pad_id is not None:
        return tokenizer.pad_id
    other = sorted(tokenizer.special_ids - set(tokenizer.eos_ids) - {tokenizer.bos_id})
    return other[0] if other else next(iter(tokenizer.eos_ids), 0)


@dataclass(frozen=True)
class Collator:
    """Rows to a batch, padded on the right; packed sequences get positions instead of a mask.

    `labels` of a classification become `[-100, label]`, so that every label tensor has two
    dimensions and starts with a place where nothing is learned.
    """

    pad_id: int

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """`input_ids`, `labels` and `attention_mask` or `position_ids`, each `[rows, tokens]`."""
        longest = max(len(row["input_ids"]) for row in rows)
        ids = torch.full((len(rows), longest), self.pad_id)
        classes = isinstance(rows[0]["labels"], int)
        labels = torch.full((len(rows), 2 if classes else longest), IGNORED)
        packed = "seq_lengths" in rows[0]
        places = torch.zeros((len(rows), longest), dtype=torch.long)
        for index, row in enumerate(rows):
            size = len(row["input_ids"])
            ids[index, :size] = torch.as_tensor(row["input_ids"])
            if classes:
                labels[index, 1] = row["labels"]
            else:
                labels[index, :size] = torch.as_tensor(row["labels"])
            if packed:
                lengths = [*row["seq_lengths"], *([longest - size] if longest > size else [])]
                places[index] = torch.cat([torch.arange(length) for length in lengths])
            else:
                places[index, :size] = 1
        return {
            "input_ids": ids,
            "labels": labels,
            ("position_ids" if packed else "attention_mask"): places,
        }

    def counting(self, fed: deque[int]) -> "CountingCollator":
        """This collator, noting in `fed` how many real tokens each batch holds."""
        return CountingCollator(self, fed)


@dataclass(frozen=True)
class CountingCollator:
    """A collator that notes the real tokens of each batch."""

    collator: Collator
    fed: deque[int]

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """The batch of `collator`."""
        self.fed.append(sum(len(row["input_ids"]) for row in rows))
        return self.collator(rows)


def as_rows(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Columns of equal length as rows."""
    values = zip(*columns.values(), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in values]


def batches_of(
    data: Dataset, collator: Collator, size: int, device: Device
) -> Callable[[], Iterator[dict[str, torch.Tensor]]]:
    """Makes this process's batches anew at each call; an empty share is one skipped turn."""

    def batches() -> Iterator[dict[str, torch.Tensor]]:
        for start in range(device.rank * size, len(data), device.world * size):
            yield collator(as_rows(data[start : start + size]))

    return batches
