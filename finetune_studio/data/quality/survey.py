"""Every finding on the quality of canonical rows: measured in one pass, then judged as a whole.

The findings are kept in the cache, so the same rows are judged once. Knows no files and no shapes.
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from finetune_studio import paths
from finetune_studio.data.ahead import worked_ahead
from finetune_studio.data.quality import facts, flat, leaks, personal, wording
from finetune_studio.data.quality.excerpts import change, ending, excerpt
from finetune_studio.data.quality.leaving_out import CHECKS
from finetune_studio.recipe.findings import Finding

if TYPE_CHECKING:
    from datasets import Dataset

    from finetune_studio.recipe.schema import Split

FORMAT = 2
FIRST = 10
EXAMPLES = 3
Array = np.ndarray[Any, Any]
Progress = Callable[[float], None]


@dataclass
class Seen:
    """What one repair would change.

    Attributes:
        count: How many rows.
        rows: The first few of them.
        examples: What becomes of the first few.
    """

    count: int = 0
    rows: list[int] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)


def survey(
    rows: "Dataset",
    numbers: Array,
    fixes: Sequence[dict[str, Any]] = (),
    split: "Split | None" = None,
    validation: "Dataset | None" = None,
    progress: Progress = lambda share: None,
) -> list[Finding]:
    """The findings, in the order of their fixes.

    Args:
        rows: Canonical rows, after the fixes that are in use.
        numbers: For each row its number in the files.
        fixes: The fixes in use, which a finding's own fix is added to.
        split: How rows will be kept aside, to look for leakage.
        validation: Rows of files of their own to measure on, in place of a split.
        progress: Is told the share done, from 0 to 1.
    """
    kept = _kept_at(rows, numbers, fixes, split, validation)
    if kept.is_file():
        return [_restored(each) for each in json.loads(kept.read_text(encoding="utf-8"))]
    found = _survey(rows, numbers, fixes, split, validation, progress)
    part = kept.with_name(f"{kept.name}.{os.getpid()}.part")
    part.write_text(json.dumps([asdict(each) for each in found]), encoding="utf-8")
    os.replace(part, kept)
    return found


def _survey(
    rows: "Dataset",
    numbers: Array,
    fixes: Sequence[dict[str, Any]],
    split: "Split | None",
    validation: "Dataset | None",
    progress: Progress,
) -> list[Finding]:
    repairs = {code: Seen() for code in personal.MENDING}
    kinds = dict.fromkeys(personal.KINDS, 0)
    parts: list[dict[str, Array]] = []
    start = 0
    for _, (texts, changes, measures) in worked_ahead(flat.batches(rows), _look, facts.THREADS):
        where = numbers[start : start + texts.count]
        for code, changed in changes.items():
            _note(code, texts, changed, where, repairs[code], kinds)
        parts.append(measures)
        start += texts.count
        progress(0.8 * start / len(rows))
    measured = facts.joined(parts, facts.MEASURES)
    found = [
        wording.finding(code, seen.count, seen.rows, seen.examples, fixes, _kinds(code, kinds))
        for code, seen in repairs.items()
        if seen.count
    ]
    found += _out_of_order(rows, numbers, measured["order"], fixes)
    if split is not None or validation is not None:
        found += _leaks(rows, numbers, measured, fixes, split, validation)
    found += _flagged(rows, numbers, measured, fixes)
    progress(1.0)
    return found


def _look(table: Any) -> tuple[flat.Texts, dict[str, dict[int, str]], dict[str, Array]]:
    """The texts of some rows, what each repair would change in them, and what is measured."""
    batch = facts.Batch(table)
    changes = {
        code: repair.changes(batch.texts.values) for code, repair in personal.MENDING.items()
    }
    return batch.texts, changes, facts.measured(batch, facts.MEASURES)


def _note(
    code: str,
    texts: flat.Texts,
    changes: dict[int, str],
    numbers: Array,
    seen: Seen,
    kinds: dict[str, int],
) -> None:
    """Count what a repair would change in a batch, and the kinds of personal data in it."""
    if not changes:
        return
    places = np.unique(texts.rows[list(changes)])
    seen.count += len(places)
    seen.rows += numbers[places[: FIRST - len(seen.rows)]].tolist()
    for place, after in changes.items():
        before = texts.values[place].as_py()
        if code == personal.PERSONAL.code:
            for kind in personal.kinds_in(before):
                kinds[kind] += 1
            before = after
        if len(seen.examples) < EXAMPLES:
            seen.examples.append(
                change(before, after) if before != after else excerpt(after, after.find("<"))
            )


def _kinds(code: str, kinds: dict[str, int]) -> dict[str, Any]:
    if code != personal.PERSONAL.code:
        return {}
    named = [(personal.NAMES[kind], count) for kind, count in kinds.items() if count]
    return {**kinds, "kinds": named, "terms": ("kinds",)}


def _flagged(
    rows: "Dataset", numbers: Array, measured: dict[str, Array], fixes: Sequence[dict[str, Any]]
) -> list[Finding]:
    found = []
    for code, check in CHECKS.items():
        settings = check.settings(measured)
        places = np.flatnonzero(check.flags(rows, measured, settings))
        if not len(places):
            continue
        show = ending if code == "cut-answers" else excerpt
        examples = [show(_said(rows[int(place)])) for place in places[:EXAMPLES]]
        first = numbers[places[:FIRST]].tolist()
        values = check.values(rows, measured, settings)
        found.append(wording.finding(code, len(places), first, examples, fixes, values, settings))
    return found


def _out_of_order(
    rows: "Dataset", numbers: Array, flags: Array, fixes: Sequence[dict[str, Any]]
) -> list[Finding]:
    places = np.flatnonzero(flags)
    if not len(places):
        return []
    said = (rows[int(place)]["messages"] for place in places[:EXAMPLES])
    examples = [", ".join(turn["role"] for turn in turns) for turns in said]
    first = numbers[places[:FIRST]].tolist()
    return [wording.finding("role-order", len(places), first, examples, fixes, {})]


def _leaks(
    rows: "Dataset",
    numbers: Array,
    measured: dict[str, Array],
    fixes: Sequence[dict[str, Any]],
    split: "Split | None",
    validation: "Dataset | None",
) -> list[Finding]:
    if validation is not None:
        places = np.flatnonzero(leaks.between(rows, validation, measured))
        rows, first = validation, places[:FIRST].tolist()
    else:
        assert split is not None
        places = leaks.within(rows, split, measured)
        first = numbers[places[:FIRST]].tolist()
    examples = [excerpt(_said(rows[int(place)])) for place in places[:EXAMPLES]]
    if not len(places):
        return []
    return [wording.finding("leakage", len(places), first, examples, fixes, {})]


def _said(row: dict[str, Any]) -> str:
    if "messages" in row:
        return " / ".join(turn["content"] for turn in row["messages"] if turn["role"] != "system")
    return str(row["text"])


def _kept_at(
    rows: "Dataset",
    numbers: Array,
    fixes: Sequence[dict[str, Any]],
    split: "Split | None",
    validation: "Dataset | None",
) -> Any:
    made_of = [
        FORMAT,
        rows._fingerprint,
        hashlib.sha256(np.ascontiguousarray(numbers).tobytes()).hexdigest(),
        [dict(fix) for fix in fixes],
        split.model_dump() if split else None,
        validation._fingerprint if validation is not None else None,
    ]
    key = hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:24]
    folder = paths.cache() / "data"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{key}.findings.json"


def _restored(kept: dict[str, Any]) -> Finding:
    return Finding(**{**kept, "rows": tuple(kept["rows"])})
