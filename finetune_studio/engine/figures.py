"""What a step has seen, and its figures on their way from the GPU.

Who reads a number of a GPU waits until all that was sent before it is computed; and then the GPU
waits, for the next step is not sent yet. So a step's figures are copied behind its own work, and
read when the step after it is on its way.
"""

import math
from collections import deque
from dataclasses import dataclass

import torch
from torch import distributed


@dataclass(frozen=True)
class Figures:
    """What is told of a step.

    Attributes:
        loss: Mean loss over what the whole step learned, in all processes.
        grad_norm: Length of the gradient before it is clipped.
        accuracy: Share of right guesses; None where nothing was learned.
        fed: Tokens that all processes were fed, padding not counted.
    """

    loss: float
    grad_norm: float
    accuracy: float | None
    fed: int


class OnTheirWay:
    """Figures of one step that may not be computed yet."""

    def __init__(self, values: torch.Tensor) -> None:
        """Send for them.

        Args:
            values: `[5]`: loss, right guesses, what was learned, tokens fed, length of the
                gradient.
        """
        self._values = values.to("cpu", non_blocking=True)
        self._there = torch.cuda.current_stream().record_event() if values.is_cuda else None

    def read(self) -> Figures:
        """The figures, once they are there."""
        if self._there is not None:
            self._there.synchronize()
        loss, right, counted, fed, norm = self._values.tolist()
        return Figures(loss, norm, right / counted if counted else None, int(fed))


class Meter:
    """Gathers what the batches of a step have seen, in tensors, without reading them.

    Attributes:
        fed: Real tokens of each batch that was made, in their order.
        grad_norm: Length of the step's gradient, as the trainer found it.
    """

    def __init__(self) -> None:
        self.fed: deque[int] = deque()
        self.grad_norm: torch.Tensor | float = math.nan
        self._sums: list[torch.Tensor] = []

    def add(self, loss: torch.Tensor, right: torch.Tensor, counted: torch.Tensor) -> None:
        """Add one batch: its part of the step's loss, right guesses, what it learned (scalars)."""
        self._sums.append(torch.stack([each.detach().float() for each in (loss, right, counted)]))

    def close(self, processes: int = 1) -> OnTheirWay:
        """The figures of the step that ends here, over all processes."""
        sums = torch.stack(self._sums).sum(0)
        fed = sum(self.fed.popleft() for _ in self._sums)
        sums = torch.cat([sums, sums.new_full((1,), fed)])
        if processes > 1:
            distributed.all_reduce(sums)
        self._sums.clear()
        norm = torch.as_tensor(self.grad_norm, dtype=sums.dtype, device=sums.device)
        return OnTheirWay(torch.cat([sums, norm[None]]))
