"""Models of the Hub that are on this disk: how much room each takes, and removing one.

Reads the folders of the Hub's cache as its documentation describes them; asks nobody.
"""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune_studio.catalog.figures import cache_folder
from finetune_studio.catalog.resolve import HUB_ID
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import tr

PREFIX = "models--"
HALVES = (".part", ".incomplete")
RECENT = 60
"""Seconds since a half file grew within which its download is thought to go on."""


@dataclass(frozen=True)
class Kept:
    """One model of the Hub on this disk.

    Attributes:
        id: Its name on the Hub.
        folder: Where it is.
        size: Bytes that removing it frees.
        halves: Bytes of them in downloads that did not end.
        used: When one of its files was last read or written, in epoch seconds.
    """

    id: str
    folder: Path
    size: int
    halves: int
    used: float

    def as_dict(self) -> dict[str, Any]:
        """The model as `models cache --json` prints it."""
        return {
            "id": self.id,
            "folder": str(self.folder),
            "bytes": self.size,
            "unfinished_bytes": self.halves,
            "used": self.used,
        }


def kept() -> list[Kept]:
    """Every model in the Hub's cache, the largest first; none where there is no cache."""
    try:
        folders = [each for each in _place().iterdir() if each.name.startswith(PREFIX)]
    except OSError:
        return []
    return sorted((_look(each) for each in folders), key=lambda each: -each.size)


def on_disk() -> frozenset[str]:
    """The ids of models that are in the cache with weights, whole or in part."""
    return frozenset(each.id for each in kept() if each.size > 0)


def remove(model: str) -> int:
    """Remove a model from the cache and return the bytes that this freed.

    Raises:
        RefusedError: It is not in the cache, or is being downloaded.
        StudioError: The system does not let it go.
    """
    folder = cache_folder(model)
    if not HUB_ID.fullmatch(model) or not folder.is_dir():
        raise RefusedError(
            tr("{model} is not among the downloaded models.").format(model=model),
            hint=tr("`finetune-studio models cache` lists them."),
        )
    found = _look(folder)
    if any(_grows(each) for each in _files(folder) if each.suffix in HALVES):
        raise RefusedError(
            tr("{model} is being downloaded.").format(model=model),
            hint=tr("Cancel the download first."),
        )
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise StudioError(
            tr("{model} could not be removed whole.").format(model=model),
            f"{error.strerror}: {error.filename}",
            tr("End the programs that use it, correct the rights, and try again."),
        ) from error
    shutil.rmtree(folder.parent / ".locks" / folder.name, ignore_errors=True)
    return found.size


def _look(folder: Path) -> Kept:
    size = halves = 0
    used = 0.0
    for file in _files(folder):
        about = file.lstat()
        size += about.st_size
        halves += about.st_size if file.suffix in HALVES else 0
        used = max(used, about.st_mtime, about.st_atime)
    model = folder.name.removeprefix(PREFIX).replace("--", "/")
    return Kept(model, folder, size, halves, used)


def _files(folder: Path) -> list[Path]:
    """The files that take room: not the links to them."""
    found = (Path(at, name) for at, _, names in os.walk(folder) for name in names)
    return [each for each in found if not each.is_symlink()]


def _grows(file: Path) -> bool:
    return time.time() - file.stat().st_mtime < RECENT


def _place() -> Path:
    return cache_folder("x").parent
