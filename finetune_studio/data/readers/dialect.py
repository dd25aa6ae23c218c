"""Finds how a table of text is written: its delimiter, its quoting, and whether it has a header."""

import csv
import io
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from finetune_studio.data.names import known
from finetune_studio.data.readers.limits import ROW

SAMPLE = 200
"""Records that the choice is made on."""
NO_DELIMITER = "\x1f"
DELIMITERS = (",", "\t", ";", "|")
TITLES = 5
"""Lines that may stand above the one that names the columns."""
SEP = "sep="
USUAL = 0.8
"""The share of records that must have as many fields as the first."""
NAME = 30
"""Characters of a cell that may be a column's name."""

_CELLS = re.compile("[,\t;|]")
csv.field_size_limit(ROW)


@dataclass(frozen=True)
class Dialect:
    """How to read a table.

    Attributes:
        delimiter: Parts the fields; the unit separator where there is one column only.
        quoting: `doubled` (RFC 4180), `escaped` (a backslash before a quote) or `none`.
        agreement: The share of sampled records with as many fields as the first.
        whole: Whether every quotation mark in the sample closes rightly.
        named: Whether the first record names columns without doubt, and as many records have
            as many fields as have not; a short file with one bad row is a table all the same.
    """

    delimiter: str
    quoting: Literal["doubled", "escaped", "none"]
    fields: int = 1
    agreement: float = 1.0
    whole: bool = True
    named: bool = False

    def reader(self, lines: Iterable[str]) -> Any:
        """The records of these lines, strictly."""
        if self.quoting == "none":
            return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE)
        escaped = self.quoting == "escaped"
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            doublequote=not escaped,
            escapechar="\\" if escaped else None,
            strict=True,
        )


def find_dialect(sample: str, ending: str) -> Dialect:
    """The dialect under which most records have as many fields as the header.

    Args:
        sample: The beginning of the file, whole lines.
        ending: `.tsv` and `.tab` are tried with a tab alone.
    """
    delimiters = ("\t",) if ending in (".tsv", ".tab") else DELIMITERS
    tried = [_tried(sample, Dialect(d, q)) for d in delimiters for q in _quotings(sample)]
    several = [each for each in tried if each.fields > 1 and (each.agreement > USUAL or each.named)]
    if several:
        return max(several, key=lambda each: (each.whole, each.agreement, each.fields))
    alone = [_tried(sample, Dialect(NO_DELIMITER, q)) for q in _quotings(sample)]
    return max(alone, key=lambda each: (each.whole, each.agreement))


def lines_above(sample: str) -> int:
    """How many lines stand above the one that names the columns: titles, remarks, Excel's `sep=`.

    Each of them is one cell alone, and the line below them names a column in a way that is known,
    as the first does not.
    """
    text = io.StringIO(sample.removeprefix("\ufeff"), newline="")
    lines = [line.rstrip("\r\n") for line in itertools.islice(text, TITLES + 1)]
    if lines and known(lines[0].strip(' "')):
        return 0
    for place, line in enumerate(lines):
        if not _is_alone(line):
            cells = [cell.strip(' "') for cell in _CELLS.split(line)]
            return place if has_header(cells) and any(map(known, cells)) else _is_excels(lines)
    return 0


def _is_alone(line: str) -> bool:
    return line.startswith(("#", SEP)) or len([c for c in _CELLS.split(line) if c.strip()]) < 2


def _is_excels(lines: list[str]) -> int:
    return int(lines[0].startswith(SEP) and len(lines[0]) <= len(SEP) + 1)


def has_header(first: list[str]) -> bool:
    """Whether a record names columns: short names, none of them a number."""
    return not any(len(cell) > 80 or "\n" in cell or _is_number(cell) for cell in first)


def _quotings(sample: str) -> tuple[Literal["doubled", "escaped", "none"], ...]:
    if '"' not in sample:
        return ("doubled",)
    return ("doubled", "escaped", "none") if '\\"' in sample else ("doubled", "none")


def _tried(sample: str, dialect: Dialect) -> Dialect:
    records: list[list[str]] = []
    whole = True
    try:
        filled = (record for record in dialect.reader(io.StringIO(sample, newline="")) if record)
        records.extend(itertools.islice(filled, SAMPLE))
    except csv.Error:
        whole = False
    if not records or (dialect.quoting == "none" and _is_quoted(records)):
        return replace(dialect, agreement=0.0, whole=False)
    fields = len(records[0])
    agreeing = sum(len(record) == fields for record in records)
    share = agreeing / len(records)
    named = _names(records[0]) and 2 <= agreeing >= len(records) - agreeing
    return replace(dialect, fields=fields, agreement=share, whole=whole, named=named)


def _names(first: list[str]) -> bool:
    cells = [cell.removeprefix("\ufeff") for cell in first]
    # A comma with a blank after it is one of a sentence.
    told = all(cell and cell == cell.strip() and cell[-1] not in ".?!" for cell in cells)
    short = all(len(cell) <= NAME for cell in cells)
    return told and short and len(set(cells)) == len(cells) and has_header(cells)


def _is_quoted(records: list[list[str]]) -> bool:
    """Whether the cells, taken without quoting, look as if quotation marks enclosed them."""
    marked = [cell for record in records for cell in record if cell.startswith('"')]
    closed = sum(len(cell) > 1 and cell.endswith('"') for cell in marked)
    return closed >= max(len(marked) - closed, 1)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
