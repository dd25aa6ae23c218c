"""What the tokenizer page shows, reckoned in a process beside the window. Knows no widget.

The functions here run there; what they have opened stays open until another recipe is asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune_studio.errors import StudioError
from finetune_studio.recipe.schema import Recipe
from finetune_studio.tokens.chips import Chip

if TYPE_CHECKING:
    from finetune_studio.tokens.compare import Compared
    from finetune_studio.tokens.lengths import Lengths
    from finetune_studio.tokens.loading import Tokenizer
    from finetune_studio.tokens.preview import Previewer

MOST_COMPARED = 5  # tokenizers beside the model's own
COMPARED_ROWS = 500
MOST_TOKENS = 4000  # of a row; reading more would take longer than the eye waits


@dataclass(frozen=True)
class RowView:
    """A row as the trainer gets it.

    Attributes:
        chips: Its tokens.
        learned: How many are learned.
        given: How many are only read.
        cut: How many are cut off.
        padding: Places it is filled up with beside the rows that follow it.
        ends: Whether the end of an answer is learned.
        end: The end-of-turn token's own text; empty where there is none.
        text: What was tokenised: of a chat, the template as it is rendered.
        comes_back: Whether the ids come back to the same text.
        label: The label that is learned, of a classification.
        problem: Why it is not trained on, in words; else empty.
    """

    chips: tuple[Chip, ...]
    learned: int
    given: int
    cut: int
    padding: int
    ends: bool
    end: str
    text: str
    comes_back: bool
    label: str
    problem: str


@dataclass(frozen=True)
class TextView:
    """A text with its tokens.

    Attributes:
        chips: Its tokens.
        tokens: How many.
        comes_back: Whether the ids come back to the same text.
    """

    chips: tuple[Chip, ...]
    tokens: int
    comes_back: bool


@dataclass(frozen=True)
class Known:
    """What is known of the rows and the tokenizer once they are open.

    Attributes:
        rows: How many rows there are; 0 without data.
        specials: The control tokens by their names, each with its text and its id.
        vocabulary: Entries in the vocabulary.
        template: The chat template in use; None where the task has none.
        trouble: Why there are no rows, where there should be some.
    """

    rows: int
    specials: tuple[tuple[str, str, int | None], ...]
    vocabulary: int
    template: str | None
    trouble: StudioError | None


@dataclass(frozen=True)
class Opened:
    """A recipe's rows and its tokenizer, opened once and asked for many rows."""

    recipe: Recipe
    tokenizer: "Tokenizer"
    rows: Sequence[Mapping[str, Any]]
    labels: tuple[str, ...]
    trouble: StudioError | None = None

    @cached_property
    def previewer(self) -> "Previewer":
        """Shows rows."""
        from finetune_studio.tokens.preview import Previewer

        return Previewer(self.recipe, self.tokenizer, self.labels, MOST_TOKENS)


_open: list[Opened] = []  # the newest one, in this process


def _opened(recipe: Recipe) -> Opened:
    if not _open or _open[0].recipe != recipe or _open[0].trouble:  # told in the language of then
        _open[:] = [open_views(recipe)]
    return _open[0]


def known(recipe: Recipe) -> Known:
    """Open a recipe's rows and tokenizer.

    Raises:
        StudioError: The model's tokenizer cannot be had.
    """
    from finetune_studio.tokens.supervision import template_of

    opened = _opened(recipe)
    tokenizer, trouble = opened.tokenizer, opened.trouble
    try:
        template = template_of(recipe, tokenizer)
    except StudioError as error:
        template, trouble = None, trouble or error
    named = {name: tokenizer.id_of(text) for name, text in tokenizer.named.items()}
    specials = tuple((name, tokenizer.named[name], number) for name, number in named.items())
    return Known(len(opened.rows), specials, tokenizer.vocab_size, template, trouble)


def row(recipe: Recipe, number: int) -> RowView:
    """A row as the trainer gets it.

    Raises:
        StudioError: It cannot be rendered.
    """
    from finetune_studio.i18n import tr
    from finetune_studio.tokens.chips import of_preview
    from finetune_studio.tokens.examples import PROBLEMS
    from finetune_studio.tokens.preview import round_trip

    opened = _opened(recipe)
    beside = range(number, min(len(opened.rows), number + recipe.training.batch_size))
    shown = opened.previewer.batch([opened.rows[each] for each in beside])[0]
    chips = tuple(of_preview(shown))
    learned = [chip for chip in chips if chip.state == "learned"]
    return RowView(
        chips,
        shown.count("learned"),
        shown.count("given"),
        shown.count("cut"),
        0 if recipe.training.packing else shown.count("padding"),
        shown.ends,
        learned[-1].text if learned and shown.ends else "",
        shown.reading.text,
        round_trip(opened.tokenizer, shown.reading) == shown.reading.text,
        shown.label,
        " ".join((tr(PROBLEMS[shown.problem]), shown.detail)).strip() if shown.problem else "",
    )


def text(recipe: Recipe, written: str) -> TextView:
    """A text of the person's own.

    Raises:
        RefusedError: It holds half a character.
    """
    from finetune_studio.tokens.chips import of_reading
    from finetune_studio.tokens.preview import read_text, round_trip
    from finetune_studio.tokens.spelling import Spelling

    tokenizer = _opened(recipe).tokenizer
    reading = read_text(tokenizer, Spelling(tokenizer), written)
    back = round_trip(tokenizer, reading) == reading.text
    return TextView(tuple(of_reading(reading)), len(reading.tokens), back)


def lengths(recipe: Recipe) -> "Lengths":
    """How long the rows are.

    Raises:
        RefusedError: The task needs a chat template and there is none that works.
    """
    from finetune_studio.gui import apart
    from finetune_studio.tokens.lengths import count

    opened = _opened(recipe)
    rows: Any = opened.rows
    return count(recipe, opened.tokenizer, rows, lambda done: apart.tell(done / len(rows)))


def compared(recipe: Recipe, folders: Sequence[str]) -> list["Compared"]:
    """What the rows cost with this tokenizer, with others on this disk, and those of folders.

    Raises:
        RefusedError: A folder holds no tokenizer.
    """
    from finetune_studio.tokens.compare import compare
    from finetune_studio.tokens.loading import load_tokenizer

    opened = _opened(recipe)
    own = recipe.model.source
    asked = [(name, load_tokenizer(Path(name))) for name in folders if name != own]
    models = [(own, opened.tokenizer), *asked, *_others({own, *folders})]
    rows: Any = opened.rows
    return compare(models, rows.select(range(min(COMPARED_ROWS, len(rows)))))


def open_views(recipe: Recipe) -> Opened:
    """Open the tokenizer and the rows of a recipe.

    Raises:
        StudioError: The model's tokenizer cannot be had.
    """
    from finetune_studio.catalog.resolve import resolve_without_weights
    from finetune_studio.data.usable import read_part
    from finetune_studio.tokens.loading import load_tokenizer
    from finetune_studio.tokens.supervision import label_names

    model = recipe.model
    folder = resolve_without_weights(model.source, model.revision, model.trust_remote_code)
    tokenizer = load_tokenizer(folder)
    if not recipe.data.files:
        return Opened(recipe, tokenizer, (), ())
    try:
        rows = read_part(recipe.data, recipe.data.files, recipe.task.kind).rows
        return Opened(recipe, tokenizer, rows, label_names(recipe, rows))
    except StudioError as error:
        return Opened(recipe, tokenizer, (), (), error)


def _others(known_already: set[str]) -> list[tuple[str, "Tokenizer"]]:
    """The demo's tokenizer, and those of the catalogue that are on this disk."""
    from finetune_studio.catalog.entries import entries
    from finetune_studio.catalog.figures import known_model
    from finetune_studio.catalog.resolve import DEMO
    from finetune_studio.tokens.loading import load_tokenizer

    found: list[tuple[str, Tokenizer]] = []
    for name in (DEMO, *(each.id for each in entries())):
        if name in known_already or len(found) == MOST_COMPARED:
            continue
        try:
            folder = known_model(name).folder
            if folder is not None:
                found.append((name, load_tokenizer(folder)))
        except StudioError:
            continue  # not on this disk, or not whole
    return found
