"""How long the rest of a run takes, by its latest steps. Knows no clock: it is told the time."""

from collections import deque

FEWEST = 20  # steps that are looked back on


class Pace:
    """Seconds a step, over a window that holds an evaluation where there are any.

    The mean from the beginning would carry slow first steps, or an hour in which other programs
    were busy, through the whole run.
    """

    def __init__(self, window: int) -> None:
        self._marks: deque[float] = deque(maxlen=max(window, FEWEST) + 1)

    def begin(self, now: float) -> None:
        """The first step begins."""
        self._marks.clear()
        self._marks.append(now)

    def step(self, now: float) -> None:
        """A step, with what was measured after it, is over."""
        self._marks.append(now)

    def rested(self, seconds: float) -> None:
        """So long nothing was done, as asked."""
        for index, mark in enumerate(self._marks):
            self._marks[index] = mark + seconds

    def left(self, steps: int) -> float | None:
        """Seconds for so many more steps; None before the first is over."""
        if len(self._marks) < 2:
            return None
        return (self._marks[-1] - self._marks[0]) / (len(self._marks) - 1) * steps
