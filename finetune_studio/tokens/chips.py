"""Groups of tokens as chips: what is to be seen of each, blanks and control characters included.

Knows neither window nor terminal; both draw the same chips.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from finetune_studio.tokens.hangul import Reading
from finetune_studio.tokens.preview import Preview, State

SEEN = {" ": "·", "\n": "⏎", "\t": "⇥", "\r": "␍", "\u00a0": "⍽", "\u3000": "□"}
NAMED = ("Cc", "Cf", "Zl", "Zp", "Co", "Cn")
"""Categories of characters that are shown by their number: nothing else can be seen of them."""


@dataclass(frozen=True, slots=True)
class Chip:
    """One group as it is drawn.

    Attributes:
        text: What is shown: never empty, no blanks.
        ids: The ids of its tokens.
        parts: What each token writes, pieces of a character as `<ED><95>`.
        states: The state of each token; they differ where a cut goes through a character.
        special: Whether it is a control token.
        ends_line: Whether the text goes to a new line after it.
        first: The position of its first token.
    """

    text: str
    ids: tuple[int, ...]
    parts: tuple[str, ...]
    states: tuple[State, ...]
    special: bool
    ends_line: bool
    first: int

    @property
    def state(self) -> State:
        """The state of its first token."""
        return self.states[0]

    @property
    def split(self) -> bool:
        """Whether several tokens had to be joined."""
        return len(self.ids) > 1


def of_reading(reading: Reading, states: Sequence[State] = ()) -> Iterator[Chip]:
    """The chips of a text; without states every token is given."""
    for group in reading.groups:
        if not group.tokens:
            continue  # a text that the tokenizer drops
        tokens = [reading.tokens[position] for position in group.tokens]
        special = tokens[0].special
        written = group.text or "".join(token.text for token in tokens)
        yield Chip(
            visible(written),
            tuple(token.id for token in tokens),
            tuple(token.text for token in tokens),
            tuple(states[p] if states else "given" for p in group.tokens),
            special,
            group.text.endswith("\n"),
            group.tokens[0],
        )


def of_preview(preview: Preview) -> Iterator[Chip]:
    """The chips of a row."""
    return of_reading(preview.reading, preview.states)


@lru_cache(maxsize=1 << 16)  # the same tokens come again and again
def visible(text: str) -> str:
    """The text with a sign for every character that could not be seen."""
    shown = "".join(_visible(sign) for sign in text)
    alone = bool(shown) and unicodedata.category(shown[0]).startswith("M")
    return f"◌{shown}" if alone else shown


def _visible(sign: str) -> str:
    if sign in SEEN:
        return SEEN[sign]
    if unicodedata.category(sign) in NAMED:
        return f"<U+{ord(sign):04X}>"
    return "·" if sign.isspace() else sign
