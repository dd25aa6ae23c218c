"""Rows to measure on that are equal, or nearly, to rows that are learned."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from finetune_studio.data.quality import facts, flat, likeness, overlap
from finetune_studio.data.quality.letters import Letters
from finetune_studio.data.split import sides

if TYPE_CHECKING:
    from datasets import Dataset

    from finetune_studio.recipe.schema import Split

Array = np.ndarray[Any, Any]
Facts = Mapping[str, Array]


def within(rows: "Dataset", split: "Split", measured: Facts) -> Array:
    """The rows that a split keeps aside and that leak, by their places in `rows`, ascending."""
    known = measured["hash"] if split.seed == 0 else None
    learned, aside = sides(rows, split.validation, split.group or None, split.seed, known)
    places = np.flatnonzero(learned | aside)
    return places[_leaking(rows, measured, places, aside)]


def between(train: "Dataset", validation: "Dataset", measured: Facts | None = None) -> Array:
    """For each row of `validation` whether it leaks; see `kinds`."""
    exact, near = kinds(train, validation, measured)
    return exact | near


def kinds(
    train: "Dataset", validation: "Dataset", measured: Facts | None = None
) -> tuple[Array, Array]:
    """For each row of `validation` whether it equals a learned one, and whether it nearly does.

    Args:
        train: Rows to learn from.
        validation: Rows to measure on.
        measured: `hash` and `sketch` of the rows to learn from, where they are known.
    """
    known = measured or facts.measure(train, ("hash", "sketch"))
    other = facts.measure(validation, ("hash", "sketch"))
    equal = np.isin(other["hash"], known["hash"])
    sketches = np.concatenate([known["sketch"], other["sketch"]])
    aside = np.arange(len(sketches)) >= len(train)

    def read(numbers: Array) -> Iterator[Letters]:
        for part, chosen in (
            (train, numbers[numbers < len(train)]),
            (validation, numbers[numbers >= len(train)] - len(train)),
        ):
            for table in flat.batches(part.select(chosen)):
                yield facts.Batch(table).letters

    alike = overlap.verified(likeness.crossing(sketches, aside), read)
    near = np.zeros(len(validation), dtype=bool)
    near[alike[:, 1] - len(train)] = True
    return equal, near


def _leaking(rows: "Dataset", measured: Facts, places: Array, aside: Array) -> Array:
    """Flags among `places` the rows kept aside that are nearly equal to learned ones."""

    def read(numbers: Array) -> Iterator[Letters]:
        for table in flat.batches(rows.select(places[numbers])):
            yield facts.Batch(table).letters

    candidates = likeness.crossing(measured["sketch"][places], aside[places])
    found = np.zeros(len(places), dtype=bool)
    found[overlap.verified(candidates, read)[:, 1]] = True
    return found
