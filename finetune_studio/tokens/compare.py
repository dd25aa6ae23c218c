"""What the same data costs with the tokenizers of several models. Knows no templates."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from finetune_studio.tokens.ahead import encoded_ahead
from finetune_studio.tokens.loading import Offsets, Tokenizer

if TYPE_CHECKING:
    from datasets import Dataset
    from tokenizers import Encoding

BATCH = 1000
SYLLABLE = re.compile("[가-힣]")
HANGUL = re.compile("[가-힣ᄀ-ᇿ]")
"""Syllables, and the letters that decomposed ones are written with."""


@dataclass(frozen=True)
class Compared:
    """What the data costs with one tokenizer.

    Attributes:
        model: The model's name, as it was given.
        rows: Rows that were read.
        characters: Code points in them, without templates and special tokens.
        syllables: Hangul syllables among them; decomposed ones count as one each.
        tokens: Tokens of all rows.
        hangul_tokens: Those that write a syllable or a part of one.
        unknown: Those that stand for something which the tokenizer cannot write.
        relative_cost: Tokens against those of the cheapest tokenizer, from 1.
    """

    model: str
    rows: int
    characters: int
    syllables: int
    tokens: int
    hangul_tokens: int
    unknown: int
    relative_cost: float

    @property
    def tokens_per_character(self) -> float:
        """Tokens for each code point."""
        return self.tokens / max(1, self.characters)

    @property
    def tokens_per_row(self) -> float:
        """Tokens for each row."""
        return self.tokens / max(1, self.rows)

    @property
    def tokens_per_syllable(self) -> float | None:
        """Tokens that write Hangul for each syllable; None where there is no Hangul."""
        return self.hangul_tokens / self.syllables if self.syllables else None

    def as_dict(self) -> dict[str, Any]:
        """As the command line's contract prints it."""
        return {
            **asdict(self),
            "tokens_per_character": self.tokens_per_character,
            "tokens_per_row": self.tokens_per_row,
            "tokens_per_syllable": self.tokens_per_syllable,
        }


@dataclass
class _Sum:
    """What was counted with one tokenizer."""

    tokenizer: Tokenizer
    unknown_id: int | None = field(init=False)
    tokens: int = 0
    hangul: int = 0
    unknown: int = 0

    def __post_init__(self) -> None:
        own = getattr(self.tokenizer.backend.model, "unk_token", None)
        self.unknown_id = self.tokenizer.id_of(own or self.tokenizer.named.get("unk_token"))

    def encode(self, texts: Sequence[str]) -> "list[Encoding]":
        """The texts without special tokens, over all cores."""
        return self.tokenizer.backend.encode_batch(list(texts), add_special_tokens=False)

    def add(self, texts: Sequence[str], encoded: "Sequence[Encoding]") -> None:
        """Count the tokens of some texts."""
        for text, each in zip(texts, encoded, strict=True):
            self.tokens += len(each)
            if HANGUL.search(text):
                self.hangul += _writing_hangul(text, each.offsets)
            if self.unknown_id is not None:
                self.unknown += each.ids.count(self.unknown_id)


def compare(
    models: Sequence[tuple[str, Tokenizer]],
    rows: "Dataset",
    progress: Callable[[int], None] = lambda done: None,
) -> list[Compared]:
    """Tokenise all rows with every tokenizer.

    Args:
        models: Names and tokenizers, in the order of the answer.
        rows: In a task's columns: `messages`, of which the contents are read, or `text`.
        progress: Called with the rows done, after every batch; what it raises ends the comparison.
    """
    sums = [_Sum(tokenizer) for _, tokenizer in models]
    characters = syllables = done = 0
    for (texts, size), encoded in encoded_ahead(
        _contents(rows), lambda batch: [each.encode(batch[0]) for each in sums]
    ):
        characters += sum(map(len, texts))
        syllables += sum(map(_syllables, texts))
        for each, made in zip(sums, encoded, strict=True):
            each.add(texts, made)
        done += size
        progress(done)
    cheapest = max(1, min((each.tokens for each in sums), default=1))
    return [
        Compared(
            name,
            done,
            characters,
            syllables,
            each.tokens,
            each.hangul,
            each.unknown,
            each.tokens / cheapest,
        )
        for (name, _), each in zip(models, sums, strict=True)
    ]


def _contents(rows: "Dataset") -> Iterator[tuple[list[str], int]]:
    column = "messages" if "messages" in rows.column_names else "text"
    for table in rows.with_format("arrow", columns=[column]).iter(batch_size=BATCH):
        values = table.column(column).to_pylist()
        if column == "messages":
            values = [turn["content"] for turns in values for turn in turns]
        yield [value for value in values if value], len(table)


def _syllables(text: str) -> int:
    if not HANGUL.search(text):
        return 0
    return len(SYLLABLE.findall(unicodedata.normalize("NFC", text)))


def _writing_hangul(text: str, offsets: Offsets) -> int:
    """Tokens whose place has Hangul in it."""
    before = [0, *accumulate("가" <= sign <= "힣" or "ᄀ" <= sign <= "ᇿ" for sign in text)]
    return [before[end] > before[start] for start, end in offsets].count(True)
