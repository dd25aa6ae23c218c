"""The last lines of a trainer's log, fit to be shown. Knows nothing of what they mean."""

import re
from collections.abc import Sequence
from pathlib import Path

TAIL_BYTES = 65_536
WARNING = re.compile(r".+:\d+: \w*Warning: ")
"""How Python writes a warning: the file, the line, the kind; the source stands indented below."""


def last_lines(path: Path, count: int, offset: int = 0) -> list[str]:
    """The last lines that say something; of a line that a progress bar drew over, its last state.

    Args:
        path: The log; without one there are no lines.
        count: How many lines at most.
        offset: Where this trainer's words begin, in bytes.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(offset if offset <= size else 0, size - TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return []
    lines = (line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.split("\n"))
    return [line for line in lines if line][-count:]


def without_warnings(lines: Sequence[str]) -> tuple[list[str], int]:
    """The lines that are no library's warning to programmers, and how many warnings there were."""
    kept: list[str] = []
    warnings, inside = 0, False
    for line in lines:
        if WARNING.match(line):
            warnings, inside = warnings + 1, True
        elif not (inside and line.startswith("  ")):
            inside = False
            kept.append(line)
    return kept, warnings
