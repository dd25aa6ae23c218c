"""Text and Markdown files as rows of one column, `text`.

A text file with an empty line between two lines of text is cut at empty lines (a row is a
paragraph); without one, every line is a row. A Markdown file is cut before each heading of level
one or two outside of code fences, so that a section stays with its heading.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from finetune_studio.data.encoding import open_text
from finetune_studio.data.readers.limits import bounded_lines

LOOK = 20_000  # lines looked at for an empty one
FENCES = ("```", "~~~")

Row = tuple[dict[str, Any], int]


def read_text(path: Path, encoding: str) -> Iterator[Row]:
    """A row for each paragraph, or for each line where no empty line parts them."""
    with open_text(path, encoding) as file:
        lines = (line.rstrip("\r\n") for _, line in bounded_lines(file, path))
        head = list(itertools.islice(lines, LOOK))
        everything = itertools.chain(head, lines)
        if _has_paragraphs(head):
            yield from _joined(_paragraphs(everything))
        else:
            yield from _joined([line] for line in everything)


def read_markdown(path: Path, encoding: str) -> Iterator[Row]:
    """A row for each section."""
    with open_text(path, encoding) as file:
        lines = (line.rstrip("\r\n") for _, line in bounded_lines(file, path))
        yield from _joined(_sections(lines))


def _has_paragraphs(lines: list[str]) -> bool:
    filled = [bool(line.strip()) for line in lines]
    return True in filled and False in filled[filled.index(True) : _last(filled)]


def _last(filled: list[bool]) -> int:
    return len(filled) - filled[::-1].index(True)


def _paragraphs(lines: Iterator[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for line in lines:
        if line.strip():
            part.append(line)
        elif part:
            yield part
            part = []
    yield part


def _sections(lines: Iterator[str]) -> Iterator[list[str]]:
    part: list[str] = []
    fence = ""
    for line in lines:
        start = line.lstrip()[:3]
        if start in FENCES and fence in ("", start):
            fence = "" if fence else start
        if not fence and line.startswith(("# ", "## ")) and part:
            yield part
            part = []
        part.append(line)
    yield part


def _joined(parts: Iterator[list[str]]) -> Iterator[Row]:
    for part in parts:
        text = "\n".join(part).strip("\ufeff \t\n")
        if text:
            yield {"text": text}, len(text)
