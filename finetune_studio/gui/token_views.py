"""What the tokenizer page shows, reckoned away from the window's thread. Knows no widget."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finetune_studio.errors import StudioError
from finetune_studio.recipe.schema import Recipe
from finetune_studio.tokens.chips import Chip

if TYPE_CHECKING:
    from finetune_studio.tokens.compare import Compared
    from finetune_studio.tokens.lengths import Lengths
    from finetune_studio.tokens.loading import Tokenizer

MOST_COMPARED = 5  # tokenizers beside the model's own
COMPARED_ROWS = 500


@dataclass(frozen=True)
class RowView:
    """A row as the trainer gets it.

    Attributes:
        chips: Its tokens.
        learned: How many are learned.
        given: How many are only read.
        cut: How many are cut off.
        ends: Whether the end of an answer is learned.
        end: The end-of-turn token's own text; empty where there is none.
    """

    chips: tuple[Chip, ...]
    learned: int
    given: int
    cut: int
    ends: bool
    end: str


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
class Opened:
    """A recipe's rows and its tokenizer, opened once and asked for many rows.

    Attributes:
        tokenizer: The model's own.
        rows: In the task's columns; empty without data.
        labels: Of a classification.
        trouble: Why there are no rows, where there should be some.
    """

    recipe: Recipe
    tokenizer: "Tokenizer"
    rows: Sequence[Mapping[str, Any]]
    labels: tuple[str, ...]
    trouble: StudioError | None = None

    def row(self, number: int) -> RowView:
        """A row as the trainer gets it.

        Raises:
            StudioError: It cannot be rendered.
        """
        from finetune_studio.tokens.chips import of_preview
        from finetune_studio.tokens.preview import Previewer

        shown = Previewer(self.recipe, self.tokenizer, self.labels).row(self.rows[number])
        chips = tuple(of_preview(shown))
        learned = [chip for chip in chips if chip.state == "learned"]
        end = learned[-1].text if learned and shown.ends else ""
        counts = (shown.count("learned"), shown.count("given"), shown.count("cut"))
        return RowView(chips, *counts, shown.ends, end)

    def text(self, text: str) -> TextView:
        """A text of the person's own.

        Raises:
            RefusedError: It holds half a character.
        """
        from finetune_studio.tokens.chips import of_reading
        from finetune_studio.tokens.preview import read_text, round_trip
        from finetune_studio.tokens.spelling import Spelling

        reading = read_text(self.tokenizer, Spelling(self.tokenizer), text)
        back = round_trip(self.tokenizer, reading) == reading.text
        return TextView(tuple(of_reading(reading)), len(reading.tokens), back)

    def lengths(self) -> "Lengths":
        """How long the rows are.

        Raises:
            RefusedError: The task needs a chat template and there is none that works.
        """
        from finetune_studio.tokens.lengths import count

        return count(self.recipe, self.tokenizer, self.rows)

    def compared(self) -> list["Compared"]:
        """What the rows cost with this tokenizer and with others that are on this disk."""
        from finetune_studio.tokens.compare import compare

        models = [(self.recipe.model.source, self.tokenizer), *_others(self.recipe.model.source)]
        rows: Any = self.rows
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


def _others(source: str) -> list[tuple[str, "Tokenizer"]]:
    """The demo's tokenizer, and those of the catalogue that are on this disk."""
    from finetune_studio.catalog.entries import entries
    from finetune_studio.catalog.figures import known_model
    from finetune_studio.catalog.resolve import DEMO
    from finetune_studio.tokens.loading import load_tokenizer

    found: list[tuple[str, Tokenizer]] = []
    for name in (DEMO, *(each.id for each in entries())):
        if name == source or len(found) == MOST_COMPARED:
            continue
        try:
            folder = known_model(name).folder
            if folder is not None:
                found.append((name, load_tokenizer(folder)))
        except StudioError:
            continue  # not on this disk, or not whole
    return found
