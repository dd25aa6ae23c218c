"""Short pieces of texts that show a finding: one line, about 80 characters."""

import itertools
import re

WIDTH = 80
BEFORE = 20


def excerpt(text: str, place: int = 0) -> str:
    """The text around a place, on one line."""
    start = max(0, place - BEFORE)
    piece = re.sub(r"\s+", " ", text[start : start + WIDTH])
    return f"{'…' if start else ''}{_seen(piece)}{'…' if len(text) > start + WIDTH else ''}"


def ending(text: str) -> str:
    """The text's last characters, on one line."""
    piece = re.sub(r"\s+", " ", text[-WIDTH:])
    return f"{'…' if len(text) > WIDTH else ''}{_seen(piece)}"


def change(before: str, after: str) -> str:
    """What a repair does, around its first change."""
    pairs = itertools.zip_longest(before, after)
    place = next((n for n, (old, new) in enumerate(pairs) if old != new), 0)
    half = WIDTH // 2
    start = max(0, place - BEFORE // 2)
    old, new = (_seen(re.sub(r"\s+", " ", text[start : start + half])) for text in (before, after))
    return f"{old} → {new}"


def _seen(text: str) -> str:
    """Unseen characters by their numbers, so that the eye meets them."""
    return "".join(
        sign if sign.isprintable() or sign == " " else f"<U+{ord(sign):04X}>" for sign in text
    )
