"""Where answers stand, by what a template writes around the turns. Knows no tokens.

That depends on the turns' roles, and seldom on their words. So it is found once for each order of
roles, by rendering placeholders, and a conversation's text that is just that, with its own words
in their places, need not be rendered again to know where they stand.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from finetune_studio.tokens.places import Span
from finetune_studio.tokens.templates import TemplateError

Messages = Sequence[Mapping[str, Any]]
TURN = re.compile("\x05turn[0-9]+\x05")
"""What stands for a turn's words."""
SHAPES, TURNS = 256, 16
"""Orders of roles that are remembered; turns in one."""


@dataclass(frozen=True)
class Shape:
    """What a template writes for one order of roles.

    Attributes:
        parts: What stands around the turns; every second is empty, for a turn's words.
        answers: For each answer its turn, the code points that the template writes before it, how
            many of these are the lead, and how many behind it are its end.
    """

    parts: tuple[str, ...]
    answers: tuple[tuple[int, int, int, int], ...]

    def with_words(self, words: Sequence[str]) -> str:
        """The text of a conversation with these words."""
        parts = [*self.parts]
        parts[1::2] = words
        return "".join(parts)

    def spans(self, words: Sequence[str]) -> tuple[Span, ...]:
        """The answers in that text, in code points, from their lead to behind their end."""
        said = [*accumulate(map(len, words), initial=0)]
        return tuple(
            (before + said[turn] - lead, before + said[turn + 1] + end)
            for turn, before, lead, end in self.answers
        )


class Shapes:
    """The shapes of conversations that one template renders."""

    def __init__(self, render: Callable[[Messages], str], lead: str, end: str) -> None:
        """Remember nothing yet.

        Args:
            render: Gives the text of a conversation.
            lead: What the template writes between the generation prompt and an answer.
            end: What it ends an answer with.
        """
        self._render, self._lead, self._end = render, lead, end
        self._known: dict[tuple[str, ...], Shape | None] = {}

    def answers(self, text: str, messages: Messages) -> tuple[Span, ...] | None:
        """The spans of the answers in a conversation's text.

        None where the template does more with the words than to write them, trimmed or as they
        are, or looks at more than roles and words: then the text alone does not say it.
        """
        words = [turn["content"] for turn in messages]
        shape = self._of(tuple([turn["role"] for turn in messages]))
        if shape is None or sum(map(len, messages)) != 2 * len(words):
            return None
        try:
            if shape.with_words(words) == text:
                return shape.spans(words)
            words = [each.strip() for each in words]
            return shape.spans(words) if shape.with_words(words) == text else None
        except (TypeError, AttributeError):  # words that are no text
            return None

    def _of(self, roles: tuple[str, ...]) -> Shape | None:
        if roles not in self._known:
            if len(roles) > TURNS or len(self._known) == SHAPES:
                return None
            self._known[roles] = self._found(roles)
        return self._known[roles]

    def _found(self, roles: Sequence[str]) -> Shape | None:
        """None unless every placeholder is there once, in order, and enough stands around it."""
        places = [f"\x05turn{number}\x05" for number in range(len(roles))]
        turns = [
            {"role": role, "content": place} for role, place in zip(roles, places, strict=True)
        ]
        try:
            text = self._render(turns)
        except TemplateError:
            return None
        if TURN.findall(text) != places:
            return None
        around = TURN.split(text)
        answers = []
        for turn, role in enumerate(roles):
            if role == "assistant":
                before, behind = around[turn], around[turn + 1]
                # Were it less, a turn's words might be taken for the lead or the end.
                more = len(self._lead) if "assistant" in roles[turn + 1 : turn + 2] else 0
                if len(before) < len(self._lead) or len(behind) < len(self._end) + more:
                    return None
                lead = len(self._lead) if before.endswith(self._lead) else 0
                end = len(self._end) if behind.startswith(self._end) else 0
                answers.append((turn, sum(map(len, around[: turn + 1])), lead, end))
        parts = [""] * (2 * len(around) - 1)
        parts[::2] = around
        return Shape(tuple(parts), tuple(answers))
