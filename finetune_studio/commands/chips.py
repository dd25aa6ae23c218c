"""Tokens on a terminal: whole characters side by side, what is learned named beside them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from finetune_studio.commands.output import line, table, width
from finetune_studio.i18n import mark, tr

if TYPE_CHECKING:
    from finetune_studio.tokens.chips import Chip
    from finetune_studio.tokens.compare import Compared
    from finetune_studio.tokens.hangul import Reading
    from finetune_studio.tokens.loading import Tokenizer
    from finetune_studio.tokens.preview import Preview

COLUMNS = 80
HEADS = (
    mark("model"),
    mark("tokens"),
    mark("per row"),
    mark("per character"),
    mark("per syllable"),
    mark("cost"),
)
LISTED = 64
"""Up to so many tokens are listed one a line, with their ids."""
STATES = {
    "learned": mark("learned"),
    "given": mark("given"),
    "cut": mark("cut"),
    "padding": mark("padding"),
}


def show_text(tokenizer: "Tokenizer", reading: "Reading") -> None:
    """Print a text's tokens: in a row, one by one where they are few, and what they come to."""
    from finetune_studio.tokens.chips import of_reading
    from finetune_studio.tokens.preview import round_trip

    chips = list(of_reading(reading))
    for row in wrapped(chips, COLUMNS):
        line(row)
    line()
    if len(reading.tokens) <= LISTED:
        _list(chips)
    count, characters = len(reading.tokens), len(reading.text)
    share = count / max(1, characters)
    text = tr("{tokens:,} tokens for {characters:,} characters: {share:.2f} a character.")
    line(text.format(tokens=count, characters=characters, share=share))
    if round_trip(tokenizer, reading) == reading.text:
        line(tr("The ids come back to the same text."))
    else:
        line(tr("The ids come back to another text: the tokenizer changes what it reads."))


def show_preview(preview: "Preview") -> None:
    """Print a row's tokens under what becomes of them."""
    from finetune_studio.tokens.chips import of_preview
    from finetune_studio.tokens.examples import PROBLEMS

    margin = max(width(tr(name)) for name in STATES.values()) + 2
    for state, chips in groupby(of_preview(preview), key=lambda chip: chip.state):
        label = tr(STATES[state])
        for row in wrapped(chips, COLUMNS - margin):
            line(label + " " * (margin - width(label)) + row)
            label = ""
    line()
    text = tr("{learned:,} tokens are learned, {given:,} given, {cut:,} cut off.")
    learned, given, cut = (preview.count(state) for state in ("learned", "given", "cut"))
    line(text.format(learned=learned, given=given, cut=cut))
    if preview.label:
        line(tr("The label “{label}” is learned.").format(label=preview.label))
    if len(preview.starts) > 1:
        text = tr("The text goes on over {count:,} sequences.")
        line(text.format(count=len(preview.starts)))
    if preview.problem:
        why = tr(PROBLEMS[preview.problem])
        line(tr("The row is not trained on: {why}.").format(why=why))


def show_compared(found: Sequence["Compared"]) -> None:
    """Print what the data costs with each tokenizer, in a table."""
    rows = [
        [
            shortened(each.model, 22),
            f"{each.tokens:,}",
            f"{each.tokens_per_row:,.1f}",
            f"{each.tokens_per_character:.3f}",
            "–" if each.tokens_per_syllable is None else f"{each.tokens_per_syllable:.3f}",
            f"× {each.relative_cost:.2f}",
        ]
        for each in found
    ]
    table([[tr(head) for head in HEADS], *rows])
    first = found[0]
    text = tr("{rows:,} rows, {characters:,} characters, {syllables:,} Hangul syllables.")
    line(text.format(rows=first.rows, characters=first.characters, syllables=first.syllables))
    for each in found:
        if each.unknown:
            text = tr("{model}: {count:,} tokens stand for what it cannot write.")
            line(text.format(model=each.model, count=each.unknown))


def wrapped(chips: Iterable["Chip"], room: int) -> Iterator[str]:
    """Chips with a space between them, in lines of at most `room` places."""
    held: list[str] = []
    for chip in chips:
        text = shortened(chip.text, room)
        if held and width(" ".join([*held, text])) > room:
            yield " ".join(held)
            held = []
        held.append(text)
        if chip.ends_line:
            yield " ".join(held)
            held = []
    if held:
        yield " ".join(held)


def shortened(text: str, room: int) -> str:
    """The text where it fits into `room` places, else its end behind an ellipsis."""
    if width(text) <= room:
        return text
    while width(text) > room - 1:
        text = text[1:]
    return f"…{text}"


def _list(chips: Sequence["Chip"]) -> None:
    from finetune_studio.tokens.chips import visible

    rows = [[tr("place"), "id", tr("writes"), tr("character")]]
    for chip in chips:
        for number, (index, part) in enumerate(zip(chip.ids, chip.parts, strict=True)):
            whole = chip.text if chip.split and number == 0 else ""
            rows.append([str(chip.first + number), str(index), visible(part), whole])
    table([[shortened(cell, 34) for cell in row] for row in rows])
    line()
