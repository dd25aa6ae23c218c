"""How events are written and read: one JSON line each, the only words between trainer and window.

Knows nothing of torch or windows. NaN and infinity are written as null, for JSON has neither.
"""

import json
import math
import numbers
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, NamedTuple, Self, get_args, get_type_hints

from finetune_studio.runs.kinds import (
    EARLY_STOPPING,
    Checkpoint,
    Evaluated,
    Event,
    Failed,
    Finished,
    Memory,
    Metrics,
    Notice,
    Phase,
    PhaseName,
    Progress,
    Sample,
    Started,
    Stopped,
    Terminal,
)
from finetune_studio.runs.lines import LineReader, LineWriter, Unreadable, unreadable

__all__ = [
    "EARLY_STOPPING",
    "Checkpoint",
    "Evaluated",
    "Event",
    "EventReader",
    "EventWriter",
    "Failed",
    "Finished",
    "Memory",
    "Metrics",
    "Notice",
    "Phase",
    "PhaseName",
    "Progress",
    "Sample",
    "Started",
    "Stopped",
    "Terminal",
    "Unreadable",
    "as_dict",
    "from_json",
    "to_json",
]


def as_dict(event: Event) -> dict[str, Any]:
    """The event as plain JSON values: `{"kind", "time", ...}`.

    Raises:
        TypeError: A value in it has no JSON form.
    """
    names = [f.name for f in fields(event)]
    return {"kind": event.kind} | {name: _plain(getattr(event, name)) for name in names}


def to_json(event: Event) -> str:
    """The event as one line of JSON, without its line end.

    Raises:
        TypeError: A value in it has no JSON form.
    """
    return json.dumps(as_dict(event), ensure_ascii=False, allow_nan=False)


def from_json(line: bytes | str) -> Event | Unreadable:
    """The event that a line holds; a broken line or an unknown kind comes back as `Unreadable`.

    Fields that this version does not know are left out, so that older programs read newer runs.
    """
    raw = line if isinstance(line, bytes) else line.encode("utf-8", "surrogatepass")
    try:
        document = _DECODER.decode(raw.decode("utf-8"))
        return _build(_plain(document))
    except (ValueError, RecursionError) as error:
        return unreadable(raw, error)


class EventWriter(LineWriter):
    """Appends events to a file, flushed a line at a time; checkpoints and ends reach the disk."""

    def append(self, event: Event) -> None:
        """Write one event.

        Raises:
            OSError: The disk is full or gone.
            TypeError: A value in the event has no JSON form.
        """
        self.write(to_json(event), durable=isinstance(event, Checkpoint | Terminal))


class EventReader:
    """Reads the events that have come since it last looked, following a file that is made anew."""

    def __init__(self, path: Path, offset: int = 0) -> None:
        self._lines = LineReader(path, offset)

    @classmethod
    def of_tail(cls, path: Path, size: int, offset: int = 0) -> Self:
        """A reader of what stands in the last `size` bytes alone, from the byte `offset` on."""
        reader = cls(path, offset)
        reader._lines.skip_to_tail(size)
        return reader

    @property
    def offset(self) -> int:
        """How many bytes have been taken."""
        return self._lines.offset

    def read(self, until: int | None = None) -> Iterator[Event | Unreadable]:
        """Yield every new event, in order; none that begins at or after the byte `until`."""
        return (from_json(line) for line in self._lines.read(until) if line.strip())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_FITS: dict[Any, Callable[[object], bool]] = {
    str: lambda value: isinstance(value, str),
    bool: lambda value: isinstance(value, bool),
    int: lambda value: isinstance(value, int) and not isinstance(value, bool),
    float: _is_number,
    float | None: lambda value: value is None or _is_number(value),
    Mapping[str, Any]: lambda value: isinstance(value, dict),
    Mapping[str, float | None]: lambda value: (
        isinstance(value, dict) and all(v is None or _is_number(v) for v in value.values())
    ),
}


_DECODER = json.JSONDecoder(parse_constant=lambda _: None)


class _Slot(NamedTuple):
    fits: Callable[[object], bool]
    needed: bool


def _slots(kind: type[Event]) -> dict[str, _Slot]:
    hints = get_type_hints(kind)
    optional = {
        f.name
        for f in fields(kind)
        if f.name != "time" and (f.default is not MISSING or f.default_factory is not MISSING)
    }
    return {f.name: _Slot(_FITS[hints[f.name]], f.name not in optional) for f in fields(kind)}


_KINDS = {kind.kind: (kind, _slots(kind)) for kind in get_args(Event)}


def _build(document: object) -> Event:
    if not isinstance(document, dict):
        raise ValueError("not an object")
    name = document.get("kind")
    if not isinstance(name, str) or name not in _KINDS:
        raise ValueError(f"unknown kind {name!r}")
    kind, slots = _KINDS[name]
    given = {field: document[field] for field in slots if field in document}
    for field, slot in slots.items():
        if not slot.fits(given[field]) if field in given else slot.needed:
            raise ValueError(f"{name}: {field} is missing or of the wrong type")
    event: Event = kind(**given)
    return event


def _plain(value: object) -> object:
    """The value in JSON's own types: no NaN, no halves of a surrogate pair."""
    # Nearly all are plain already, and a long run has many.
    if type(value) is int or (type(value) is float and math.isfinite(value)):
        return value
    if type(value) is str and value.isascii():
        return value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    if isinstance(value, os.PathLike):
        return _plain(os.fspath(value))
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(entry) for key, entry in value.items()}
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    raise TypeError(f"an event cannot carry {type(value).__name__}")
