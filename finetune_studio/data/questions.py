"""A few questions of the held-out rows, to be answered while a model learns. Knows no model."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

FEW = 3
LONGEST = 240  # characters: more is no question to read beside a curve
LOOKED_AT = 400  # rows
BEGINNING = 12  # words of a text that is to be gone on with


def questions(rows: Sequence[Mapping[str, Any]], kind: str, seed: int) -> tuple[str, ...]:
    """The same few for the same rows.

    Args:
        rows: Held-out rows in the task's columns: `messages`, or `text`.
        kind: The task's kind: `chat`, `text` or `classify`.
        seed: Which of them are taken.
    """
    chosen = random.Random(seed)
    found = list(dict.fromkeys(_asked(_some(rows, chosen), kind)))
    return tuple(found[:FEW])


def _some(rows: Sequence[Mapping[str, Any]], chosen: random.Random) -> Iterator[Mapping[str, Any]]:
    for index in chosen.sample(range(len(rows)), min(LOOKED_AT, len(rows))):
        yield rows[index]


def _asked(rows: Iterator[Mapping[str, Any]], kind: str) -> Iterator[str]:
    for row in rows:
        text = _first_words(row, kind).strip()
        if text and len(text) <= LONGEST and "\n" not in text:  # the field has one a line
            yield text


def _first_words(row: Mapping[str, Any], kind: str) -> str:
    """What a person says first; the text to judge; the beginning of a text to go on with."""
    if kind == "chat":
        said = [each for each in row["messages"] if each["role"] == "user"]
        return str(said[0]["content"]) if len(said) == 1 else ""
    text = str(row["text"])
    return text if kind == "classify" else " ".join(text.split()[:BEGINNING])
