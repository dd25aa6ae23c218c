"""Which tokens an answer has, by the special tokens around it. Knows ids and texts, no places.

To make the places of all tokens takes a tokenizer a quarter of its time, and most conversations do
not need them: a special token is a token of its own wherever it stands in a text, so that the
first one in the text is the first one among the ids. What a template writes between such a token
and an answer is known by its ids. Where anything differs the places have to be asked for.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, count
from typing import Any

from finetune_studio.tokens.loading import Tokenizer
from finetune_studio.tokens.places import Span
from finetune_studio.tokens.spelling import parts_of

LEADS, LONGEST = 64, 64
"""Texts between a special token and an answer that are remembered; code points in one."""
SPLITS = ("Isolated", "MergedWithPrevious", "MergedWithNext")
"""How a text may be split so that nothing of it is lost."""


class Between:
    """Finds the tokens of spans that special tokens enclose."""

    def __init__(self, tokenizer: Tokenizer, marks: Mapping[str, int]) -> None:
        """Prepare for a tokenizer.

        Args:
            tokenizer: One that `writes_plainly`.
            marks: Its special tokens and their ids, at least one.
        """
        self._pattern = re.compile(_any_of(marks))
        self._marks, self._ids = dict(marks), frozenset(marks.values())
        self._tokenizer = tokenizer
        self._leads: dict[str, list[int] | None] = {}

    def find(self, ids: Sequence[int], text: str, spans: Sequence[Span]) -> list[Span] | None:
        """Runs `(first, behind the last)` of the tokens of spans of code points.

        None where the ids and the text alone do not say it.
        """
        found = [*self._pattern.finditer(text)]
        places = [*compress(count(), map(self._ids.__contains__, ids))]
        if [self._marks[mark[0]] for mark in found] != [ids[place] for place in places]:
            return None
        ends = [mark.end() for mark in found]
        runs: list[Span] = []
        for start, stop in spans:
            before, last = bisect_right(ends, start) - 1, bisect_left(ends, stop)
            if before < 0 or last == len(ends) or ends[last] != stop:
                return None
            first = self._behind(ids, places[before] + 1, text[ends[before] : start])
            if first is None:
                return None
            first = max(first, runs[-1][1]) if runs else first
            if first <= places[last]:
                runs.append((first, places[last] + 1))
        return runs

    def _behind(self, ids: Sequence[int], place: int, lead: str) -> int | None:
        """The first token behind a text that begins at a token's place."""
        if not lead:
            return place
        if lead not in self._leads:
            if len(lead) > LONGEST or len(self._leads) == LEADS:
                return None
            self._leads[lead] = self._spelt(lead)
        known = self._leads[lead]
        fits = known is not None and ids[place : place + len(known)] == known
        return place + len(known) if known is not None and fits else None

    def _spelt(self, lead: str) -> list[int] | None:
        """Its ids; None where they do not say it letter for letter."""
        ids, _ = self._tokenizer.encode(lead, add_special_tokens=False)
        same = self._tokenizer.decode(ids, skip_special_tokens=False) == lead
        return ids if same else None


def between_of(tokenizer: Tokenizer) -> Between | None:
    """What finds answers by a tokenizer's special tokens; None where those do not suffice."""
    added = tokenizer.backend.get_added_tokens_decoder().items()
    alone = (
        (token.content, index)
        for index, token in added
        if token.special
        and not (token.normalized or token.lstrip or token.rstrip or token.single_word)
    )
    marks = {content: index for content, index in alone if content}
    return Between(tokenizer, marks) if marks and writes_plainly(tokenizer) else None


def _any_of(words: Iterable[str]) -> str:
    """A pattern for the longest of some words; how several begin alike is looked at once.

    Some models have hundreds of special tokens, which would be tried one after the other.
    """
    rests: dict[str, list[str]] = {}
    for word in words:
        rests.setdefault(word[:1], []).append(word[1:])
    ends = "" in rests
    made = [re.escape(first) + _any_of(rest) for first, rest in rests.items() if first]
    if len(made) > 1 or (made and ends):
        return f"(?:{'|'.join(made)})" + ("?" if ends else "")
    return "".join(made)


def writes_plainly(tokenizer: Tokenizer) -> bool:
    """Whether the tokens of a text are all of it, with nothing put before it or taken away."""
    backend = tokenizer.backend
    return all(map(_plain, (*parts_of(backend.normalizer), *parts_of(backend.pre_tokenizer))))


def _plain(part: Mapping[str, Any]) -> bool:
    match part["type"]:
        case "Sequence" | "NFC" | "Digits":
            return True
        case "ByteLevel":
            return not part["add_prefix_space"]
        case "Split":
            return part["behavior"] in SPLITS
        case "Replace":  # one sign for another, as SentencePiece's for a blank
            return len(part["pattern"].get("String", "")) == len(part["content"]) == 1
    return False
