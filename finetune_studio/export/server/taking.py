"""Takes a model's tokens as they come and gives text on: until it ends, a stop, or the length."""

import threading
from collections.abc import Callable, Sequence
from typing import Literal

from finetune_studio.export.server.model import Served

Reason = Literal["stop", "length"]


class Taking:
    """One answer in the making.

    Attributes:
        tokens: Tokens written so far.
        reason: Why it ended: `stop` (the model ended it, or a stop was said) or `length`.
    """

    def __init__(
        self, model: Served, stops: Sequence[str], most: int, say: Callable[[str], None]
    ) -> None:
        """Prepare.

        Args:
            model: Whose tokens they are.
            stops: Texts that end the answer and are not part of it.
            most: The most tokens.
            say: Hears the text, piece by piece.
        """
        self._model, self._stops, self._most, self._say = model, stops, most, say
        self._spelling = model.spelling()
        self._held = ""
        self._gone = threading.Event()
        self.tokens = 0
        self.reason: Reason = "length"

    def give_up(self) -> None:
        """Nobody listens any more; may be called from another thread."""
        self._gone.set()

    @property
    def given_up(self) -> bool:
        """Whether nobody listens."""
        return self._gone.is_set()

    def hear(self, token: int) -> bool:
        """Take one token; whether that is enough."""
        if self._gone.is_set():
            return True
        self.tokens += 1
        if self._model.ends(token):
            self.reason = "stop"
            return True
        self._held += self._spelling.step(token)
        return self._stopped() or self.tokens >= self._most

    def finish(self) -> None:
        """Say what was held back: it did not become a stop."""
        if self._held and not self._gone.is_set():
            self._say(self._held)
        self._held = ""

    def _stopped(self) -> bool:
        places = [place for stop in self._stops if (place := self._held.find(stop)) >= 0]
        if places:
            self._held = self._held[: min(places)]
            self.reason = "stop"
            return True
        kept = max((_begun(self._held, stop) for stop in self._stops), default=0)
        sure = self._held[: len(self._held) - kept]
        if sure:
            self._say(sure)
            self._held = self._held[len(sure) :]
        return False


def _begun(text: str, stop: str) -> int:
    """How many of the text's last letters may be the beginning of a stop."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
