"""Train and validation rows, chosen by what is in a row, never by where it stands.

A row's side follows from a hash of its content and the seed, so it stays where it is when other
rows come or go, and equal rows are never on both sides. With a group, the group's value is hashed
instead: a film's reviews stay together. A row of the validation side that equals a row of the
training side (it can, when their groups differ) is then left out: it would measure memory.
"""

import hashlib
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

if TYPE_CHECKING:
    import numpy as np
    from datasets import Dataset

BATCH = 10_000
UNIT = 2.0**64


def split_rows(
    ds: "Dataset", share: float, group: str | None = None, seed: int = 0
) -> "tuple[Dataset, Dataset]":
    """The rows to train on, and about `share` of them (0 to 1) to measure on.

    Where two different rows (or groups) are there, each side gets at least one; a share of 0 gives
    an empty validation.

    Raises:
        RefusedError: There is no column named `group`.
    """
    import numpy as np

    if group and group not in ds.column_names:
        raise RefusedError(
            tr("There is no column “{name}” to keep rows together by.").format(name=group),
            tr("The columns are {names}.").format(names=", ".join(ds.column_names)),
            tr("Correct data.split.group."),
        )
    if share <= 0 or len(ds) == 0:
        return ds, ds.select(range(0))
    content = _hashes(ds, seed, None)
    units = _hashes(ds, seed, group) if group else content
    held = _held(units, share)
    measured = held & ~np.isin(content, content[~held]) if group else held
    mark = f"{ds._fingerprint}-{share}-{group}-{seed}"
    return _part(ds, ~held, f"{mark}-t"), _part(ds, measured, f"{mark}-v")


def row_hash(row: dict[str, Any], seed: int = 0) -> int:
    """A row's place from 0 to 2**64 - 1, by its messages or text; blanks around do not count."""
    return _hash(_content(row), seed)


def _hashes(ds: "Dataset", seed: int, group: str | None) -> "np.ndarray[Any, Any]":
    import numpy as np

    contents = _values(ds, group) if group else _contents(ds)
    return np.fromiter((_hash(text, seed) for text in contents), np.uint64, len(ds))


def _held(units: "np.ndarray[Any, Any]", share: float) -> "np.ndarray[Any, Any]":
    held: np.ndarray[Any, Any] = units < min(int(share * UNIT), 2**64 - 1)
    if not held.any():
        held = units == units.min()
    return held & (units != units.max()) if held.all() else held


def _part(ds: "Dataset", chosen: "np.ndarray[Any, Any]", mark: str) -> "Dataset":
    import numpy as np

    key = hashlib.sha256(mark.encode()).hexdigest()[:24]
    return ds.select(np.flatnonzero(chosen), new_fingerprint=key)


def _contents(ds: "Dataset") -> Iterator[str]:
    names = [name for name in ("messages", "text") if name in ds.column_names] or ds.column_names
    for batch in ds.select_columns(names).iter(batch_size=BATCH):
        for values in zip(*batch.values(), strict=True):
            yield _content(dict(zip(batch, values, strict=True)))


def _values(ds: "Dataset", column: str) -> Iterator[str]:
    for batch in ds.select_columns([column]).iter(batch_size=BATCH):
        yield from ("" if value is None else str(value) for value in batch[column])


def _content(row: dict[str, Any]) -> str:
    if "messages" in row:
        return "\x1e".join(
            f"{turn['role']}\x1f{turn['content'].strip()}" for turn in row["messages"]
        )
    return str(row["text"]).strip() if "text" in row else repr(sorted(row.items()))


def _hash(text: str, seed: int) -> int:
    plain = unicodedata.normalize("NFC", text).encode("utf-8", "replace")
    made = hashlib.blake2b(plain, digest_size=8, key=str(seed).encode()[:64])
    return int.from_bytes(made.digest(), "little")
