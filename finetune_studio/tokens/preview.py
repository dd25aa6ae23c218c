"""What the model would learn from a row: each token learned, given or cut, whole characters joined.

The labels are the very ones that the trainer gets, from supervision.py; the part that is cut off
comes from the same function without a limit. Knows no Qt and no terminal.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.recipe.schema import Recipe
from finetune_studio.tokens.examples import IGNORED, Example
from finetune_studio.tokens.hangul import Reading, align
from finetune_studio.tokens.loading import Tokenizer
from finetune_studio.tokens.spelling import Spelling
from finetune_studio.tokens.supervision import supervisor_of

State = Literal["learned", "given", "cut", "padding"]
UNLIMITED = 2**31
"""A sequence length that cuts nothing."""


@dataclass(frozen=True)
class Preview:
    """A row as the trainer would get it.

    Attributes:
        reading: Its text, tokens and groups, those that are cut off included; only the first of
            them where the previewer shows so many.
        states: For each token, shown or not: `learned`, `given` (read, not learned) or `cut`.
        starts: Token positions at which a sequence begins; a long text is several.
        padding: Places that the row is filled up with in its batch.
        ends: Whether the last thing learned is the end of an answer or text.
        label: The label that is learned; empty but for `classify`.
        problem: A code of `examples.PROBLEMS`: the row is not trained on; else empty.
        detail: The template's own reason, where it refuses the row.
    """

    reading: Reading
    states: tuple[State, ...]
    starts: tuple[int, ...] = (0,)
    padding: int = 0
    ends: bool = False
    label: str = ""
    problem: str = ""
    detail: str = ""

    @property
    def hidden(self) -> int:
        """How many tokens at the end are not shown."""
        return len(self.states) - len(self.reading.tokens)

    def count(self, state: State) -> int:
        """How many tokens are in a state."""
        return self.padding if state == "padding" else self.states.count(state)


class Previewer:
    """Shows rows of one recipe with one tokenizer."""

    def __init__(
        self, recipe: Recipe, tokenizer: Tokenizer, labels: Sequence[str] = (), shown: int = 0
    ) -> None:
        """Prepare for a recipe.

        Args:
            recipe: What the person decided.
            tokenizer: The model's own.
            labels: For `classify`: the labels of the data, by `supervision.label_names`.
            shown: Tokens of a row that are shown at most; 0 for all. About 5,000 take 50 ms.

        Raises:
            RefusedError: The task needs a chat template and there is none that works.
        """
        self._real = supervisor_of(recipe, tokenizer, labels)
        self._whole = supervisor_of(recipe, tokenizer, labels, sequence_length=UNLIMITED)
        self._spelling = Spelling(tokenizer)
        self._labels = tuple(labels)
        self._shown = shown

    def row(self, row: Mapping[str, Any]) -> Preview:
        """One row in its task's columns: `messages`, `text`, or `text` and `label`."""
        return self.batch([row])[0]

    def batch(self, rows: Sequence[Mapping[str, Any]]) -> list[Preview]:
        """Rows that are trained on together, filled up to the longest of them."""
        made: list[list[Example]] = [[] for _ in rows]
        for number, example in self._real.numbered(rows):
            made[number].append(example)
        longest = max((len(each.input_ids) for row in made for each in row), default=0)
        wholes = self._whole.rows(rows)
        return [self._preview(*each, longest) for each in zip(made, wholes, strict=True)]

    def _preview(self, made: Sequence[Example], whole: Example, longest: int) -> Preview:
        states: list[State] = ["cut"] * len(whole.input_ids)
        starts = []
        here = 0
        for example in made:
            starts.append(here)
            for position, label in zip(
                _positions(example, whole, here), example.labels, strict=True
            ):
                states[position] = "given" if label == IGNORED else "learned"
            here += len(example.input_ids)
        reading = self._reading(whole)
        first, last = (made[0], made[-1]) if made else (whole, whole)
        return Preview(
            reading,
            tuple(states),
            tuple(starts),
            sum(longest - len(each.input_ids) for each in made if each.input_ids),
            last.ends,
            self._labels[first.label] if first.label >= 0 else "",
            first.problem,
            first.detail,
        )

    def _reading(self, whole: Example) -> Reading:
        size = self._shown or len(whole.input_ids)
        ids, offsets = whole.input_ids[:size], whole.offsets[:size]
        text = whole.text
        if size < len(whole.input_ids):
            text = text[: max((end for _, end in offsets), default=0)]
        return align(self._spelling, text, ids, offsets)


def read_text(tokenizer: Tokenizer, spelling: Spelling, text: str) -> Reading:
    """A text with its tokens, as the model would be given it.

    Raises:
        RefusedError: It holds half a character, which no tokenizer takes.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RefusedError(
            tr("The text holds half a character at position {place}.").format(place=error.start),
            tr("It was read in another encoding than it was written in."),
            tr("Write the text anew, or save it as UTF-8."),
        ) from error
    ids, offsets = tokenizer.encode(text, add_special_tokens=True)
    return align(spelling, text, ids, offsets)


def round_trip(tokenizer: Tokenizer, reading: Reading) -> str:
    """The text that the ids come back to, without the special tokens that were added."""
    ids = [t.id for t in reading.tokens if not (t.special and t.start == t.end)]
    return tokenizer.decode(ids, skip_special_tokens=False)


def _positions(example: Example, whole: Example, start: int) -> Iterator[int]:
    """Where an example's tokens stand in the uncut row; a closing special token keeps the end."""
    ids, size = whole.input_ids, len(example.input_ids)
    if example.input_ids == ids[start : start + size]:
        return iter(range(start, start + size))
    kept = [*range(start, start + size - 1), len(ids) - 1]
    assert example.input_ids == [ids[position] for position in kept]
    return iter(kept)
