"""The files of an upload: `contents` chooses them, `hub` sends them, between two processes a line.

Imports nothing heavy: the process that uploads is ready soon.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class Item:
    """One file that goes up.

    Attributes:
        name: Its name there.
        size: Bytes.
        source: Where it lies; None where `content` is it.
        content: What is made for the upload, text in UTF-8.
    """

    name: str
    size: int
    source: Path | None = None
    content: bytes | None = None


@dataclass(frozen=True)
class Contents:
    """Everything that goes up, and what stays here.

    Attributes:
        items: What goes up, the card first.
        left_out: The names of the folder's other files.
    """

    items: tuple[Item, ...]
    left_out: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(item.size for item in self.items)

    def as_dict(self) -> dict[str, Any]:
        """As the preview prints it."""
        files = [{"name": item.name, "bytes": item.size} for item in self.items]
        return {"files": files, "left_out": list(self.left_out)}

    def to_line(self) -> str:
        """All of it on one line of ASCII, for the process that uploads it."""
        return json.dumps({"items": list(map(_told, self.items)), "left_out": self.left_out})

    @classmethod
    def of_line(cls, line: str) -> Self:
        """What `to_line` told."""
        told = json.loads(line)
        return cls(tuple(map(_heard, told["items"])), tuple(told["left_out"]))


def _told(item: Item) -> dict[str, Any]:
    about: dict[str, Any] = {"name": item.name, "size": item.size}
    if item.source is not None:
        about["source"] = str(item.source.absolute())
    if item.content is not None:
        about["content"] = item.content.decode()
    return about


def _heard(told: dict[str, Any]) -> Item:
    source, content = told.get("source"), told.get("content")
    return Item(
        told["name"],
        told["size"],
        None if source is None else Path(source),
        None if content is None else content.encode(),
    )
