"""Batches made ahead of the step that takes them, in a thread, so that no GPU waits for them."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from torch.utils.data import DataLoader

from finetune_studio.engine.device import Device
from finetune_studio.engine.speed.choice import Choice, choose
from finetune_studio.recipe.schema import Recipe

AHEAD = 4
"""Batches that are ready at most; few, since orders and the end of a run throw them away."""


def choose_ahead(recipe: Recipe, device: Device) -> Choice:
    """Whether batches are made ahead: `auto` does for a GPU."""
    worth = "" if device.kind == "cuda" else "the processor that computes would make them"
    return choose(recipe.training.speed.prefetch, "", worth=worth)


class Ahead(DataLoader[dict[str, Any]]):
    """A loader whose next batches are read, collated and pinned while a step computes.

    One thread, so the order stays; no process, which would have to be started anew in every epoch
    and would not hear of the next epoch's order on Windows.
    """

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The batches of an epoch; see `made_ahead`."""
        return made_ahead(super().__iter__())


def made_ahead(batches: Iterator[dict[str, Any]]) -> Generator[dict[str, Any], None, None]:
    """The batches, in their order, made in a thread; an error comes where its batch would."""
    with ThreadPoolExecutor(1, thread_name_prefix="batches-ahead") as pool:
        waiting = deque(pool.submit(next, batches, None) for _ in range(AHEAD))
        try:
            while (batch := waiting.popleft().result()) is not None:
                waiting.append(pool.submit(next, batches, None))
                yield batch
        finally:
            for each in waiting:
                each.cancel()
