"""One sheet of an Excel workbook (XLSX) to a file of JSON lines. Knows nothing of shapes."""

import json
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import chain
from pathlib import Path
from typing import Any

from finetune_studio.data.compression import RATIO, SMALL, bomb, damaged
from finetune_studio.data.names import known
from finetune_studio.data.readers.dialect import TITLES
from finetune_studio.data.readers.limits import two_of_a_name
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

SHEET = "#"
OLD = b"\xd0\xcf\x11\xe0"
"""How .xls files begin, and .xlsx files that are locked with a password."""
Cells = tuple[Any, ...]
NO_VALUE = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"}


def write_sheet(path: Path, sheet: str | None, into: Path) -> None:
    """Write the rows of a sheet, or of the only one that holds any, to a new file in `into`.

    Raises:
        RefusedError: It is no workbook, is locked, has no such sheet, or several are filled.
    """
    _check(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Excel has and openpyxl leaves out is no data
        book = _opened(path)
        try:
            name, rows = _chosen(book, path, sheet)
            safe = "".join("_" if sign in '/\\:*?"<>|' else sign for sign in name)
            with (into / f"{safe}.jsonl").open("w", encoding="utf-8", newline="\n") as out:
                for row in _named(rows, path, name):
                    out.write(json.dumps(row, ensure_ascii=False) + "\n")
        finally:
            book.close()


def filled_sheets(path: Path) -> list[str]:
    """The names of the sheets that hold anything.

    Raises:
        RefusedError: It is no workbook, is locked or damaged.
    """
    _check(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = _opened(path)
        try:
            names = [sheet.title for sheet in book.worksheets]
            return [name for name in names if next(_rows(book, name, path), None)]
        finally:
            book.close()


def _check(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(OLD):
        raise RefusedError(
            tr("“{name}” is locked with a password, or an old Excel file.").format(name=path.name),
            hint=tr("Open it in a spreadsheet, and save it as .xlsx without a password."),
        )
    if not head.startswith(b"PK"):
        page = (
            head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<html", b"<!doc", b"<table"))
        )
        raise RefusedError(
            tr("“{name}” is no Excel workbook.").format(name=path.name),
            tr("It is a web page with another ending.") if page else "",
            tr("Open it in a spreadsheet, and save it as .xlsx or .csv."),
        )
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise damaged(path, error) from error
    if size > max(SMALL, path.stat().st_size * RATIO):
        raise bomb(path)


def _opened(path: Path) -> Any:
    from openpyxl import load_workbook

    try:
        return load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # openpyxl raises whatever its parsers do
        raise damaged(path, error) from error


def _chosen(book: Any, path: Path, asked: str | None) -> tuple[str, Iterator[Cells]]:
    names = [sheet.title for sheet in book.worksheets]
    if asked is not None and asked not in names:
        raise RefusedError(
            tr("“{name}” has no sheet “{sheet}”.").format(name=path.name, sheet=asked),
            tr("Its sheets are {names}.").format(names=", ".join(names)),
            tr("Name one of them after the “#”."),
        )
    filled = [name for name in ([asked] if asked else names) if next(_rows(book, name, path), None)]
    if len(filled) > 1:
        raise RefusedError(
            tr("“{name}” has several filled sheets.").format(name=path.name),
            tr("They are {names}.").format(names=", ".join(filled)),
            tr("Name the one that you mean: {example}").format(
                example=f"{path.name}{SHEET}{filled[0]}"
            ),
        )
    if not filled:
        raise RefusedError(
            tr("“{name}” holds no row.").format(name=path.name),
            hint=tr("Choose a file with rows in it."),
        )
    return filled[0], _rows(book, filled[0], path)


def _rows(book: Any, name: str, path: Path) -> Iterator[Cells]:
    """The sheet's rows that hold anything."""
    sheet = book[name]
    sheet.reset_dimensions()  # what a file says of its size is often wrong
    try:
        for row in sheet.iter_rows(values_only=True):
            values = tuple(_value(cell) for cell in row)
            if any(value is not None for value in values):
                yield values
    except RefusedError:
        raise
    except Exception as error:
        raise damaged(path, error) from error


def _header(rows: Iterator[Cells]) -> tuple[Cells, Iterator[Cells]]:
    """The line that names the columns, and the rows behind it.

    A title often stands above: one cell alone. It is passed over where the line below it names a
    column in a way that is known, and it does not.
    """
    above: list[Cells] = []
    for row in rows:
        above.append(row)
        filled = [cell for cell in row if cell is not None]
        if len(filled) > 1 or len(above) > TITLES or (len(above) == 1 and _names_one(row)):
            break
    last = above[-1]
    if len(above) > 1 and _names_one(last):
        return last, rows
    return above[0], chain(above[1:], rows)


def _names_one(row: Cells) -> bool:
    return any(isinstance(cell, str) and known(cell) for cell in row)


def _named(rows: Iterator[Cells], path: Path, sheet: str) -> Iterator[dict[str, Any]]:
    first, rows = _header(rows)
    names = [None if value is None else str(value).strip() for value in first]
    known = [name for name in names if name]
    twice = next((name for name in known if known.count(name) > 1), None)
    if twice is not None:
        raise two_of_a_name(path, twice)
    count = 0
    for row in rows:
        count += 1
        columns = [*names, *([None] * (len(row) - len(names)))]
        yield {
            name or f"column {place}": value
            for place, (name, value) in enumerate(zip(columns, row, strict=False), 1)
            if name or value is not None
        }
    if not count:
        raise RefusedError(
            tr("The sheet “{sheet}” of “{name}” has one line alone.").format(
                sheet=sheet, name=path.name
            ),
            hint=tr("Its first line should name the columns, and rows should follow."),
        )


def _value(cell: Any) -> Any:
    if isinstance(cell, str):
        text = cell.replace("_x000D_", "\r").replace("\r\n", "\n")
        return None if not text.strip() or text in NO_VALUE else text
    if isinstance(cell, datetime) and cell.time() == time(0):
        return cell.date().isoformat()
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat()
    return cell if cell is None or isinstance(cell, (int, float, bool)) else str(cell)
