"""CSV and TSV as rows of text: every value stays the text that it is in the file.

A row that does not fit the header stands there empty: nobody knows which of its fields is which.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from finetune_studio.data.encoding import open_text
from finetune_studio.data.files import inner_ending
from finetune_studio.data.readers.dialect import Dialect, find_dialect, has_header, lines_above
from finetune_studio.data.readers.limits import two_of_a_name
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

SAMPLE = 256 << 10
SOME = 50
"""Rows that may not fit the header, however few rows there are."""
MOST = 0.2
"""The share of rows beyond which it is no table of such columns."""

Row = tuple[dict[str, Any], int]


class Ragged(dict[str, Any]):
    """A row that does not fit the header: every column is there, and none has a value.

    Attributes:
        line: Where it stands in the file, from 1.
        found: How many fields it has.
        said: Its fields, joined as they were parted.
    """

    def __init__(self, columns: list[str], line: int, fields: list[str], delimiter: str) -> None:
        super().__init__(dict.fromkeys(columns))
        self.line, self.found, self.said = line, len(fields), delimiter.join(fields)


def read_table(path: Path, encoding: str) -> Iterator[Row]:
    """The file's rows; an empty field is an empty string. A row that fits badly is a `Ragged`.

    Raises:
        RefusedError: Too many rows have more or fewer fields than the header, or one of several
            lines, a quotation mark is never closed, or two columns have one name.
    """
    with open_text(path, encoding) as file:
        sample = _sample(file)
    above = lines_above(sample)
    shown = io.StringIO(sample, newline="")
    for _ in range(above):
        shown.readline()
    dialect = find_dialect(shown.read() if above else sample, inner_ending(path))
    with open_text(path, encoding) as file:
        for _ in range(above):
            file.readline()
        yield from _rows(file, dialect, path, above)


def _sample(file: io.TextIOWrapper) -> str:
    text = file.read(SAMPLE)
    if len(text) < SAMPLE:
        return text
    return text[: text.rfind("\n") + 1] or text


def _rows(file: io.TextIOWrapper, dialect: Dialect, path: Path, above: int) -> Iterator[Row]:
    reader = dialect.reader(file)
    fitting: _Fitting | None = None
    started = above + 1
    try:
        for record in reader:
            if not record or (len(record) == 1 and not record[0].strip("\ufeff \t")):
                started = above + reader.line_num + 1
                continue
            record[0] = record[0].removeprefix("\ufeff")
            if fitting is None:
                fitting = _Fitting(path, _columns(record, path), dialect.delimiter)
                if has_header(record):
                    started = above + reader.line_num + 1
                    continue
            yield fitting.row(record, started, above + reader.line_num), sum(map(len, record))
            started = above + reader.line_num + 1
        if fitting is not None:
            fitting.end()
    except csv.Error as error:
        raise RefusedError(
            tr("“{name}” has a quotation mark that does not close rightly.").format(name=path.name),
            tr("The row that starts at line {line}: {why}.").format(line=started, why=error),
            tr("Double the quotation marks inside quoted text, or save the file as JSONL."),
        ) from error


class _Fitting:
    """Puts fields under the names of columns, and counts the records where that fails."""

    def __init__(self, path: Path, columns: list[str], delimiter: str) -> None:
        self._path, self._columns, self._delimiter = path, columns, delimiter
        self._rows = self._bad = 0
        self._first: Ragged | None = None

    def row(self, record: list[str], line: int, last: int) -> dict[str, Any]:
        """The row of a record that stands on the lines from `line` to `last`.

        Raises:
            RefusedError: It does not fit, and cannot be passed over.
        """
        self._rows += 1
        if len(record) == len(self._columns):
            return dict(zip(self._columns, record, strict=True))
        made = Ragged(self._columns, line, record, self._delimiter)
        self._bad += 1
        self._first = self._first or made
        if last > line:  # no slip: a quotation mark has taken whole rows in
            raise _ragged(self._path, made, len(self._columns))
        self._check(max(SOME, MOST * self._rows))
        return made

    def end(self) -> None:
        """There are no more.

        Raises:
            RefusedError: Most of them did not fit.
        """
        self._check(self._rows / 2)

    def _check(self, most: float) -> None:
        if self._first is not None and self._bad > most:
            raise _ragged(self._path, self._first, len(self._columns))


def _columns(record: list[str], path: Path) -> list[str]:
    if not has_header(record):
        return [f"column {number}" for number in range(1, len(record) + 1)]
    names = [cell.strip() or f"column {number}" for number, cell in enumerate(record, 1)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise two_of_a_name(path, twice)
    return names


def _ragged(path: Path, row: Ragged, expected: int) -> RefusedError:
    return RefusedError(
        tr("“{name}” has a row that does not fit its header.").format(name=path.name),
        tr("Line {line} has {found} fields; the header has {expected}.").format(
            line=row.line, found=row.found, expected=expected
        ),
        tr("Put text that holds a delimiter or a line break into double quotation marks."),
    )
