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
import pyarrow as pa
import pyarrow.compute as pc

from finetune_studio import paths
from finetune_studio.data.kept import kept
from finetune_studio.data.mapping import Dropped, numbered
from finetune_studio.data.quality import facts, flat, leaks, turn_order
from finetune_studio.data.quality.leaving_out import CHECKS
from finetune_studio.data.quality.personal import MENDING
from finetune_studio.data.quality.repairs import Repair, with_changes
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

if TYPE_CHECKING:
    from datasets import Dataset

FORMAT = 1
FIRST = 10
ORDER = "role-order"
LEAKAGE = "leakage"
EMPTY = "empty-turn"
CODES = (EMPTY, *MENDING, ORDER, *CHECKS, LEAKAGE)
"""Every fix, in the order in which they are applied."""
SETTINGS = {"too-long": ("limit",), "language-mix": ("keep",), "label-imbalance": ("ratio",)}
"""What some fixes take besides their code; a finding's fix has them filled in."""
Fix = Mapping[str, Any]
Array = np.ndarray[Any, Any]


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
    numbers: Array
    fixed: tuple[Fixed, ...]


def apply_fixes(rows: "Dataset", fixes: Sequence[Fix], numbers: Array | None = None) -> Repaired:
    """The rows after the fixes, and what each of them did.

    Args:
        rows: Canonical rows.
        fixes: As the recipe's `data.fixes` holds them: `{"code": "duplicates"}`;
            `empty-turn` and `leakage` are passed over here, for they concern rows that are not
            canonical yet, and rows that are split already.
        numbers: For each row its number in the files; from 0 where it is not given.

    Raises:
        RefusedError: There is no such fix.
    """
    asked = [fix for fix in _ordered(fixes) if fix["code"] not in (EMPTY, LEAKAGE)]
    where = np.arange(len(rows)) if numbers is None else numbers
    done = []
    for fix in asked:
        code = fix["code"]
        if code in CHECKS:
            out = _flagged(rows, fix)
            done.append(_fixed(code, where[:0], where[out]))
            rows, where = _without(rows, out, fix), where[~out]
        elif code == ORDER:
            rows, touched, out = _ordered_turns(rows)
            done.append(_fixed(code, where[touched & ~out], where[out]))
            rows, where = _without(rows, out, fix), where[~out]
        else:
            rows, touched = _mended(rows, MENDING[code])
            done.append(_fixed(code, where[touched], where[:0]))
    return Repaired(rows, where, tuple(done))


def without_leakage(
    train: "Dataset", validation: "Dataset", fixes: Sequence[Fix], numbers: Array | None = None
) -> "tuple[Dataset, tuple[Fixed, ...]]":
    """The rows to measure on without those nearly equal to learned ones, where a fix asks for it.

    Args:
        train: Rows to learn from.
        validation: Rows to measure on.
        fixes: As the recipe holds them.
        numbers: For each row of `validation` its number in the files.
    """
    fix = next((each for each in fixes if each.get("code") == LEAKAGE), None)
    if fix is None or not len(validation):
        return validation, ()
    key = _key(validation, {**fix, "train": train._fingerprint})
    out = kept(f"{key}.flags", lambda: leaks.between(train, validation))
    where = np.arange(len(validation)) if numbers is None else numbers
    left = _without(validation, out, {**fix, "train": train._fingerprint})
    return left, (_fixed(LEAKAGE, where[:0], where[out]),)


def repaired(
    rows: "Dataset",
    shape: str,
    mapping: Mapping[str, str],
    kind: str,
    group: str | None,
    fixes: Sequence[Fix],
) -> tuple[Repaired, list[Dropped]]:
    """The usable ones of opened rows, after every fix but `leakage`; and what was left out.

    Raises:
        RefusedError: As `mapping.numbered`, or there is no such fix.
    """
    _ordered(fixes)
    made, dropped, numbers = numbered(rows, shape, mapping, kind, group)
    done: tuple[Fixed, ...] = ()
    if any(fix["code"] == EMPTY for fix in fixes):
        before = numbers
        made, dropped, numbers = numbered(rows, shape, mapping, kind, group, cut_empty=True)
        done = (_fixed(EMPTY, np.setdiff1d(numbers, before), numbers[:0]),)
    after = apply_fixes(made, fixes, numbers)
    return Repaired(after.rows, after.numbers, done + after.fixed), dropped


def with_fix(fixes: Sequence[Fix], fix: Fix) -> tuple[dict[str, Any], ...]:
    """The fixes and one more, which replaces an older one of its name."""
    kept = [dict(each) for each in fixes if each.get("code") != fix["code"]]
    return (*kept, dict(fix))


def _ordered(fixes: Sequence[Fix]) -> list[Fix]:
    for fix in fixes:
        code = str(fix.get("code", ""))
        if code not in CODES:
            near = difflib.get_close_matches(code, CODES, 1, 0.5)
            raise RefusedError(
                tr("There is no fix “{code}”.").format(code=code),
                tr("The fixes are {names}.").format(names=", ".join(CODES)),
                tr("Did you mean “{name}”?").format(name=near[0])
                if near
                else tr("Correct data.fixes."),
            )
        if unknown := set(fix) - {"code", *SETTINGS.get(code, ())}:
            raise RefusedError(
                tr("The fix {code} has no setting “{name}”.").format(
                    code=code, name=sorted(unknown)[0]
                ),
                hint=tr("Correct data.fixes."),
            )
    return sorted(fixes, key=lambda fix: CODES.index(fix["code"]))


def _flagged(rows: "Dataset", fix: Fix) -> Array:
    return kept(f"{_key(rows, fix)}.flags", lambda: _flags(rows, fix))


def _flags(rows: "Dataset", fix: Fix) -> Array:
    check = CHECKS[fix["code"]]
    measured = facts.measure(rows, check.needs)
    try:
        return check.flags(rows, measured, {**check.settings(measured), **fix})
    except (TypeError, ValueError) as error:
        raise RefusedError(
            tr("The fix {code} has a setting that cannot be.").format(code=fix["code"]),
            f"{dict(fix)}: {error}",
            tr("Correct data.fixes."),
        ) from error


def _touched(rows: "Dataset", repair: Repair) -> Array:
    """The places of the rows that a repair changes."""
    touched: list[Array] = [np.zeros(0, np.int64)]
    start = 0
    for table in flat.batches(rows):
        texts = flat.flatten(table)
        flags = np.zeros(len(texts.values), dtype=bool)
        flags[list(repair.changes(texts.values))] = True
        touched.append(np.flatnonzero(texts.any_row(flags)) + start)
        start += texts.count
    return np.concatenate(touched)


def _mended(rows: "Dataset", repair: Repair) -> "tuple[Dataset, Array]":
    key = f"{_key(rows, {'code': repair.code})}.places"
    places = kept(key, lambda: _touched(rows, repair))

    def mended(table: Any) -> Any:
        texts = flat.flatten(table.combine_chunks())
        return flat.replaced(table, with_changes(texts.values, repair.changes(texts.values)))

    return (_rewritten(rows, mended, repair.code) if len(places) else rows), places


def _ordered_turns(rows: "Dataset") -> "tuple[Dataset, Array, Array]":
    """The rows with turns in order, and flags of those that changed and those with nothing left."""
    touched = facts.measure(rows, ("order",))["order"].astype(bool)
    if not touched.any():
        return rows, touched, touched

    def mended(table: Any) -> Any:
        flags = turn_order.out_of_order(flat.flatten(table.combine_chunks()))
        place = table.column_names.index("messages")
        said = table["messages"].to_pylist()
        made = [turn_order.ordered(e) if f else e for e, f in zip(said, flags, strict=True)]
        field = table.schema.field("messages")
        return table.set_column(place, field, pa.array(made, field.type))

    made = _rewritten(rows, mended, ORDER)
    empty = [pc.equal(pc.list_value_length(t["messages"]), 0) for t in flat.batches(made)]
    flags = np.concatenate([each.to_numpy() for each in empty])
    return made, touched, flags.astype(bool)


def _rewritten(rows: "Dataset", change: Callable[[Any], Any], code: str) -> "Dataset":
    key = _key(rows, {"code": code})
    folder = paths.cache() / "data"
    folder.mkdir(parents=True, exist_ok=True)
    made = rows.with_format("arrow").map(
        change,
        batched=True,
        batch_size=flat.at_once(rows, flat.MIXED),
        features=rows.features,
        cache_file_name=str(folder / f"{key}.arrow"),
        new_fingerprint=key,
    )
    return made.with_format(None)


def _without(rows: "Dataset", out: Array, fix: Fix) -> "Dataset":
    if not out.any():
        return rows
    return rows.select(np.flatnonzero(~out), new_fingerprint=_key(rows, fix))


def _key(rows: "Dataset", fix: Fix) -> str:
    made_of = json.dumps([FORMAT, rows._fingerprint, dict(fix)], sort_keys=True, default=str)
    return hashlib.sha256(made_of.encode()).hexdigest()[:24]


def _fixed(code: str, changed: Array, left_out: Array) -> Fixed:
    first = np.sort(np.concatenate([changed, left_out]))[:FIRST]
    return Fixed(code, len(changed), len(left_out), tuple(int(number) for number in first))
