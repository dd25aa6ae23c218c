"""Repairs that a recipe records, applied to rows as they are read; the files stay as they are.

Taking a fix out of the recipe brings the rows back. Whatever their order in the recipe, texts are
mended before rows are compared.
"""

import difflib
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from finetune_studio import paths
from finetune_studio.data.quality import flat, twins
from finetune_studio.data.quality.repairs import REPAIRS, Repair, with_changes
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

if TYPE_CHECKING:
    from datasets import Dataset

FORMAT = 1
FIRST = 10
Fix = Mapping[str, Any]


@dataclass(frozen=True)
class Fixed:
    """What one fix did.

    Attributes:
        code: The fix's name.
        changed: Rows whose texts it changed.
        left_out: Rows that it left out.
        rows: The first few of them, as numbered in the files, from 0.
    """

    code: str
    changed: int
    left_out: int
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Repaired:
    """Rows after the fixes.

    Attributes:
        rows: What is left of them, mended.
        numbers: For each row its number in the files, from 0.
        fixed: What each fix did, in the order in which they were applied.
    """

    rows: "Dataset"
    numbers: "np.ndarray[Any, Any]"
    fixed: tuple[Fixed, ...]


def apply_fixes(
    rows: "Dataset", fixes: Sequence[Fix], numbers: "np.ndarray[Any, Any] | None" = None
) -> Repaired:
    """The rows after the fixes, and what each of them did.

    Args:
        rows: Canonical rows.
        fixes: As the recipe's `data.fixes` holds them: `{"code": "duplicates"}`.
        numbers: For each row its number in the files; from 0 where it is not given.

    Raises:
        RefusedError: There is no such fix.
    """
    asked = _ordered(fixes)
    where = np.arange(len(rows)) if numbers is None else numbers
    done = []
    for fix in asked:
        code = fix["code"]
        if code in REPAIRS:
            rows, touched = _mended(rows, REPAIRS[code])
            done.append(_fixed(code, where[touched], 0))
        else:
            out = LEAVING_OUT[code](rows)
            done.append(_fixed(code, where[out], 1))
            rows, where = _without(rows, out, fix), where[~out]
    return Repaired(rows, where, tuple(done))


def with_fix(fixes: Sequence[Fix], fix: Fix) -> tuple[dict[str, Any], ...]:
    """The fixes and one more, which replaces an older one of its name."""
    kept = [dict(each) for each in fixes if each.get("code") != fix["code"]]
    return (*kept, dict(fix))


def _duplicates(rows: "Dataset") -> "np.ndarray[Any, Any]":
    found = [twins.hashes(flat.flatten(table)) for table in flat.batches(rows)]
    return twins.later_ones(np.concatenate(found or [np.zeros(0, np.uint64)]))


LEAVING_OUT: dict[str, Callable[["Dataset"], "np.ndarray[Any, Any]"]] = {"duplicates": _duplicates}
"""Fixes that leave rows out: each flags them."""


def _ordered(fixes: Sequence[Fix]) -> list[Fix]:
    order = [*REPAIRS, *LEAVING_OUT]
    for fix in fixes:
        code = str(fix.get("code", ""))
        if code not in order:
            near = difflib.get_close_matches(code, order, 1, 0.5)
            raise RefusedError(
                tr("There is no fix “{code}”.").format(code=code),
                tr("The fixes are {names}.").format(names=", ".join(order)),
                tr("Did you mean “{name}”?").format(name=near[0])
                if near
                else tr("Correct data.fixes."),
            )
    return sorted(fixes, key=lambda fix: order.index(fix["code"]))


def _mended(rows: "Dataset", repair: Repair) -> "tuple[Dataset, np.ndarray[Any, Any]]":
    touched: list[np.ndarray[Any, Any]] = []
    start = 0
    for table in flat.batches(rows):
        texts = flat.flatten(table)
        flags = np.zeros(len(texts.values), dtype=bool)
        flags[list(repair.changes(texts.values))] = True
        touched.append(np.flatnonzero(texts.any_row(flags)) + start)
        start += texts.count
    places = np.concatenate(touched or [np.zeros(0, np.int64)])
    return (_rewritten(rows, repair) if len(places) else rows), places


def _rewritten(rows: "Dataset", repair: Repair) -> "Dataset":
    def mended(table: Any) -> Any:
        texts = flat.flatten(table.combine_chunks())
        return flat.replaced(table, with_changes(texts.values, repair.changes(texts.values)))

    key = _key(rows, {"code": repair.code})
    folder = paths.cache() / "data"
    folder.mkdir(parents=True, exist_ok=True)
    made = rows.with_format("arrow").map(
        mended,
        batched=True,
        batch_size=flat.MIXED,
        features=rows.features,
        cache_file_name=str(folder / f"{key}.arrow"),
        new_fingerprint=key,
    )
    return made.with_format(None)


def _without(rows: "Dataset", out: "np.ndarray[Any, Any]", fix: Fix) -> "Dataset":
    if not out.any():
        return rows
    return rows.select(np.flatnonzero(~out), new_fingerprint=_key(rows, fix))


def _key(rows: "Dataset", fix: Fix) -> str:
    made_of = json.dumps([FORMAT, rows._fingerprint, dict(fix)], sort_keys=True, default=str)
    return hashlib.sha256(made_of.encode()).hexdigest()[:24]


def _fixed(code: str, numbers: "np.ndarray[Any, Any]", leaving: int) -> Fixed:
    count = len(numbers)
    first = tuple(int(number) for number in numbers[:FIRST])
    return Fixed(code, 0 if leaving else count, count if leaving else 0, first)
