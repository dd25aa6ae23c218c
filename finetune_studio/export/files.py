"""The folder of an export: written beside its place, named when it is whole, listed by hash."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

LEAVE_FREE = 200_000_000  # bytes of the disk that an export does not touch


def refuse_taken(out: Path) -> None:
    """Refuse a place where something is.

    Raises:
        RefusedError: There is something.
    """
    if out.exists() or out.is_symlink():
        raise RefusedError(
            tr("{path} exists already.").format(path=out),
            hint=tr("Choose another folder with --out."),
        )


def refuse_full(folder: Path, wanted: int) -> None:
    """Refuse to begin what the disk has no room for.

    Args:
        folder: Where it would be written; it need not exist.
        wanted: Bytes, as estimated.

    Raises:
        RefusedError: Fewer are free.
    """
    there = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    free = shutil.disk_usage(there).free
    if free < wanted + LEAVE_FREE:
        raise RefusedError(
            tr("There is not enough room on the disk."),
            tr("{wanted:.1f} GB are needed in {folder}, {free:.1f} GB are free.").format(
                wanted=wanted / 1e9, folder=there, free=free / 1e9
            ),
            tr("Free some space, or choose a folder on another disk."),
        )


@contextmanager
def whole_or_not(out: Path) -> Iterator[Path]:
    """A folder to write into that takes the name `out` when the block ends well, else goes.

    Raises:
        RefusedError: There is something already.
        OSError: It cannot be made.
    """
    refuse_taken(out)
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        make_readable(part)
        refuse_taken(out)
        os.replace(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def make_readable(folder: Path) -> None:
    """Give every file mode 0644: safetensors writes 0600, which a service account cannot read."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def listed(folder: Path) -> list[dict[str, Any]]:
    """Each file's `name`, `bytes` and `sha256`, in the order of names."""
    return list(_listed(folder))


def _listed(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            name = path.relative_to(folder).as_posix()
            yield {"name": name, "bytes": path.stat().st_size, "sha256": found}
