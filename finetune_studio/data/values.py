"""What the values of a column look like in a sample: text, labels, conversations."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from finetune_studio.data.written import turns_in

NO_TEXT = 80  # characters; a label is shorter


def present(values: Sequence[Any]) -> list[Any]:
    """The values that are there: no null, no NaN, no blank text."""
    return [value for value in values if not is_missing(value)]


def is_missing(value: Any) -> bool:
    """Whether a value stands for nothing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return isinstance(value, str) and not value.strip()


def are_text(values: Sequence[Any]) -> bool:
    """Whether nearly all values are text, and more than numbers written as text."""
    there = present(values)
    texts = [v for v in there if isinstance(v, str) and any(sign.isalpha() for sign in v)]
    return bool(there) and len(texts) >= 0.8 * len(there)


def are_labels(values: Sequence[Any]) -> bool:
    """Whether the values are short, and few different ones come again and again."""
    there = present(values)
    if not there or any(isinstance(value, (list, dict)) for value in there):
        return False
    different = {str(value) for value in there}
    short = all(len(each) < NO_TEXT for each in different)
    return short and len(different) <= max(2, min(50, len(there) // 2))


def length(values: Sequence[Any]) -> float:
    """The mean length of the values as text, in characters."""
    there = present(values)
    return sum(len(str(value)) for value in there) / max(len(there), 1)


def turns_of(value: Any) -> list[Any] | None:
    """A conversation as a list of turns, also of one written as a text; None where it is none."""
    if isinstance(value, str):
        value = turns_in(value)
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(turn, Mapping) for turn in value):
        return value if not _are_exchanges(value) else _alternating(_exchanged(value))
    return None


def texts_in_turn(value: Any) -> list[Any] | None:
    """A list of at least two texts as turns, the person's first; None where it is no such list."""
    if isinstance(value, list) and len(value) > 1 and all(isinstance(v, str) for v in value):
        return _alternating(value)
    return None


def _are_exchanges(value: list[Any]) -> bool:
    """Whether each entry holds a question and its answer, as `input` and `output`."""
    return all({"input", "output"} <= set(entry) for entry in value)


def _exchanged(value: list[Any]) -> list[Any]:
    return [entry[part] for entry in value for part in ("input", "output")]


def _alternating(said: list[Any]) -> list[Any]:
    """What two sides said in turn, the person first."""
    return [
        {"role": ("user", "assistant")[place % 2], "content": content}
        for place, content in enumerate(said)
    ]


def are_texts_in_turn(values: Sequence[Any]) -> bool:
    """Whether nearly all values are lists of at least two texts."""
    there = present(values)
    fitting = [value for value in there if texts_in_turn(value)]
    return bool(there) and len(fitting) >= 0.8 * len(there)


def turn_names(values: Sequence[Any]) -> tuple[str, str] | None:
    """The names under which turns keep role and content; None where these are no conversations."""
    there = present(values)
    turns = [turns_of(value) for value in there]
    first = [turn[0] for turn in turns if turn]
    if not first or len(first) < 0.8 * len(there):
        return None
    for names in (
        ("role", "content"),
        ("from", "value"),
        ("speaker", "text"),
        ("role", "text"),
        ("role", "parts"),
        ("역할", "내용"),
        ("화자", "발화"),
    ):
        if all(name in first[0] for name in names):
            return names
    return None
