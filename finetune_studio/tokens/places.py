"""Which tokens stand within given places of a text. Knows no rows and no labels."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from finetune_studio.tokens.loading import Offsets

if TYPE_CHECKING:
    from tokenizers import Encoding

Span = tuple[int, int]


def inside(encoding: "Encoding", spans: Sequence[Span]) -> list[Span]:
    """Runs `(first, behind the last)` of the tokens that overlap spans of code points.

    The tokenizer finds a place faster than Python goes through them all. Where it knows none (a
    character that no token writes), all are gone through.
    """
    found: list[Span] = []
    for start, stop in spans:
        if start >= stop:
            continue
        first, last = encoding.char_to_token(start), encoding.char_to_token(stop - 1)
        if first is None or last is None or first > last:
            return overlapping(encoding.offsets, spans)
        last += 1
        # A character may be several tokens, of which the first was found.
        while (place := encoding.token_to_chars(last)) is not None and place[0] < stop:
            last += 1
        first = max(first, found[-1][1]) if found else first  # a token may overlap two spans
        if first < last:
            found.append((first, last))
    return found


def overlapping(offsets: Offsets, spans: Sequence[Span]) -> list[Span]:
    """As `inside`, from the place of every token; tokens and spans are in order."""
    return list(_runs(_flags(offsets, spans)))


def _flags(offsets: Offsets, spans: Sequence[Span]) -> Iterator[bool]:
    rest = iter([span for span in spans if span[0] < span[1]])
    start, stop = next(rest, (0, 0))
    for first, last in offsets:
        while stop and first >= stop:
            start, stop = next(rest, (0, 0))
        yield start < last and first < stop


def _runs(flags: Iterator[bool]) -> Iterator[Span]:
    first, place = -1, -1
    for place, yes in enumerate(flags):
        if yes and first < 0:
            first = place
        elif not yes and first >= 0:
            yield first, place
            first = -1
    if first >= 0:
        yield first, place + 1
