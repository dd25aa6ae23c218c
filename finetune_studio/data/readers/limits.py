"""What readers refuse alike: rows larger than one may be, and two columns of one name."""

import io
from collections.abc import Iterator
from pathlib import Path

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

ROW = 64 << 20
"""Characters in one row. A row of 5 MB is a book; one of 64 MiB is a mistake."""


def bounded_lines(file: io.TextIOWrapper, path: Path) -> Iterator[tuple[int, str]]:
    """The lines with their numbers from 1.

    Raises:
        RefusedError: A line is longer than a row may be.
    """
    number = 0
    while line := file.readline(ROW + 1):
        number += 1
        if len(line) > ROW:
            raise too_long(path, number)
        yield number, line


def too_long(path: Path, line: int) -> RefusedError:
    """The refusal of a row that does not end."""
    return RefusedError(
        tr("“{name}” holds a row that is too large.").format(name=path.name),
        tr("The row at line {line} is longer than {size} million characters.").format(
            line=line, size=ROW >> 20
        ),
        tr("Check the quotation marks and brackets there, or split the row."),
    )


def two_of_a_name(path: Path, column: str) -> RefusedError:
    """The refusal of a table in which a name does not say which column is meant."""
    return RefusedError(
        tr("“{name}” has two columns named “{column}”.").format(name=path.name, column=column),
        hint=tr("Give each column its own name in the first line."),
    )
