"""Takes JSON values off a text stream one by one, in the memory of one value."""

import io
import json
import re
from pathlib import Path
from typing import Any

from finetune_studio.data.readers.limits import ROW, too_long
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import mark, tr

BLOCK = 1 << 20
NEAR = 16  # an error this close to the end of what was read may be a value cut in two
BLANK = re.compile(r"[\s\ufeff]*")
WHYS = (
    (
        "Expecting property name",
        mark("a name in double quotes has to stand here, or a comma is too many"),
    ),
    ("Expecting ':'", mark("a colon (:) is missing after a name")),
    ("Expecting ','", mark("a comma (,) or a closing bracket is missing")),
    ("Expecting value", mark("a value is missing, or a text stands without double quotes")),
    ("Exceeds the limit", mark("a number has too many digits")),
    ("Extra data", mark("something follows after the end")),
    ("Illegal trailing comma", mark("a comma stands before a closing bracket")),
    ("Invalid \\", mark("a backslash (\\) stands before a sign that it cannot stand before")),
    ("Invalid control character", mark("a line break or a tab stands inside quotes")),
    ("Unterminated string", mark("a text has no closing quote")),
)
"""How Python's messages about JSON begin, and the same in our words."""


class TwiceError(ValueError):
    """A name stands twice in one object."""


class TooLargeError(ValueError):
    """A value is larger than a row may be."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise TwiceError(next(name for name in names if names.count(name) > 1))
    return made


DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=lambda _: None)
"""NaN and Infinity, which JSON does not have but pandas writes, are read as missing."""


class Scanner:
    """A place in a JSON text, moved on value by value."""

    def __init__(self, file: io.TextIOWrapper, path: Path) -> None:
        self._file = file
        self._path = path
        self._text = ""
        self._place = 0
        self._line = 1
        self._ended = False

    @property
    def line(self) -> int:
        """The line of the place, from 1."""
        return self._line + self._text.count("\n", 0, self._place)

    def peek(self) -> str:
        """The next sign that is no blank; empty at the end."""
        while True:
            match = BLANK.match(self._text, self._place)
            self._place = match.end() if match else self._place
            if self._place < len(self._text) or not self._more(BLOCK):
                return self._text[self._place : self._place + 1]

    def take(self, signs: str) -> str:
        """Move over the next sign, which has to be one of `signs`."""
        sign = self.peek()
        if not sign or sign not in signs:
            expected = tr(" or ").join(f"“{each}”" for each in signs)
            raise self._broken(self.line, tr("{sign} is missing").format(sign=expected))
        self._place += 1
        return sign

    def value(self) -> tuple[Any, int]:
        """The next value and its length in characters.

        Raises:
            RefusedError: It is broken; the line is named.
            TooLargeError: It is larger than a row may be; the place stays before it.
        """
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._place)
            except json.JSONDecodeError as error:
                if self._is_whole(error) or not self._more(min(len(self._text), ROW // 4)):
                    line = self._line + self._text.count("\n", 0, error.pos)
                    raise self._broken(line, reason(error)) from error
            except (ValueError, RecursionError) as error:
                raise self._broken(self.line, reason(error)) from error
            else:
                if end < len(self._text) or isinstance(value, (dict, list, str)):
                    size, self._place = end - self._place, end
                    return value, size
                if not self._more(BLOCK):
                    size, self._place = end - self._place, end
                    return value, size
            if len(self._text) - self._place > ROW:
                raise TooLargeError

    def too_large(self) -> RefusedError:
        """The refusal of a row that does not end."""
        return too_long(self._path, self.line)

    def end(self) -> None:
        """Refuse anything that follows."""
        if self.peek():
            raise self._broken(self.line, tr("something follows after the end"))

    def _is_whole(self, error: json.JSONDecodeError) -> bool:
        cut = error.msg.startswith("Unterminated string")
        return self._ended or (not cut and error.pos < len(self._text) - NEAR)

    def _more(self, size: int) -> bool:
        block = self._file.read(max(size, BLOCK))
        self._line += self._text.count("\n", 0, self._place)
        self._text = self._text[self._place :] + block
        self._place = 0
        self._ended = not block
        return bool(block)

    def _broken(self, line: int, why: str) -> RefusedError:
        return broken(self._path, line, why)


def reason(error: Exception) -> str:
    """Why a value cannot be read, in a few words."""
    if isinstance(error, TwiceError):
        return tr("the name “{name}” stands twice in one object").format(name=error)
    if isinstance(error, RecursionError):
        return tr("it is nested too deeply")
    said = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return tr(next((why for start, why in WHYS if said.startswith(start)), said))


def broken(path: Path, line: int, why: str) -> RefusedError:
    """The refusal of broken JSON."""
    return RefusedError(
        tr("“{name}” is broken JSON.").format(name=path.name),
        tr("Line {line}: {why}.").format(line=line, why=why),
        tr("Correct that line, or write the file again."),
    )
