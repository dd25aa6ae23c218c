"""Files that hold others: archives and workbooks, unpacked into the cache, and Hub datasets.

Everything behind this module reads plain files. What is unpacked lies under a name made of the
container's path, size and time, so it is unpacked once.
"""

import hashlib
import os
import shutil
import stat
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from finetune_studio import paths
from finetune_studio.data import hub
from finetune_studio.data.compression import RATIO, SMALL, bomb, damaged
from finetune_studio.data.files import BESIDE_THE_DATA, exists, expand, kind_of
from finetune_studio.data.workbook import SHEET, write_sheet
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import tr

FORMAT = 2
BLOCK = 1 << 20


def locate(files: Sequence[str]) -> list[Path]:
    """The plain files meant by names of files, folders, archives, workbooks and Hub datasets.

    A sheet of a workbook is named as `book.xlsx#Sheet`, a dataset as `hub:owner/name`, with
    `:configuration` and `:split` after it where it has several.

    Raises:
        RefusedError: Something is missing, broken, empty or of an unknown kind.
        StudioError: The cache cannot be written, or the Hub fails.
    """
    found: list[Path] = []
    for name in files:
        if name.startswith(hub.PREFIX):
            found.append(hub.fetch(name))
            continue
        book, sheet = _sheet_of(name)
        for path in expand([book]):
            found.extend(_plain(path, sheet))
    return list(dict.fromkeys(found)) or expand([])


def anywhere(name: str) -> str:
    """The name as it holds in every folder: absolute, unless it names a dataset of the Hub."""
    return name if name.startswith(hub.PREFIX) else str(Path(name).resolve())


def _sheet_of(name: str) -> tuple[str, str | None]:
    book, mark, sheet = name.rpartition(SHEET)
    if mark and book.lower().endswith(".xlsx") and not exists(name):
        return book, sheet
    return name, None


def _plain(path: Path, sheet: str | None) -> list[Path]:
    kind = kind_of(path)
    if kind == "archive":
        folder = _once(path, "", lambda into: _unpack(path, into))
        return sorted(each for each in folder.rglob("*") if each.is_file())
    if kind == "workbook":
        made = _once(path, sheet or "", lambda into: write_sheet(path, sheet, into))
        return sorted(made.iterdir())
    return [path]


def _once(path: Path, part: str, make: Callable[[Path], None]) -> Path:
    """The folder that `make` filled for this container, now or earlier."""
    facts = path.stat()
    made_of = f"{FORMAT}\n{path.resolve()}\n{facts.st_size}\n{facts.st_mtime_ns}\n{part}"
    key = hashlib.sha256(made_of.encode("utf-8", "surrogateescape")).hexdigest()[:24]
    target = paths.cache() / "data" / key
    if target.is_dir():
        return target
    partial = target.with_name(f"{key}.{uuid.uuid4().hex[:8]}.part")
    try:
        partial.mkdir(parents=True)
        make(partial)
        for each in partial.rglob("*"):
            os.utime(each, ns=(facts.st_mtime_ns, facts.st_mtime_ns))
        os.replace(partial, target)
    except OSError as error:
        if target.is_dir():  # another process was faster
            return target
        raise StudioError(
            tr("“{name}” could not be unpacked.").format(name=path.name),
            str(error.strerror or error),
            tr("Make room on that disk, or set FINETUNE_STUDIO_HOME to another one."),
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _unpack(path: Path, into: Path) -> None:
    left = max(SMALL, path.stat().st_size * RATIO)
    count = 0
    try:
        with zipfile.ZipFile(path) as archive:
            for member in _members(archive, path):
                target = into / f"{count:04d}" / _name(member).name
                target.parent.mkdir()
                with archive.open(member) as source, target.open("wb") as out:
                    left = _copied(source, out, left, path)
                count += 1
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise damaged(path, error) from error
    if not count:
        raise RefusedError(
            tr("The archive “{name}” holds no file that can be read.").format(name=path.name),
            hint=tr("Unpack it yourself, and choose the files inside."),
        )


def _members(archive: zipfile.ZipFile, path: Path) -> Iterator[zipfile.ZipInfo]:
    for member in archive.infolist():
        name = _name(member)
        if name.is_absolute() or ".." in name.parts or ":" in str(name):
            raise RefusedError(
                tr("“{name}” holds a file that would land outside of its folder.").format(
                    name=path.name
                ),
                str(name),
                tr("Such archives are made to do harm; ask for another one."),
            )
        linked = stat.S_ISLNK(member.external_attr >> 16)
        hidden = name.name.startswith((".", "__MACOSX")) or "__MACOSX" in name.parts
        beside = name.name.lower().startswith(BESIDE_THE_DATA)
        kind = kind_of(Path(name.name))
        if member.is_dir() or linked or hidden or beside or kind in (None, "archive", "workbook"):
            continue
        if member.flag_bits & 1:
            raise RefusedError(
                tr("“{name}” is locked with a password.").format(name=path.name),
                hint=tr("Unpack it yourself, and choose the files inside."),
            )
        if member.file_size:
            yield member


def _name(member: zipfile.ZipInfo) -> PurePosixPath:
    """The member's name; Korean Windows writes cp949 where the standard has cp437."""
    name = member.filename
    if not member.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("cp949")
        except UnicodeError:
            name = member.filename
    return PurePosixPath(name.replace("\\", "/"))


def _copied(source: object, out: BinaryIO, left: int, path: Path) -> int:
    while block := source.read(BLOCK):  # type: ignore[attr-defined]
        left -= len(block)
        if left < 0:
            raise bomb(path)
        out.write(block)
    return left
