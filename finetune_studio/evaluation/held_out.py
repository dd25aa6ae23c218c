"""The rows that a run never learned from: which they are, and whether that is true. No model here.

They are those that the run itself kept aside, split again by what is in them (data/split.py), or
other rows that the person brings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from finetune_studio.data.quality import leaks, twins
from finetune_studio.data.usable import read_rows
from finetune_studio.errors import RefusedError, remedy
from finetune_studio.evaluation.result import Contamination
from finetune_studio.i18n import tr
from finetune_studio.recipe.schema import Data, Recipe

if TYPE_CHECKING:
    from datasets import Dataset

FIRST = 20  # leaked rows that are named

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class HeldOut:
    """Rows to measure on.

    Attributes:
        rows: The chosen ones, in the task's columns.
        numbers: For each its number among all held-out rows.
        total: How many held-out rows there are.
        leaked: For each chosen row whether it was learned, or nearly.
        contamination: What that comes to, over all held-out rows; without metrics.
        learned: The rows that were learned from.
    """

    rows: "Dataset"
    numbers: Array
    total: int
    leaked: Array
    contamination: Contamination
    learned: "Dataset"


def held_out(recipe: Recipe, most: int, seed: int, files: Sequence[str] = ()) -> HeldOut:
    """The rows to measure on.

    Args:
        recipe: The run's.
        most: At most so many, chosen by `seed`; 0 takes all.
        seed: Another one chooses others.
        files: Other rows instead of those that the run kept aside.

    Raises:
        RefusedError: The run kept none aside, or the files cannot be read.
    """
    data = _of_other_files(recipe.data, files) if files else recipe.data
    usable = read_rows(data, recipe.task.kind)
    total = len(usable.validation)
    if not total:
        raise RefusedError(
            tr("This run kept no rows aside to measure on."),
            tr("Figures on rows that were learned would say nothing."),
            remedy(
                tr("Name a file with other rows: `finetune-studio evaluate RUN --data FILE`."),
                tr("Keep some aside on the page Data, and train again."),
            ),
        )
    exact, near = leaks.kinds(usable.train, usable.validation)
    numbers = _chosen(total, most, seed)
    leaked = exact | near
    return HeldOut(
        usable.validation.select(numbers),
        numbers,
        total,
        leaked[numbers],
        Contamination(
            rows=total,
            exact=int(exact.sum()),
            near=int((near & ~exact).sum()),
            asked=_asked_again(usable.train, usable.validation),
            examples=[int(each) for each in np.flatnonzero(leaked)[:FIRST]],
        ),
        usable.train,
    )


def _of_other_files(data: Data, files: Sequence[str]) -> Data:
    """The data with other files to measure on; what was learned of them is counted, not dropped."""
    fixes = tuple(fix for fix in data.fixes if fix.get("code") != "leakage")
    return data.model_copy(update={"validation_files": tuple(files), "fixes": fixes})


def nothing_to_measure() -> RefusedError:
    """Why rows that are there cannot be measured."""
    return RefusedError(
        tr("None of the held-out rows has anything to measure."),
        hint=remedy(
            tr("Look at them with `finetune-studio check`, or name others with --data."),
            tr("Look at them on the page Data."),
        ),
    )


def _chosen(total: int, most: int, seed: int) -> Array:
    if not most or total <= most:
        return np.arange(total)
    return np.sort(np.random.default_rng(seed).permutation(total)[:most])


def _asked_again(train: "Dataset", validation: "Dataset") -> int:
    """How many conversations begin with a question that was learned, whatever the answer."""
    if "messages" not in validation.column_names:
        return 0
    learned, asked = (twins.hashed(map(_question, _conversations(e))) for e in (train, validation))
    return int(np.isin(asked, learned).sum())


def _conversations(rows: "Dataset") -> Any:
    for batch in rows.select_columns(["messages"]).iter(batch_size=1000):
        yield from batch["messages"]


def _question(messages: Sequence[Any]) -> str:
    return next((str(e["content"]).strip() for e in messages if e["role"] == "user"), "")
