"""How many tokens write Hangul, in whole batches: by the bytes that tokens and texts have.

Where each token stands need not be asked of the tokenizer, which takes longer than tokenising:
tokens that write as many bytes as their text has stand one behind the other in it. Texts that a
tokenizer changes (normal forms, unknown signs) are looked at token by token.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain
from typing import Any

import numpy as np
import numpy.typing as npt

from finetune_studio.tokens.loading import Offsets, Tokenizer
from finetune_studio.tokens.spelling import Spelling

Array = npt.NDArray[Any]
SYLLABLE = re.compile("[가-힣]")
FIRST, LAST = ord("가"), ord("힣")
LETTERS = ord("ᄀ"), ord("ᇿ")
"""The letters that decomposed syllables are written with."""
BEYOND = 1 << 40
"""More bytes than any text has: a text with such a token is looked at by places."""


@dataclass(frozen=True)
class Texts:
    """Some texts, none of them empty, and what is in them."""

    texts: Sequence[str]

    @cached_property
    def points(self) -> Array:
        """The code points of all, one behind the other."""
        return np.frombuffer("".join(self.texts).encode("utf-32-le"), np.uint32)

    @cached_property
    def _syllables(self) -> Array:
        return (self.points >= FIRST) & (self.points <= LAST)

    @cached_property
    def _letters(self) -> Array:
        return (self.points >= LETTERS[0]) & (self.points <= LETTERS[1])

    @property
    def has_hangul(self) -> bool:
        """Whether there is a syllable or a letter of one."""
        return bool(self._syllables.any() or self._letters.any())

    @cached_property
    def syllables(self) -> int:
        """Hangul syllables; a decomposed one counts as one."""
        if not self._letters.any():
            return int(self._syllables.sum())
        whole = (unicodedata.normalize("NFC", text) for text in self.texts)
        return sum(len(SYLLABLE.findall(text)) for text in whole)

    @cached_property
    def _widths(self) -> Array:
        """Bytes of each code point in UTF-8."""
        points = self.points
        return 1 + (points >= 0x80) + (points >= 0x800) + (points >= 0x10000)

    @cached_property
    def sizes(self) -> Array:
        """Bytes of each text in UTF-8."""
        ends = np.cumsum([0, *map(len, self.texts)])
        return np.diff(np.concatenate([[0], np.cumsum(self._widths)])[ends])

    @cached_property
    def hangul_before(self) -> Array:
        """For each byte of all texts, and behind the last: bytes of Hangul before it."""
        found = np.repeat(self._syllables | self._letters, self._widths)
        return np.concatenate([[0], np.cumsum(found)])


@dataclass(frozen=True)
class Tokens:
    """The tokens of some texts.

    Attributes:
        counts: `[texts]`, how many each has.
        ids: `[tokens]`, of all, one text behind the other.
    """

    counts: Array
    ids: Array

    @classmethod
    def of(cls, ids: Iterable[Sequence[int]]) -> "Tokens":
        """From the ids of each text."""
        each = [*ids]
        counts = np.fromiter(map(len, each), np.int64, len(each))
        return cls(counts, np.fromiter(chain.from_iterable(each), np.int64, int(counts.sum())))


class Writing:
    """What the tokens of one tokenizer write."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer, self._spelling = tokenizer, Spelling(tokenizer)
        own = getattr(tokenizer.backend.model, "unk_token", None)
        self._unknown = tokenizer.id_of(own or tokenizer.named.get("unk_token"))
        self._sizes = np.full(1, -1, np.int64)  # by id, as far as ids have come; -1 is not known
        ids = tokenizer.backend.encode("가", add_special_tokens=False).ids
        self._prefix = int(bool(ids) and self._spelling.raw(ids[0]).startswith(b" "))

    def hangul(self, given: Texts, tokens: Tokens) -> int:
        """How many tokens of some texts write a syllable, a letter or a part of one."""
        counts, texts = tokens.counts, len(tokens.counts)
        rows, sizes = np.repeat(np.arange(texts), counts), self._written(tokens.ids)
        more = np.bincount(rows, sizes, texts).astype(np.int64) - given.sizes
        fits = more == self._added(given)
        begins = np.cumsum(given.sizes) - given.sizes  # of each text, among all bytes
        behind = np.cumsum(sizes)
        own = np.concatenate([[0], behind])[np.cumsum(counts) - counts]  # before each text's tokens
        shift = (begins - own - more)[rows]
        kept = fits[rows]
        stops = (behind + shift)[kept]
        starts = np.maximum(stops - sizes[kept], begins[rows[kept]])
        found = int((given.hangul_before[stops] > given.hangul_before[starts]).sum())
        return found + self._one_by_one([given.texts[n] for n in np.flatnonzero(~fits).tolist()])

    def _added(self, given: Texts) -> Array:
        """Bytes that the tokenizer puts before each text: a space where there is none, or none."""
        spaced = (text.startswith(" ") for text in given.texts)
        return self._prefix * ~np.fromiter(spaced, bool, len(given.texts))

    def _written(self, ids: Array) -> Array:
        """Bytes that each token writes; of one that stands for something else, more than any."""
        if (more := int(ids.max(initial=0)) + 1 - len(self._sizes)) > 0:
            self._sizes = np.concatenate([self._sizes, np.full(more, -1, np.int64)])
        for each in np.unique(ids[self._sizes[ids] < 0]).tolist():
            self._sizes[each] = BEYOND if self._stands(each) else len(self._spelling.raw(each))
        return self._sizes[ids]

    def _stands(self, token_id: int) -> bool:
        """Whether a token stands for something other than what it writes."""
        return token_id in self._spelling.special_ids or token_id == self._unknown

    def _one_by_one(self, texts: Sequence[str]) -> int:
        made = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        return sum(
            by_place(text, [place for n, place in zip(*each, strict=True) if self._may(n)])
            for text, each in zip(texts, made, strict=True)
        )

    def _may(self, token_id: int) -> bool:
        """Whether a token can write Hangul; one that cannot may have the place of a neighbour."""
        return self._stands(token_id) or not self._spelling.raw(token_id).isascii()


def by_place(text: str, offsets: Offsets) -> int:
    """Tokens whose place in the text has Hangul in it."""
    low, high = LETTERS
    before = [0, *accumulate(FIRST <= ord(c) <= LAST or low <= ord(c) <= high for c in text)]
    return [before[end] > before[start] for start, end in offsets].count(True)
