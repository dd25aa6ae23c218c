"""The trainer's pen and ear: events appended to the run, orders read from it.

Only rank 0 has them.
"""

import os
from types import TracebackType
from typing import Any, Self, get_args

from finetune_studio.runs.events import Event, EventWriter
from finetune_studio.runs.folder import RunFolder, gone
from finetune_studio.runs.orders import OrderReader

KINDS = {kind.kind: kind for kind in get_args(Event)}


class Records:
    """Writes events and reads orders; in every process but the first it does neither."""

    def __init__(self, run: RunFolder) -> None:
        self._first = os.environ.get("RANK", "0") == "0"
        self._writer = EventWriter(run.events) if self._first else None
        self._orders = OrderReader(run.orders)
        self._run = run
        self.step = 0
        if self._first:
            list(self._orders.read())  # orders to an earlier trainer are not for this one

    def emit(self, kind: str, **fields: Any) -> None:
        """Append one event; its step is remembered for the last one."""
        if kind in ("metrics", "checkpoint"):
            self.step = int(fields["step"])
        if self._writer:
            self._writer.append(KINDS[kind](**fields))

    def read_orders(self) -> list[str]:
        """The orders that have come since the last look.

        Raises:
            StudioError: The run's folder is gone; nobody could stop this trainer any more.
        """
        try:
            os.stat(self._run.path)
        except FileNotFoundError:
            raise gone(self._run) from None
        except OSError:
            pass  # a disk that answers again later ends no training
        return [order for order in self._orders.read() if isinstance(order, str)]

    def __enter__(self) -> Self:
        """Nothing to open: the file is."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the event file."""
        if self._writer:
            self._writer.close()
