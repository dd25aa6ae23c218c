"""JSON in all its layouts as rows: lines, an array, an object with one list inside, one object.

Read value by value, so that a file of any size needs the memory of one row.
"""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from finetune_studio.data.encoding import open_text
from finetune_studio.data.files import inner_ending
from finetune_studio.data.readers.layouts import questions_of, rows_within
from finetune_studio.data.readers.limits import ROW, bounded_lines, too_long
from finetune_studio.data.readers.scanner import (
    DECODER,
    Scanner,
    TooLargeError,
    broken,
    reason,
)
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

SHOWN = 40
"""Characters that are shown of what is no row."""
BLANKS = "\ufeff \t\r\n"

Row = tuple[dict[str, Any], int]


def read_json(path: Path, encoding: str) -> Iterator[Row]:
    """The file's rows.

    Raises:
        RefusedError: The JSON is broken (with its line), or holds no rows.
    """
    with open_text(path, encoding) as file:
        by_lines = _is_lines(file, path)
    with open_text(path, encoding) as file:
        yield from _lines(file, path) if by_lines else _values(Scanner(file, path), path)


def _is_lines(file: io.TextIOWrapper, path: Path) -> bool:
    first = _filled_line(file)
    if len(first) > ROW or not first.startswith(("{", '"')):
        return False
    try:
        DECODER.decode(first)
    except (ValueError, RecursionError):
        return False
    return inner_ending(path) != ".json" or bool(_filled_line(file))


def _filled_line(file: io.TextIOWrapper) -> str:
    while line := file.readline(ROW + 1):
        if text := line.strip(BLANKS):
            return text
    return ""


def _lines(file: io.TextIOWrapper, path: Path) -> Iterator[Row]:
    for number, line in bounded_lines(file, path):
        text = line.strip(BLANKS)
        if not text:
            continue
        try:
            value = _decoded(text)
        except (ValueError, RecursionError) as error:
            raise broken(path, number, reason(error)) from error
        yield _row(value, path, number), len(text)


def _decoded(text: str) -> Any:
    """The value of a text without blanks around it: straight by the scanner where all is well."""
    try:
        value, end = DECODER.scan_once(text, 0)  # type: ignore[attr-defined]
    except StopIteration:
        end = -1
    return value if end == len(text) else DECODER.decode(text)


def _values(scan: Scanner, path: Path) -> Iterator[Row]:
    start = scan.peek()
    if not start:
        return
    if start == "[":
        yield from _single(_array(scan, path))
        scan.end()
        return
    try:
        first, size = scan.value()
    except TooLargeError:
        yield from _streamed(scan, path)
        return
    if scan.peek():
        yield _row(first, path, 1), size
        yield from _following(scan, path)
    elif isinstance(first, dict):
        yield from _single((row, size) for row in rows_within(first, path))
    else:
        yield _row(first, path, 1), size


def _following(scan: Scanner, path: Path) -> Iterator[Row]:
    while sign := scan.peek():
        if sign == ",":
            scan.take(",")
        yield _next(scan, path)


def _single(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows; an article with questions below it as a row for each question."""
    for row, size in rows:
        for one in questions_of(row):
            yield one, size


def _array(scan: Scanner, path: Path) -> Iterator[Row]:
    scan.take("[")
    if scan.peek() == "]":
        scan.take("]")
        return
    while True:
        yield _next(scan, path)
        if scan.take(",]") == "]":
            return


def _next(scan: Scanner, path: Path) -> Row:
    line = scan.line
    try:
        value, size = scan.value()
    except TooLargeError as error:
        raise scan.too_large() from error
    return _row(value, path, line), size


def _streamed(scan: Scanner, path: Path) -> Iterator[Row]:
    """The rows of a large object's one list of objects; its other values are passed over."""
    lists = 0
    start = scan.line
    if scan.peek() != "{":
        raise scan.too_large()
    sign = scan.take("{")
    while sign != "}":
        try:
            scan.value()
            scan.take(":")
            if scan.peek() == "[":
                lists += 1
                yield from _single(_array(scan, path))
            else:
                scan.value()
        except TooLargeError as error:
            raise scan.too_large() from error
        sign = scan.take(",}")
    scan.end()
    if lists != 1:
        raise too_long(path, start)


def _row(value: Any, path: Path, line: int) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        return {"text": value}
    if isinstance(value, list) and value and all(isinstance(turn, dict) for turn in value):
        return {"messages": value}
    raise RefusedError(
        tr("“{name}” does not hold rows.").format(name=path.name),
        tr("At line {line} stands {value} where an object with named values should.").format(
            line=line, value=_begun(json.dumps(value, ensure_ascii=False, default=str))
        ),
        tr('Each row should look like {"question": "…", "answer": "…"}.'),
    )


def _begun(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
