"""Which rows each process learns from at each step. Knows nothing of what the rows hold.

The order is drawn from seed, epoch and the rows' lengths alone, so one process, several of them,
and a run that goes on in the middle of an epoch all take the same rows at the same step. Libraries
that share rows out repeat some of them where the last step of an epoch does not feed every process;
here a process that gets none learns nothing at that step.
"""

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyarrow.compute as pc
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, Sampler
from transformers import Trainer

from finetune_studio.engine.collating import CountingCollator, moved
from finetune_studio.engine.device import Device
from finetune_studio.engine.loss import Loss, with_places
from finetune_studio.engine.speed.ahead import Ahead, made_ahead
from finetune_studio.tokens.examples import IGNORED

NOTHING = -1
"""The number of no row."""
STEPS = 50
"""Steps whose rows are sorted by length together; transformers groups as many batches."""


class Share(Sampler[list[int]]):
    """The batches of one process, as row numbers; another order in every epoch."""

    def __init__(
        self, rows: int, size: int, seed: int, device: Device, grouping: "Grouping | None" = None
    ) -> None:
        """Share out `rows` rows, `size` a batch; with `grouping` those of like length together."""
        self._rows, self._size, self._seed = rows, size, seed
        self._grouping = grouping
        self._rank, self._world = device.rank, device.world
        self._epoch = 0

    @property
    def batch_sampler(self) -> "Share":
        """Itself: where transformers looks for what has `set_epoch`."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Take the order of this epoch, counted from 0."""
        self._epoch = epoch

    def __len__(self) -> int:
        """Batches of an epoch, as many for every process."""
        return math.ceil(self._rows / (self._size * self._world))

    def __iter__(self) -> Iterator[list[int]]:
        """The batches of an epoch; `[NOTHING]` where no row is left for this process."""
        drawn = torch.Generator().manual_seed((self._seed << 20) + self._epoch)
        order = torch.randperm(self._rows, generator=drawn)
        if self._grouping:
            order = self._grouping.of(order, drawn)
        for turn in range(len(self)):
            start = (turn * self._world + self._rank) * self._size
            yield order[start : start + self._size].tolist() or [NOTHING]


@dataclass(frozen=True)
class Grouping:
    """Puts rows of like length into one step.

    Attributes:
        lengths: `[rows]`, in tokens.
        step: Rows of a step, over all processes and accumulated batches.
    """

    lengths: torch.Tensor
    step: int

    def of(self, order: torch.Tensor, drawn: torch.Generator) -> torch.Tensor:
        """The rows in an order whose steps hold like lengths, the steps themselves shuffled.

        The last step, which may not be full, stays the last.
        """
        sorted_ = torch.cat(
            [
                part[torch.argsort(self.lengths[part], descending=True, stable=True)]
                for part in order.split(STEPS * self.step)
            ]
        )
        full = len(sorted_) // self.step
        steps = sorted_[: full * self.step].view(full, self.step)
        shuffled = steps[torch.randperm(full, generator=drawn)].flatten()
        return torch.cat([shuffled, sorted_[full * self.step :]])


def lengths_of(data: Any) -> torch.Tensor:
    """`[rows]`: the tokens of each row, read from the Arrow file's list sizes alone."""
    lengths = pc.list_value_length(data.data.column("input_ids")).to_numpy()
    if data._indices is not None:
        lengths = lengths[data._indices.column(0).to_numpy()]
    return torch.as_tensor(lengths.astype("int64"))


class Rows(Dataset[dict[str, Any]]):
    """Token rows, and one of padding alone under the number `NOTHING`."""

    def __init__(self, data: Any, pad_id: int) -> None:
        self._data = data
        labels = IGNORED if isinstance(data[0]["labels"], int) else [IGNORED]
        nothing = {"input_ids": [pad_id], "labels": labels, "seq_lengths": [1]}
        self._nothing = {name: nothing[name] for name in data.column_names}

    def __len__(self) -> int:
        """How many real rows there are."""
        return len(self._data)

    def __getitems__(self, numbers: list[int]) -> list[dict[str, Any]]:
        """The rows of one batch."""
        if numbers == [NOTHING]:
            return [self._nothing]
        rows: list[dict[str, Any]] = self._data.__getitems__(numbers)
        return rows


class SharingTrainer(Trainer):
    """transformers' trainer, fed with the batches of this process as they are, and with our loss.

    The loss is divided by what the whole step learns, over all its batches and processes.
    """

    def __init__(self, batches: DataLoader[dict[str, Any]], loss: Loss, **options: Any) -> None:
        super().__init__(train_dataset=batches.dataset, compute_loss_func=loss, **options)
        self._batches, self._loss = batches, loss
        self._rest: tuple[Iterator[dict[str, Any]], Iterator[dict[str, Any]]] | None = None

    def get_train_dataloader(self) -> DataLoader[dict[str, Any]]:
        """The batches of this process; transformers asks here."""
        return self._batches

    def get_batch_samples(
        self, epoch_iterator: Iterator[dict[str, Any]], num_batches: int, device: torch.device
    ) -> tuple[list[dict[str, Any]], torch.Tensor | int | None]:
        """A step's batches, and what all processes learn from theirs."""
        if isinstance(self._batches, Ahead) and not isinstance(epoch_iterator, Generator):
            epoch_iterator = self._ahead_of(epoch_iterator)
        batches = list(islice(epoch_iterator, num_batches))
        counted = sum(int((each["labels"][:, 1:] != IGNORED).sum()) for each in batches)
        if self.accelerator.num_processes == 1:
            return batches, counted
        own = torch.tensor(counted, device=device)
        return batches, self.accelerator.gather(own).sum()

    def _ahead_of(self, rest: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The rest of an epoch that a run goes on in: transformers makes a plain loader for it."""
        if self._rest is None or self._rest[0] is not rest:
            self._rest = rest, made_ahead(rest)
        return self._rest[1]

    def _prepare_inputs(self, inputs: dict[str, Any]) -> dict[str, Any]:
        return moved(with_places(inputs, self._loss.head), self.args.device)

    def _get_grad_norm(self, model: nn.Module, grad_norm: Any = None) -> Any:
        norm = super()._get_grad_norm(model, grad_norm=grad_norm)
        self._loss.meter.grad_norm = norm
        return norm

    def floating_point_ops(self, inputs: dict[str, Any]) -> int:
        """None are counted: nobody reads them, and every parameter would be at each step."""
        return 0

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """The batch's part of the step's loss; gradients are averaged over processes afterwards."""
        loss = self._loss(model, inputs, num_items_in_batch) * self.accelerator.num_processes
        return (loss, None) if return_outputs else loss


def batches_to_learn(
    data: Any,
    collator: CountingCollator,
    size: int,
    seed: int,
    device: Device,
    grouping: Grouping | None = None,
    ahead: bool = False,
) -> DataLoader[dict[str, Any]]:
    """This process's batches of `size` rows, drawn anew in every epoch.

    Args:
        data: Token rows.
        collator: Makes batches of them.
        size: Rows of a batch.
        seed: Of the order.
        device: Which process this is, and where its batches go.
        grouping: Which rows share a step; None leaves it to chance.
        ahead: Make batches while steps compute.
    """
    return (Ahead if ahead else DataLoader)(
        Rows(data, collator.collator.pad_id),
        batch_sampler=Share(len(data), size, seed, device, grouping),
        collate_fn=collator,
        pin_memory=device.kind == "cuda",
    )
