"""Train and validation rows, chosen by what is in a row, never by where it stands.

A row's side follows from a hash of its content and the seed, so it stays where it is when other
rows come or go, and equal rows are never on both sides. With a group, the group's value is hashed
instead: a film's reviews stay together. A row of the validation side that equals a row of the
training side (it can, when their groups differ) is then left out: it would measure memory.
"""

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from finetune_studio.data.quality import flat, twins
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

if TYPE_CHECKING:
    import numpy as np
    from datasets import Dataset

BATCH = 10_000
FORMAT = 1
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
    return parted(ds, *sides(ds, share, group, seed))


def parted(
    ds: "Dataset", learned: "np.ndarray[Any, Any]", measured: "np.ndarray[Any, Any]"
) -> "tuple[Dataset, Dataset]":
    """The flagged rows, each side by itself."""
    return (ds if learned.all() else _part(ds, learned)), _part(ds, measured)


def sides(
    ds: "Dataset",
    share: float,
    group: str | None = None,
    seed: int = 0,
    content: "np.ndarray[Any, Any] | None" = None,
) -> "tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]":
    """Flags the rows to train on, and those to measure on; as `split_rows`.

    Args:
        ds: Canonical rows.
        share: The share to measure on.
        group: The column whose equal values stay together.
        seed: Another one makes another split.
        content: The rows' hashes under this seed, where they are known.

    Raises:
        RefusedError: There is no column named `group`.
    """
    import numpy as np

    _check_group(ds, group)
    if share <= 0 or len(ds) == 0:
        return np.ones(len(ds), dtype=bool), np.zeros(len(ds), dtype=bool)
    content = _hashes(ds, seed, None) if content is None else content
    units = _hashes(ds, seed, group) if group else content
    held = _held(units, share)
    return ~held, held & ~np.isin(content, content[~held]) if group else held


def _check_group(ds: "Dataset", group: str | None) -> None:
    if group and group not in ds.column_names:
        raise RefusedError(
            tr("There is no column “{name}” to keep rows together by.").format(name=group),
            tr("The columns are {names}.").format(names=", ".join(ds.column_names)),
            tr("Correct data.split.group."),
        )


def _hashes(ds: "Dataset", seed: int, group: str | None) -> "np.ndarray[Any, Any]":
    from finetune_studio.data.kept import kept

    key = hashlib.sha256(f"{FORMAT} {ds._fingerprint} {seed} {group or ''}".encode()).hexdigest()
    return kept(f"{key[:24]}.hashes", lambda: _hashed(ds, seed, group))


def _hashed(ds: "Dataset", seed: int, group: str | None) -> "np.ndarray[Any, Any]":
    import numpy as np

    if not group and {"messages", "text"} & set(ds.column_names):
        found = [twins.hashes(flat.flatten(table), seed) for table in flat.batches(ds)]
        return np.concatenate(found)
    return twins.hashed(_values(ds, group) if group else _reprs(ds), seed)


def _held(units: "np.ndarray[Any, Any]", share: float) -> "np.ndarray[Any, Any]":
    held: np.ndarray[Any, Any] = units < min(int(share * UNIT), 2**64 - 1)
    if not held.any():
        held = units == units.min()
    return held & (units != units.max()) if held.all() else held


def _part(ds: "Dataset", chosen: "np.ndarray[Any, Any]") -> "Dataset":
    import numpy as np

    made_of = ds._fingerprint.encode() + np.packbits(chosen).tobytes()
    key = hashlib.sha256(made_of).hexdigest()[:24]
    return ds.select(np.flatnonzero(chosen), new_fingerprint=key)


def _values(ds: "Dataset", column: str) -> Iterator[str]:
    for batch in ds.select_columns([column]).iter(batch_size=BATCH):
        yield from ("" if value is None else str(value) for value in batch[column])


def _reprs(ds: "Dataset") -> Iterator[str]:
    for batch in ds.iter(batch_size=BATCH):
        for values in zip(*batch.values(), strict=True):
            yield repr(sorted(zip(batch, values, strict=True)))
