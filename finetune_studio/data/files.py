"""Which files an opening means: paths and folders to readable files. Knows no format's inside."""

import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from finetune_studio.errors import RefusedError, remedy
from finetune_studio.i18n import tr

KINDS = {
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".csv": "table",
    ".tsv": "table",
    ".tab": "table",
    ".txt": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".xlsx": "workbook",
    ".zip": "archive",
}
"""The readable endings, each also with a compression's ending after it."""
COMPRESSIONS = (".gz", ".zst", ".zstd")
POINTER = b"version https://git-lfs.github.com/spec/"
"""How a file begins that Git puts in the place of a large one."""
BESIDE_THE_DATA = ("readme", "license", "licence", "notice", "changelog", "citation")
"""Files that explain a folder; left out when the folder is opened, read when named."""


def expand(files: Sequence[str]) -> list[Path]:
    """The files meant: each one named, and every readable one in each folder named, sorted.

    Raises:
        RefusedError: A file is missing, empty or of an unknown kind, or a folder holds nothing.
    """
    if not files:
        raise RefusedError(
            tr("No file was given."), hint=tr("Name a file or a folder in data.files.")
        )
    found: list[Path] = []
    for name in files:
        path = _existing(name)
        found.extend(_inside(path) if path.is_dir() else [_readable(path)])
    return list(dict.fromkeys(found))


def kind_of(path: Path) -> str | None:
    """The kind of a file by its ending: `json`, `table`, `text`, …; None where it is unknown."""
    return KINDS.get(inner_ending(path))


def inner_ending(path: Path) -> str:
    """The ending in lower case, without a compression's: `.csv` for `rows.CSV.gz`."""
    name = path.name.lower()
    for ending in COMPRESSIONS:
        name = name.removesuffix(ending)
    return Path(name).suffix


def exists(name: str) -> bool:
    """Whether a file or folder of this name lies on disk, in either normal form."""
    return any(form.exists() for form in _forms(name))


def _forms(name: str) -> list[Path]:
    """The path, and as it may lie on disk in the other normal form."""
    path = Path(name).expanduser()
    return [path, *(Path(unicodedata.normalize(form, str(path))) for form in ("NFC", "NFD"))]


def _existing(name: str) -> Path:
    path = Path(name).expanduser()
    for form in _forms(name):
        if form.exists():
            return form
    raise RefusedError(
        tr("There is no file “{name}”.").format(name=path.name),
        tr("Looked at {path}.").format(path=path.absolute()),
        remedy(
            tr("Check the path in data.files."),
            tr("Put it back, or choose another one on the page of the data."),
        ),
    )


def _readable(path: Path) -> Path:
    if not path.is_file():  # to open a pipe would wait for ever
        raise RefusedError(
            tr("“{name}” is neither a file nor a folder.").format(name=path.name),
            hint=tr("Choose a file with rows in it."),
        )
    if kind_of(path) is None:
        raise RefusedError(_unknown(path), hint=_kinds())
    head = _head(path)
    if not head:
        raise RefusedError(
            tr("“{name}” is empty.").format(name=path.name),
            hint=tr("Choose a file with rows in it."),
        )
    if head == POINTER:
        raise RefusedError(
            tr("“{name}” is a pointer of Git LFS: it names the data and does not hold it.").format(
                name=path.name
            ),
            hint=tr("Get the data by `git lfs pull`, or from the page where it is offered."),
        )
    return path


def _unknown(path: Path) -> str:
    if path.suffix:
        return tr("“{name}” is of a kind that cannot be read.").format(name=path.name)
    return tr("The name “{name}” has no ending that says what is in it.").format(name=path.name)


def _kinds() -> str:
    return tr("Readable are {endings}, also compressed as {compressed}.").format(
        endings=", ".join(KINDS), compressed=", ".join(COMPRESSIONS)
    )


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(len(POINTER))
    except OSError as error:
        raise RefusedError(
            tr("“{name}” cannot be opened.").format(name=path.name),
            str(error.strerror or error),
            tr("Check that you may read the file."),
        ) from error


def _inside(folder: Path) -> list[Path]:
    found = sorted(path for path in _walk(folder) if kind_of(path))
    if not found:
        raise RefusedError(
            tr("The folder “{name}” holds no file that can be read.").format(name=folder.name),
            hint=_kinds(),
        )
    return [_readable(path) for path in found]


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and not name.lower().startswith(BESIDE_THE_DATA):
                yield Path(root) / name
