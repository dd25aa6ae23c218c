"""What is measured of every row, in a few bytes each: one pass over the rows, batch by batch."""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from finetune_studio.data.ahead import worked_ahead
from finetune_studio.data.quality import endings, flat, likeness, turn_order, twins
from finetune_studio.data.quality.letters import SCRIPTS, Letters, letters

if TYPE_CHECKING:
    from datasets import Dataset

Array = np.ndarray[Any, Any]
MAIN = 0.3
"""A text with this share of Hangul is Korean, whatever English words stand in it; so for kana."""

THREADS = 2
"""That measure at once; more of them wait for Python's one lock."""
DAMAGED = "\ufffd|占쏙옙|占쎌"
"""The replacement character, and what it became when such text was read as cp949 once more."""


class Batch:
    """Some rows, and what is asked of them, worked out once."""

    def __init__(self, table: Any) -> None:
        self.table = table

    @cached_property
    def texts(self) -> flat.Texts:
        """Their texts."""
        return flat.flatten(self.table)

    @cached_property
    def spoken(self) -> Letters:
        """The letters of each text."""
        return letters(self.texts.values)

    @cached_property
    def letters(self) -> Letters:
        """The letters of each row, all its texts one after another."""
        turns = np.bincount(self.texts.rows, minlength=self.texts.count)
        bounds = np.concatenate([[0], np.cumsum(turns)])
        return Letters(self.spoken.points, self.spoken.starts[bounds], self.spoken.scripts)

    @cached_property
    def answers(self) -> Array:
        """Flags the texts that are learned: the assistant's, or all."""
        if self.texts.roles is None:
            return np.ones(len(self.texts.values), dtype=bool)
        return np.asarray(turn_order.coded(self.texts.roles) == turn_order.ASSISTANT)

    def summed(self, values: Array, flags: Array | None = None) -> Array:
        """A number of each text, added up for each row."""
        weights = values if flags is None else np.where(flags, values, 0)
        found = np.bincount(self.texts.rows, weights, self.texts.count)
        return np.asarray(found, dtype=np.int64)


def _hash(batch: Batch) -> Array:
    return twins.hashes(batch.texts)


def _sketch(batch: Batch) -> Array:
    return likeness.sketch(batch.letters)


def _chars(batch: Batch) -> Array:
    sizes = pc.utf8_length(batch.texts.values).to_numpy(zero_copy_only=False)
    return batch.summed(sizes).astype(np.int32)


def _learned(batch: Batch) -> Array:
    return batch.summed(batch.spoken.counts, batch.answers).astype(np.int32)


def _ending(batch: Batch) -> Array:
    if batch.texts.roles is None:
        return np.zeros(batch.texts.count, np.uint8)
    found = np.zeros(batch.texts.count, np.uint8)
    places = np.flatnonzero(batch.answers)
    last = places[np.concatenate([np.diff(batch.texts.rows[places]) > 0, [True]])[: len(places)]]
    found[batch.texts.rows[last]] = endings.endings(batch.texts.values.take(last))
    return found


def _script(batch: Batch) -> Array:
    counts = batch.letters.script_counts
    counts[:, 0] = counts[:, SCRIPTS.index("digits")] = 0
    total = np.maximum(counts.sum(axis=1), 1)
    main = counts.argmax(axis=1)
    for name in ("hangul", "kana"):
        place = SCRIPTS.index(name)
        main[counts[:, place] >= MAIN * total] = place
    main[counts.sum(axis=1) == 0] = 0
    return np.asarray(main, dtype=np.uint8)


def _order(batch: Batch) -> Array:
    if batch.texts.roles is None:
        return np.zeros(batch.texts.count, dtype=bool)
    return turn_order.out_of_order(batch.texts)


def _damaged(batch: Batch) -> Array:
    held = pc.match_substring_regex(batch.texts.values, DAMAGED)
    return batch.texts.any_row(held.to_numpy(zero_copy_only=False))


def _label(batch: Batch) -> Array:
    if "label" not in batch.table.column_names:
        return np.zeros(batch.texts.count, np.uint64)
    return twins.hashed(batch.table["label"].to_pylist())


MEASURES: dict[str, Callable[[Batch], Array]] = {
    "hash": _hash,
    "sketch": _sketch,
    "chars": _chars,
    "learned": _learned,
    "ending": _ending,
    "script": _script,
    "order": _order,
    "label": _label,
    "damaged": _damaged,
}
"""By name: a hash of the content; a sketch of likeness; characters; learned letters and digits; how
the last answer ends; the main script's place in SCRIPTS; whether turns are out of order; a hash of
the label; whether characters were lost."""


def measure(rows: "Dataset", names: Iterable[str]) -> dict[str, Array]:
    """Some of `MEASURES` of all rows."""
    wanted = list(names)

    def work(table: Any) -> dict[str, Array]:
        return measured(Batch(table), wanted)

    return joined([made for _, made in worked_ahead(flat.batches(rows), work, THREADS)], wanted)


def measured(batch: Batch, names: Iterable[str]) -> dict[str, Array]:
    """Some of `MEASURES` of a batch."""
    return {name: MEASURES[name](batch) for name in names}


def joined(parts: list[dict[str, Array]], names: Iterable[str]) -> dict[str, Array]:
    """The measures of all batches, in order; the parts are used up."""
    return {
        name: np.concatenate([each.pop(name) for each in parts]) if parts else _nothing(name)
        for name in names
    }


def _nothing(name: str) -> Array:
    return np.zeros((0, likeness.WIDTH) if name == "sketch" else 0, np.uint32)
