"""Batches, worked on in threads while the next ones are prepared. Knows neither rows nor work.

It pays where the work lets other Python threads run: numpy, Arrow and tokenizers do.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def worked_ahead(
    batches: Iterable[Given], work: Callable[[Given], Made], threads: int = 1
) -> Iterator[tuple[Given, Made]]:
    """Each batch with what `work` makes of it, in order; one batch more is held than threads.

    What `work` or the batches raise is raised here; the threads end with the iteration.
    """
    waiting: deque[tuple[Given, Future[Made]]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="ahead") as pool:
        try:
            for batch in batches:
                waiting.append((batch, pool.submit(work, batch)))
                if len(waiting) > threads:
                    given, made = waiting.popleft()
                    yield given, made.result()
            while waiting:
                given, made = waiting.popleft()
                yield given, made.result()
        finally:
            for _, unheard in waiting:
                unheard.cancel()
