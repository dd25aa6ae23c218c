"""From token rows to batches: padding, places and counts. Knows nothing of texts."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
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
    """Rows to a batch: padded on the right, or laid end to end without any padding.

    Rows that share a line, packed or laid end to end, get positions instead of a mask; with
    `edges` also where each begins, for attention that needs no mask. `labels` of a classification
    become `[-100, label]`, so that every label tensor has two dimensions and starts with a place
    where nothing is learned.

    Attributes:
        pad_id: What padding is made of.
        flat: Lay the rows of a batch end to end in one line.
        edges: Add `cu_seq_lens_q`, `[documents + 1]` int32, and `max_length_q`.
        length: Fill lines up to this many tokens at least, so that shapes stay the same; 0: no.
    """

    pad_id: int
    flat: bool = False
    edges: bool = False
    length: int = 0

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """`input_ids`, `labels` and `attention_mask` or `position_ids`, each `[lines, tokens]`."""
        if isinstance(rows[0]["labels"], int):
            return self._labelled(rows)
        documents = [[*(row.get("seq_lengths") or [len(row["input_ids"])])] for row in rows]
        if self.flat:
            ids = list(chain(*(row["input_ids"] for row in rows)))
            labels = list(chain(*(row["labels"] for row in rows)))
            rows, documents = [{"input_ids": ids, "labels": labels}], [list(chain(*documents))]
        batch = {
            "input_ids": self._filled([row["input_ids"] for row in rows], self.pad_id),
            "labels": self._filled([row["labels"] for row in rows], IGNORED),
        }
        size = batch["input_ids"].shape[1]
        if not self.flat and "seq_lengths" not in rows[0]:
            return batch | {"attention_mask": _seen(rows, size)}
        for each in documents:
            each.extend([size - sum(each)] if size > sum(each) else [])
        places = [torch.cat([torch.arange(length) for length in each]) for each in documents]
        batch["position_ids"] = torch.stack(places)
        return batch | (_edges(documents) if self.edges else {})

    def _labelled(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        ids = self._filled([row["input_ids"] for row in rows], self.pad_id)
        labels = torch.tensor([[IGNORED, row["labels"]] for row in rows])
        return {"input_ids": ids, "labels": labels, "attention_mask": _seen(rows, ids.shape[1])}

    def _filled(self, lines: list[Sequence[int]], filling: int) -> torch.Tensor:
        longest = max(self.length, *map(len, lines))
        filled = torch.full((len(lines), longest), filling)
        for index, line in enumerate(lines):
            filled[index, : len(line)] = torch.as_tensor(line)
        return filled

    def counting(self, fed: deque[int]) -> "CountingCollator":
        """This collator, noting in `fed` how many real tokens each batch holds."""
        return CountingCollator(self, fed)


@dataclass(frozen=True)
class CountingCollator:
    """A collator that notes the real tokens of each batch."""

    collator: Collator
    fed: deque[int]

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The batch of `collator`."""
        self.fed.append(sum(len(row["input_ids"]) for row in rows))
        return self.collator(rows)


def _seen(rows: Sequence[Mapping[str, Any]], size: int) -> torch.Tensor:
    lengths = torch.tensor([len(row["input_ids"]) for row in rows])
    return (torch.arange(size) < lengths[:, None]).long()


def _edges(documents: list[list[int]]) -> dict[str, Any]:
    lengths = torch.tensor(list(chain(*documents)))
    edges = torch.nn.functional.pad(lengths.cumsum(0), (1, 0)).int()
    return {"cu_seq_lens_q": edges, "max_length_q": int(lengths.max())}


def moved(batch: Mapping[str, Any], place: torch.device | str) -> dict[str, Any]:
    """The batch with its tensors on a device; nothing waits for those that are pinned."""
    return {
        name: value.to(place, non_blocking=True) if torch.is_tensor(value) else value
        for name, value in batch.items()
    }


def as_rows(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Columns of equal length as rows."""
    values = zip(*columns.values(), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in values]


def batches_of(
    data: Dataset, collator: Collator, size: int, device: Device
) -> Callable[[], Iterator[dict[str, Any]]]:
    """Makes this process's batches anew at each call; an empty share is one skipped turn."""

    def batches() -> Iterator[dict[str, Any]]:
        for start in range(device.rank * size, len(data), device.world * size):
            yield collator(as_rows(data[start : start + size]))

    return batches
