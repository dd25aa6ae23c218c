"""Whether a layer is being computed again, for its gradients alone. Knows no layer."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch


class Again:
    """What holds at this moment; a backward pass is in one thread at a time.

    Attributes:
        now: Whether a layer is being computed again.
        filler: What is put in place of values that nobody reads; None leaves the memory as it is.
    """

    now = False
    filler: float | None = None


@contextmanager
def again() -> Iterator[None]:
    """While a layer is computed again."""
    before, Again.now = Again.now, True
    try:
        yield
    finally:
        Again.now = before


def passes() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """The two passes of a layer, as `torch.utils.checkpoint` wants to hear of them."""
    return nullcontext(), again()


def unread(rows: torch.Tensor, size: int) -> torch.Tensor:
    """Memory for values that nobody reads, `[m, size]`, in place of a product of `rows`."""
    made = rows.new_empty(len(rows), size)
    return made if Again.filler is None else made.fill_(Again.filler)
