"""Rows that may better be left out: each check flags them from what was measured of all rows.

The report counts with these functions, and the fixes of a recipe leave out with the same ones.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from finetune_studio.data.quality import endings, flat, likeness, overlap, twins
from finetune_studio.data.quality.facts import Batch
from finetune_studio.data.quality.letters import SCRIPTS, Letters

if TYPE_CHECKING:
    from datasets import Dataset

Array = np.ndarray[Any, Any]
Facts = Mapping[str, Array]
Fix = Mapping[str, Any]
LONG = 8_000
"""Characters; a row is extremely long only beyond this."""
FAR = 10
"""… and beyond this many times what 99 of 100 rows need."""
UNEVEN = 10
"""How many times more rows the commonest label may have than the rarest."""


@dataclass(frozen=True)
class Check:
    """A reason to leave rows out.

    Attributes:
        needs: The measures that it looks at, by their names in `facts.MEASURES`.
        flags: The rows to leave out.
        settings: What the fix records, so that it does the same another time.
        values: What the finding tells besides.
    """

    needs: tuple[str, ...]
    flags: Callable[["Dataset", Facts, Fix], Array]
    settings: Callable[[Facts], dict[str, Any]] = lambda facts: {}
    values: Callable[["Dataset", Facts, Fix], dict[str, Any]] = lambda rows, facts, fix: {}


def _duplicates(rows: "Dataset", facts: Facts, fix: Fix) -> Array:
    return twins.later_ones(facts["hash"] ^ (facts["label"] * np.uint64(0x9E3779B97F4A7C15)))


def _contradictions(rows: "Dataset", facts: Facts, fix: Fix) -> Array:
    return twins.in_conflict(facts["hash"], facts["label"])


def _near(rows: "Dataset", facts: Facts, fix: Fix) -> Array:
    """The later of two alike; rows that repeat an earlier one are duplicates, not told here."""
    places = np.flatnonzero(~twins.later_ones(facts["hash"]))

    def read(numbers: Array) -> Iterator[Letters]:
        for table in flat.batches(rows.select(places[numbers])):
            yield Batch(table).letters

    alike = overlap.verified(likeness.pairs(facts["sketch"][places]), read)
    out = np.zeros(len(rows), dtype=bool)
    out[places] = likeness.leftovers(alike, len(places))
    return out


def _too_long(rows: "Dataset", facts: Facts, fix: Fix) -> Array:
    return np.asarray(facts["chars"] > int(fix.get("limit", LONG)))


def _long_limit(facts: Facts) -> dict[str, Any]:
    chars = facts["chars"]
    usual = float(np.quantile(chars, 0.99)) if len(chars) else 0.0
    return {"limit": int(max(LONG, FAR * usual))}


def _no_words(rows: "Dataset", facts: Facts, fix: Fix) -> Array:
    return np.asarray(facts["learned"] == 0)


def _cut(rows: "Dataset", facts: Facts, fix: Fix) -> Array:
    return endings.cut(facts["ending"])


def _language(rows: "Dataset", facts: Facts, fix: Fix) -> Array:
    kept = fix.get("keep") or main_script(facts)
    known = facts["script"] > 0
    return np.asarray(known & (facts["script"] != SCRIPTS.index(kept)))


def main_script(facts: Facts) -> str:
    """The script that most rows are written in."""
    known = facts["script"][facts["script"] > 0]
    return SCRIPTS[int(np.bincount(known).argmax())] if len(known) else "none"


def _imbalance(rows: "Dataset", facts: Facts, fix: Fix) -> Array:
    """The rows of common labels beyond `ratio` times the rarest, chosen by what is in them."""
    labels, counts = np.unique(facts["label"], return_counts=True)
    out = np.zeros(len(facts["label"]), dtype=bool)
    limit = int(counts.min() * fix.get("ratio", UNEVEN)) if len(counts) else 0
    for label in labels[counts > limit]:
        own = np.flatnonzero(facts["label"] == label)
        out[own[np.argsort(facts["hash"][own], kind="stable")[limit:]]] = True
    return out


def _other_scripts(rows: "Dataset", facts: Facts, fix: Fix) -> dict[str, Any]:
    counts = np.bincount(facts["script"], minlength=len(SCRIPTS))
    found = [(int(count), name) for count, name in zip(counts, SCRIPTS, strict=True) if count]
    others = sorted((pair for pair in found if pair[1] not in ("none", fix["keep"])), reverse=True)
    return {"others": [(name, count) for count, name in others], "terms": ("keep", "others")}


def _uneven(rows: "Dataset", facts: Facts, fix: Fix) -> dict[str, Any]:
    _, first, counts = np.unique(facts["label"], return_index=True, return_counts=True)
    most, least = (rows[int(first[place])]["label"] for place in (counts.argmax(), counts.argmin()))
    times = round(float(counts.max() / counts.min()), 1)
    return {"most": most, "least": least, "times": times, "fewest": int(counts.min())}


def _damaged(rows: "Dataset", facts: Facts, fix: Fix) -> Array:
    return facts["damaged"]


CHECKS: dict[str, Check] = {
    "damaged-characters": Check(("damaged",), _damaged),
    "no-words": Check(("learned",), _no_words),
    "too-long": Check(("chars",), _too_long, _long_limit),
    "cut-answers": Check(("ending",), _cut),
    "language-mix": Check(
        ("script",), _language, lambda facts: {"keep": main_script(facts)}, _other_scripts
    ),
    "contradictions": Check(("hash", "label"), _contradictions),
    "duplicates": Check(("hash", "label"), _duplicates),
    "near-duplicates": Check(("hash", "sketch"), _near),
    "label-imbalance": Check(
        ("hash", "label"), _imbalance, lambda facts: {"ratio": UNEVEN}, _uneven
    ),
}
"""In the order in which they are applied."""
