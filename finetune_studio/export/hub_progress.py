"""How far an upload is. The Hub's client tells it to progress bars alone, so ours stand in.

Two names of huggingface_hub that are not public are replaced; a test notices where they are gone.
"""

import importlib
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from finetune_studio.catalog.progress import Meter

WAITS = re.compile(r"(?:Waiting|Retrying in) ([\d.]+)s")
"""What the client logs before it sleeps."""


class Movement:
    """Adds up what is sent, and remembers when something moved last.

    Attributes:
        meter: Tells the progress on.
        moved: When something moved last, by `time.monotonic`.
    """

    def __init__(self, meter: Meter) -> None:
        self.meter, self.moved = meter, time.monotonic()
        self._of_files: dict[str, int] = {}

    def add(self, file: str, came: int, size: int) -> None:
        """Note that so many bytes of a file went up."""
        if came > 0:
            self.moved = time.monotonic()
            done = self._of_files[file] = self._of_files.get(file, 0) + came
            self.meter.add(Path(file).name, came, done, max(size, done + 1))

    def reach(self, file: str, done: int, size: int) -> None:
        """Note how much of a file is up."""
        self.add(file, done - self._of_files.get(file, 0), size)

    def begin_again(self) -> None:
        """Another attempt: what is up already is told again."""
        self.meter.done = 0
        self._of_files.clear()


@contextmanager
def watched(movement: Movement, waits: Callable[[float], None]) -> Iterator[None]:
    """While it is entered, uploads of the Hub's client are told.

    Args:
        movement: Hears what goes up.
        waits: Hears for how many seconds the client waits before another attempt.
    """
    bars: Any = importlib.import_module("huggingface_hub.utils.tqdm")
    reports: Any = importlib.import_module("huggingface_hub.utils._xet_progress_reporting")
    utils: Any = importlib.import_module("huggingface_hub.utils")
    before = bars.tqdm, utils.tqdm, reports.XetUploadProgressReporter
    bar = _bar(bars.tqdm, movement)
    bars.tqdm, utils.tqdm = bar, bar
    reports.XetUploadProgressReporter = lambda *_, **__: _Reporter(movement)
    logger, hearing = logging.getLogger("huggingface_hub"), _Hearing(waits)
    logger.addHandler(hearing)
    for quiet in (each for each in logger.handlers if each is not hearing):
        quiet.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.removeHandler(hearing)
        bars.tqdm, utils.tqdm, reports.XetUploadProgressReporter = before


def _bar(kind: Any, movement: Movement) -> type:
    class Bar(kind):  # type: ignore[misc]
        """The client's own progress bar of a file, which says what it hears and draws nothing."""

        def __init__(self, *args: Any, **options: Any) -> None:
            self._told = (options.get("unit"), options.get("desc"), options.get("total"))
            super().__init__(*args, **{**options, "disable": True})

        def update(self, n: float | None = 1) -> None:
            unit, name, size = self._told
            if unit == "B":
                movement.add(str(name), int(n or 0), int(size or 0))

    return Bar


class _Reporter:
    """What Xet uploads report to."""

    def __init__(self, movement: Movement) -> None:
        self._movement = movement

    def update_progress(self, group: Any, items: Any) -> None:
        """Hear how far each file is; called from a thread of the client."""
        for each in items.values():
            self._movement.reach(each.item_name, each.bytes_completed, each.total_bytes)
        if group.total_transfer_bytes_completed:
            self._movement.moved = time.monotonic()

    def close(self) -> None:
        """Nothing to close."""


class _Hearing(logging.Handler):
    def __init__(self, waits: Callable[[float], None]) -> None:
        super().__init__(logging.WARNING)
        self._waits = waits

    def emit(self, record: logging.LogRecord) -> None:
        if found := WAITS.search(record.getMessage()):
            self._waits(float(found[1]))
