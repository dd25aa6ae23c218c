"""What the same data costs with the tokenizers of several models. Knows no templates."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from finetune_studio import collector
from finetune_studio.data.ahead import worked_ahead
from finetune_studio.tokens.loading import Tokenizer
from finetune_studio.tokens.writing import Texts, Tokens, Writing

if TYPE_CHECKING:
    from datasets import Dataset

BATCH = 2000


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


class _Sum:
    """What was counted with one tokenizer."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer, self._writing = tokenizer, Writing(tokenizer)
        own = getattr(tokenizer.backend.model, "unk_token", None)
        self._unknown = tokenizer.id_of(own or tokenizer.named.get("unk_token"))
        self.tokens = self.hangul = self.unknown = 0

    def encode(self, texts: Sequence[str]) -> Tokens:
        """The texts' tokens without special ones, over all cores."""
        made = self._tokenizer.encodings(texts, add_special_tokens=False, places=False)
        return Tokens.of(each.ids for each in made)

    def add(self, given: Texts, tokens: Tokens) -> None:
        """Count the tokens of some texts."""
        self.tokens += len(tokens.ids)
        if given.has_hangul:
            self.hangul += self._writing.hangul(given, tokens)
        if self._unknown is not None:
            self.unknown += int((tokens.ids == self._unknown).sum())


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
    batches = worked_ahead(_contents(rows), lambda batch: [each.encode(batch[0]) for each in sums])
    with collector.at_rest():
        for (texts, size), encoded in batches:
            given = Texts(texts)
            characters += len(given.points)
            syllables += given.syllables
            for each, made in zip(sums, encoded, strict=True):
                each.add(given, made)
            done += size
            progress(done)
    cheapest = max(1, min((each.tokens for each in sums), default=1))
    written = done, characters, syllables
    return [
        Compared(name, *written, each.tokens, each.hangul, each.unknown, each.tokens / cheapest)
        for (name, _), each in zip(models, sums, strict=True)
    ]


def _contents(rows: "Dataset") -> Iterator[tuple[list[str], int]]:
    column = "messages" if "messages" in rows.column_names else "text"
    for table in rows.with_format("arrow", columns=[column]).iter(batch_size=BATCH):
        values = table.column(column).combine_chunks()
        if column == "messages":
            values = values.flatten().field("content")
        yield [value for value in values.to_pylist() if value], len(table)
