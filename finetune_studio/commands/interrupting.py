"""Ctrl+C while a run is followed: the first stops it in good order, the second at once.

The run is stopped beside the following, so that its last events are still shown.
"""

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

from finetune_studio.errors import StudioError
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.stopping import Deadlines, stop

AT_ONCE = Deadlines(order=0.0, saving=0.0, leaving=0.0, interrupt=5.0)


class Interrupts:
    """While it is entered, an interrupt stops the run instead of this process."""

    def __init__(self, run: RunFolder, tell: Callable[[int], None]) -> None:
        self._run, self._tell = run, tell
        self._stopping: list[threading.Thread] = []
        self._before: Any = None
        self.failed: StudioError | None = None

    @property
    def happened(self) -> bool:
        """Whether the person interrupted."""
        return bool(self._stopping)

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each in self._stopping:
            each.join()
        signal.signal(signal.SIGINT, self._before)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if len(self._stopping) > 1:
            return  # it is being stopped by force already
        times = len(self._stopping)
        self._stopping.append(threading.Thread(target=self._stop, args=(times,)))
        self._stopping[-1].start()

    def _stop(self, times: int) -> None:
        self._tell(times)  # not in the handler, which may have interrupted a print
        try:
            stop(self._run, deadlines=AT_ONCE if times else None)
        except StudioError as error:
            self.failed = error
