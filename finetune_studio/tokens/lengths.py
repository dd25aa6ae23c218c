"""How long rows are in tokens, what a sequence length costs, and what packing saves.

Counts over all rows, in the memory of a batch and of one number for each length that occurs.
Lengths are those of supervision.py (a test holds the two equal); places and labels, which take most
of its time, are not made here.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from finetune_studio.data.ahead import worked_ahead
from finetune_studio.i18n import mark, tr
from finetune_studio.recipe.schema import Recipe
from finetune_studio.tokens.loading import Tokenizer
from finetune_studio.tokens.packing import Array, best_fit, expected_longest
from finetune_studio.tokens.supervision import Supervisor, supervisor_of
from finetune_studio.tokens.templates import TemplateError, render

if TYPE_CHECKING:
    from datasets import Dataset

BATCH = 2000
WHOLE = 0.99
"""The share of rows that a suggested length leaves whole."""
STEP = 64
"""Suggested lengths are multiples of this; GPUs compute in tiles of at least 8."""
LONG_TEXT = 2048
"""Tokens in a piece of long texts, where the model reads more."""
STRETCH = 1.5
"""A longest row of up to so many times the suggested length is kept whole as well."""


@dataclass(frozen=True)
class Cut:
    """What a sequence length does to the rows.

    Attributes:
        length: The sequence length in tokens.
        rows: Rows that are longer; of raw text, rows that become several pieces.
        tokens: Tokens that are lost; none of raw text, which goes on in the next piece.
        row_share: Of all rows, 0 to 1.
        token_share: Of all tokens, 0 to 1.
    """

    length: int
    rows: int
    tokens: int
    row_share: float
    token_share: float


@dataclass(frozen=True)
class Suggestion:
    """A sequence length, and why.

    Attributes:
        length: In tokens.
        text: The reason, to be translated; `{name}` places are filled from `values`.
        values: What fills the places.
    """

    length: int
    text: str
    values: dict[str, Any]

    @property
    def reason(self) -> str:
        """The reason in the language in use."""
        return tr(self.text).format(**self.values)


@dataclass(frozen=True)
class Packing:
    """What packing short rows into one sequence saves.

    Attributes:
        rows: Rows that are learned from, cut to length.
        sequences: Sequences that they fill.
        filled: The share of places in these that hold a token, 0 to 1.
        filled_unpacked: The same for batches filled up to their longest row.
        gain: How many times fewer places are computed with packing.
    """

    rows: int
    sequences: int
    filled: float
    filled_unpacked: float
    gain: float


@dataclass(frozen=True)
class Lengths:
    """How many rows there are of each length.

    Attributes:
        values: Lengths in tokens that occur, in order.
        counts: For each how many rows have it.
        refused: Rows that cannot be rendered, or are empty.
        in_pieces: Whether a longer row goes on in the next sequence (raw text).
    """

    values: Array
    counts: Array
    refused: int = 0
    in_pieces: bool = False

    @property
    def rows(self) -> int:
        """Rows that were counted."""
        return int(self.counts.sum())

    @property
    def tokens(self) -> int:
        """Tokens in all rows, nothing cut."""
        return int(self.values @ self.counts)

    @property
    def longest(self) -> int:
        """The longest row, in tokens; 0 without rows."""
        return int(self.values[-1]) if len(self.values) else 0

    def quantile(self, share: float) -> int:
        """The length, in tokens, that a share of rows (0 to 1) does not exceed."""
        if not len(self.values):
            return 0
        reached = np.searchsorted(np.cumsum(self.counts), share * self.rows)
        return int(self.values[min(int(reached), len(self.values) - 1)])

    def histogram(self, bins: int = 40, upto: int = 0) -> tuple[Array, Array]:
        """Edges `[bins + 1]` from 0 and rows `[bins]` of each; what is beyond `upto` is left out.

        Edges are whole tokens, equally far apart.
        """
        width = max(1, -(-(upto or self.longest + 1) // bins))
        edges: Array = np.arange(bins + 1, dtype=np.int64) * width
        rows, _ = np.histogram(self.values, edges, weights=self.counts)
        beyond = int(self.counts[self.values == edges[-1]].sum())  # numpy's last bin is closed
        rows[-1] -= beyond
        return edges, rows.astype(np.int64)

    def cut(self, length: int) -> Cut:
        """What a sequence length, in tokens, costs."""
        longer = self.values > length
        rows = int(self.counts[longer].sum())
        lost = int(((self.values - length) * self.counts)[longer].sum())
        lost = 0 if self.in_pieces else lost
        return Cut(length, rows, lost, rows / max(1, self.rows), lost / max(1, self.tokens))

    def suggest(self, limit: int = 0) -> Suggestion:
        """The sequence length that suits the rows; `limit` is what the model can read, or 0."""
        wanted = max(STEP, _rounded(self.quantile(WHOLE)))
        if self.longest <= STRETCH * wanted:
            wanted = max(STEP, _rounded(self.longest))
        if self.in_pieces:
            wanted = min(wanted, LONG_TEXT)
        length = min(wanted, limit or wanted)
        values = {
            "length": length,
            "longest": self.longest,
            "limit": limit,
            "cut": self.cut(length).rows,
            "share": 1 - self.cut(length).row_share,
        }
        return Suggestion(length, self._reason(length, wanted), values)

    def packing(self, length: int, batch_size: int) -> Packing:
        """What packing saves at a sequence length, against batches of so many rows."""
        values, counts = self._at(length)
        rows, tokens = int(counts.sum()), int(values @ counts)
        if not tokens:
            return Packing(rows, 0, 0.0, 0.0, 1.0)
        sequences = best_fit(values, counts, length)
        unpacked = expected_longest(values, counts, batch_size) * rows
        packed = sequences * length
        return Packing(rows, sequences, tokens / packed, tokens / unpacked, unpacked / packed)

    def as_dict(self, length: int, batch_size: int, limit: int = 0) -> dict[str, Any]:
        """The figures that are shown, for a sequence length and a batch size."""
        edges, rows = self.histogram()
        cut, pack = self.cut(length), self.packing(length, batch_size)
        suggestion = self.suggest(limit)
        return {
            "rows": self.rows,
            "refused": self.refused,
            "tokens": self.tokens,
            "longest": self.longest,
            "quantiles": {f"{q:g}": self.quantile(q) for q in (0.5, 0.9, 0.95, 0.99)},
            "histogram": {"edges": edges.tolist(), "rows": rows.tolist()},
            "cut": {"length": length, "rows": cut.rows, "tokens": cut.tokens},
            "suggested": {"length": suggestion.length, "reason": suggestion.reason},
            "packing": {"sequences": pack.sequences, "filled": pack.filled,
                        "filled_unpacked": pack.filled_unpacked, "gain": pack.gain},
        }  # fmt: skip

    def _at(self, length: int) -> tuple[Array, Array]:
        """Lengths and counts of the sequences that rows become."""
        if not self.in_pieces:
            return _gathered(np.minimum(self.values, length), self.counts)
        whole = int((self.values // length * self.counts).sum())
        rest = self.values % length
        return _gathered(np.append(rest, length), np.append(self.counts * (rest > 0), whole))

    def _reason(self, length: int, wanted: int) -> str:
        if length < wanted and not self.in_pieces:
            return mark("The model reads at most {limit:,} tokens; {cut:,} rows are cut.")
        if self.longest <= length:
            return mark(
                "The longest row has {longest:,} tokens, so that nothing is cut at {length:,}."
            )
        if self.in_pieces:
            return mark("Longer texts go on in the next sequence; nothing of them is lost.")
        return mark(
            "{share:.1%} of the rows stay whole at {length:,}; the longest has {longest:,} tokens,"
            " and room for it would be taken by few."
        )


def count(
    recipe: Recipe,
    tokenizer: Tokenizer,
    rows: "Dataset",
    progress: Callable[[int], None] = lambda done: None,
) -> Lengths:
    """Count the tokens of all rows, as the recipe's task renders them.

    Args:
        recipe: What the person decided; its sequence length plays no part.
        tokenizer: The model's own.
        rows: In the task's columns: `messages`, or `text`.
        progress: Called with the rows done, after every batch; what it raises ends the count.

    Raises:
        RefusedError: The task needs a chat template and there is none that works.
    """
    texts = _Texts(recipe, tokenizer)
    found: Counter[int] = Counter()
    refused = done = 0
    batches = _batches(rows, texts)
    for (rendered, size), sizes in worked_ahead(batches, lambda batch: texts.lengths(batch[0])):
        found.update(sizes)
        refused += size - len(rendered)
        done += size
        progress(done)
    return of_counts(found, refused, in_pieces=recipe.task.kind == "text")


def of_counts(found: Mapping[int, int], refused: int = 0, in_pieces: bool = False) -> Lengths:
    """Lengths from rows by length."""
    values = np.array(sorted(found), dtype=np.int64)
    counts = np.array([found[value] for value in values.tolist()], dtype=np.int64)
    return Lengths(values, counts, refused, in_pieces)


class _Texts:
    """Rows to the texts that are tokenised, and their lengths."""

    def __init__(self, recipe: Recipe, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._chat = recipe.task.kind == "chat"
        supervisor: Supervisor = supervisor_of(recipe, tokenizer)
        self._template = supervisor.template
        self._system = getattr(recipe.task, "system", "")
        end = tokenizer.eos_id if recipe.task.kind == "text" else None
        self._end, self._end_text = end, "" if end is None else tokenizer.token(end)
        if end is not None and tokenizer.encode("a", add_special_tokens=True)[0][-1] == end:
            self._end = None  # the tokenizer adds it by itself
        self.column = "messages" if self._chat else "text"

    def render(self, content: Any) -> str | None:
        """The text of a row; None where the trainer leaves it out."""
        if not self._chat:
            return content if content and content.strip() else None
        if self._system and content[0]["role"] != "system":
            content = [{"role": "system", "content": self._system}, *content]
        try:
            return render(self._template or "", content, tokenizer=self._tokenizer)
        except TemplateError:
            return None

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, over all cores."""
        made = self._tokenizer.backend.encode_batch_fast(
            list(texts), add_special_tokens=not self._chat
        )
        sizes = [len(each) for each in made]
        if self._end is None or not sizes:
            return sizes
        ends = [self._end_text in text and each.ids[-1] == self._end
                for text, each in zip(texts, made, strict=True)]  # fmt: skip
        return [size + (not end) for size, end in zip(sizes, ends, strict=True)]


def _batches(rows: "Dataset", texts: _Texts) -> Iterator[tuple[list[str], int]]:
    """The texts of some rows that can be rendered, and how many rows they are of."""
    for table in rows.with_format("arrow", columns=[texts.column]).iter(batch_size=BATCH):
        contents = table.column(texts.column).to_pylist()
        rendered = [text for text in map(texts.render, contents) if text is not None]
        yield rendered, len(contents)


def _rounded(length: int) -> int:
    return -(-length // STEP) * STEP


def _gathered(values: Array, counts: Array) -> tuple[Array, Array]:
    """Equal values once, with their counts added."""
    unique, places = np.unique(values, return_inverse=True)
    added = np.bincount(places, weights=counts, minlength=len(unique))
    kept = added > 0
    return unique[kept], added[kept].astype(np.int64)
