"""The last lines of a trainer's log, fit to be shown. Knows nothing of what they mean."""

from pathlib import Path

TAIL_BYTES = 65_536


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
