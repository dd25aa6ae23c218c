"""Batches of rows, encoded while the next ones are prepared. Knows neither rows nor tokenizers.

The `tokenizers` library lets other Python threads run while it encodes.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def encoded_ahead(
    batches: Iterable[Given], encode: Callable[[Given], Made]
) -> Iterator[tuple[Given, Made]]:
    """Each batch with what `encode` makes of it, in order; at most two batches are held.

    What `encode` or the batches raise is raised here; the thread ends with the iteration.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="encoder") as encoder:
        waiting: tuple[Given, Future[Made]] | None = None
        for batch in batches:
            coming = batch, encoder.submit(encode, batch)
            if waiting is not None:
                yield waiting[0], waiting[1].result()
            waiting = coming
        if waiting is not None:
            yield waiting[0], waiting[1].result()
