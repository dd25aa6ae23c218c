"""Says how far a long piece of work is: JSON lines for the window, a line for a terminal."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from finetune_studio.i18n import Told, tr

OFTEN = 0.2  # seconds between two lines


class Progress:
    """The progress of work in several parts, each with a weight."""

    def __init__(self, parts: dict[str, float], *, lines: bool) -> None:
        """Begin.

        Args:
            parts: The names of the parts, in order, and how long each takes beside the others.
            lines: Whether to print JSON lines on stdout; else a line is kept on a terminal's
                stderr, and elsewhere each part is told once.
        """
        self._parts, self._lines = parts, lines
        self._begun = time.monotonic()
        self._last = 0.0
        self._told = ""

    def part(self, name: str, words: str) -> Callable[[int, int], None]:
        """What to call with how much of this part is done, of how much."""
        names = list(self._parts)
        before = sum(self._parts[each] for each in names[: names.index(name)])
        total = sum(self._parts.values())

        def tell(done: int, of: int) -> None:
            within = done / max(1, of)
            self._tell(name, words, (before + within * self._parts[name]) / total, done, of)

        return tell

    def close(self) -> None:
        """Leave the terminal's line."""
        if not self._lines and sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)  # noqa: T201

    def _tell(self, name: str, words: str, share: float, done: int, of: int) -> None:
        now = time.monotonic()
        if now - self._last < OFTEN and done < of:
            return
        self._last = now
        spent = now - self._begun
        left = spent / share - spent if share > 0.02 else None
        if self._lines:
            document: dict[str, Any] = {"part": name, "words": words, "done": done, "of": of}
            document |= {"share": round(share, 4), "seconds_left": left and round(left, 1)}
            document |= {"source": words.source()} if isinstance(words, Told) else {}
            print(json.dumps({"progress": document}, ensure_ascii=False), flush=True)  # noqa: T201
        elif sys.stderr.isatty():
            line = tr("{share:.0%}  {words}: {done:,} of {of:,}")
            said = line.format(share=share, words=words, done=done, of=of)
            if left is not None:
                said += " · " + tr("{seconds:,.0f} s left").format(seconds=left)
            print(f"\r\033[K{said}", end="", file=sys.stderr, flush=True)  # noqa: T201
        elif self._told != name:
            self._told = name
            print(words, file=sys.stderr, flush=True)  # noqa: T201
