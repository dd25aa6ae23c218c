"""How commands print: one JSON document, or lines for a person."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    print(json.dumps(document, ensure_ascii=False, indent=2))


def line(text: str = "") -> None:
    """One line for a person on stdout."""
    print(text, flush=True)


def note(text: str) -> None:
    """One line beside the output, on stderr."""
    print(text, file=sys.stderr, flush=True)


def quoted(path: Path) -> str:
    """A path as it is typed on this system's command line."""
    text = str(path)
    return subprocess.list2cmdline([text]) if sys.platform == "win32" else shlex.quote(text)


def table(rows: list[list[str]]) -> None:
    """Rows in columns as wide as their widest cell; a Hangul syllable takes two places."""
    widths = [max(width(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (c + " " * (w - width(c)) for c, w in zip(row, widths, strict=True))
        line("  ".join(cells).rstrip())


def width(text: str) -> int:
    """Places that a text takes on a terminal."""
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def fitted(text: str, columns: int) -> str:
    """The text, cut with an ellipsis where it is wider than so many columns of a terminal."""
    if width(text) <= columns:
        return text
    kept, taken = [], 1  # the ellipsis
    for sign in text:
        taken += width(sign)
        if taken > columns:
            break
        kept.append(sign)
    return "".join(kept).rstrip() + "…"
