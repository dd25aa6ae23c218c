"""Orders to a trainer: appended by whoever watches, read by the trainer between two steps."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, cast, get_args

from finetune_studio.runs.lines import LineReader, LineWriter, Unreadable, unreadable

Order = Literal["pause", "go-on", "stop-and-save", "cancel"]


def give(path: Path, order: Order) -> None:
    """Append an order.

    Raises:
        ValueError: There is no such order.
        OSError: The disk is full or gone.
    """
    if order not in get_args(Order):
        raise ValueError(f"no such order: {order}")
    with LineWriter(path) as writer:
        writer.write(json.dumps({"order": order, "time": time.time()}))


class OrderReader:
    """Takes the orders that have come since it last looked; the trainer's end."""

    def __init__(self, path: Path) -> None:
        self._lines = LineReader(path)

    def read(self) -> Iterator[Order | Unreadable]:
        """Yield every new order, oldest first; a broken line as `Unreadable`."""
        return (_order(line) for line in self._lines.read() if line.strip())


def _order(line: bytes) -> Order | Unreadable:
    try:
        document = json.loads(line.decode("utf-8"))
        order = document.get("order") if isinstance(document, dict) else None
        if order not in get_args(Order):
            return unreadable(line, "no such order")
    except (ValueError, RecursionError, TypeError) as error:
        return unreadable(line, error)
    return cast("Order", order)
