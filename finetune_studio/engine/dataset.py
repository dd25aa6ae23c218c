"""From the recipe's files to token rows on disk.

Rows come from data/usable.py, ids and labels from tokens/supervision.py alone. They are made once,
into an Arrow file that is memory-mapped, so memory does not grow with the data.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from datasets import Dataset, Features, List, Value, disable_progress_bars

from finetune_studio import paths
from finetune_studio.data.quality.flat import at_once
from finetune_studio.data.usable import Usable, read_rows
from finetune_studio.engine.collating import Collator, as_rows, padding_id
from finetune_studio.engine.loading import Labels
from finetune_studio.engine.sharing import lengths_of
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import mark, tr
from finetune_studio.recipe.schema import Recipe
from finetune_studio.tokens.examples import PROBLEMS
from finetune_studio.tokens.loading import Tokenizer, load_tokenizer
from finetune_studio.tokens.supervision import Supervisor, label_names, supervisor_of

ROWS = 8000
"""The most rows whose examples are in memory at once."""
FORMAT = 2  # of the kept token rows

Emit = Callable[..., None]


@dataclass(frozen=True)
class Prepared:
    """The data as the trainer takes it.

    Attributes:
        train: Rows (packed sequences, once laid out) of `input_ids` and `labels`.
        validation: Rows that are measured on; never packed.
        rows: Rows that are learned from, before they are packed or cut into pieces.
        validation_rows: Rows kept aside, before the limit on how many are measured.
        labels: The labels of a classification.
        tokenizer: The model's own, which ends answers also where the template ends a turn.
        template: The chat template in use; None where the task has none.
    """

    train: Dataset
    validation: Dataset
    rows: int
    validation_rows: int
    tokenizer: Tokenizer
    pad_id: int
    labels: Labels | None
    template: str | None
    collator: Collator

    @property
    def packed(self) -> bool:
        """Whether rows share sequences."""
        return "seq_lengths" in self.train.column_names

    @property
    def label_names(self) -> tuple[str, ...]:
        """The labels' names; none for the generating tasks."""
        return self.labels.names if self.labels else ()


def prepare(recipe: Recipe, source: Path, emit: Emit) -> Prepared:
    """Read, split and tokenise the recipe's rows for the model in `source`.

    Raises:
        RefusedError: The files hold no row that this task can use.
    """
    disable_progress_bars()
    tokenizer = load_tokenizer(source)
    with PartialState(cpu=not torch.cuda.is_available()).main_process_first():
        usable = read_rows(recipe.data, recipe.task.kind)
        _tell_done(usable, emit)
        names = label_names(recipe, usable.train)
        supervisor = supervisor_of(recipe, tokenizer, names)
        tokenise = _Tokenise(supervisor, recipe, source, names, emit)
        train = tokenise(usable.train)
        validation = _by_length(tokenise(_limited(usable.validation, recipe)))
        if not len(train):
            raise RefusedError(
                tr("No row has anything to learn within {length:,} tokens.").format(
                    length=recipe.training.sequence_length
                ),
                hint=tr("Raise training.sequence_length, or look at the rows with `check`."),
            )
    pad_id = padding_id(tokenizer)
    return Prepared(
        train,
        validation,
        min(len(usable.train), len(train)),  # fewer where some hold nothing to learn
        len(usable.validation),
        replace(tokenizer, eos_ids=supervisor.stop_ids),
        pad_id,
        Labels(names) if names else None,
        supervisor.template,
        Collator(pad_id),
    )


def _tell_done(usable: Usable, emit: Emit) -> None:
    for each in usable.dropped:
        emit(
            "notice",
            level="warning",
            code=f"rows-{each.code}",
            text=mark("{count} rows were left out: {why}."),
            values={"count": each.count, "why": each.reason, "rows": list(each.rows)},
        )
    for fix in usable.fixed:
        emit(
            "notice",
            level="advice",
            code=f"fixed-{fix.code}",
            text=mark("The fix {code} mended {changed} rows and left {left_out} rows out."),
            values={**asdict(fix), "rows": list(fix.rows)},
        )


def _limited(rows: Dataset, recipe: Recipe) -> Dataset:
    limit = recipe.evaluation.max_rows
    if len(rows) <= limit:
        return rows
    return rows.shuffle(seed=recipe.data.split.seed).select(range(limit))


def _by_length(rows: Dataset) -> Dataset:
    """Rows to measure on, the longest first: batches of like length are padded little."""
    order = lengths_of(rows).argsort(descending=True, stable=True)
    return rows.select(order.numpy())


class _Tokenise:
    """Rows to token rows, once: the result is kept under the hash of all that it is made of."""

    def __init__(
        self,
        supervisor: Supervisor,
        recipe: Recipe,
        source: Path,
        labels: tuple[str, ...],
        emit: Emit,
    ) -> None:
        self._supervisor = supervisor
        self._emit = emit
        self._classes = bool(labels)
        made_of = {
            "tokenizer": _digest(source / "tokenizer.json"),
            "configuration": _digest(source / "tokenizer_config.json"),
            "task": recipe.task.model_dump(mode="json"),
            "length": recipe.training.sequence_length,
            "template": supervisor.template,
            "labels": labels,
            "format": FORMAT,
        }
        self._key = json.dumps(made_of, sort_keys=True)

    def __call__(self, rows: Dataset) -> Dataset:
        """`input_ids` and `labels` of every row that has something to learn."""
        label: Any = Value("int64") if self._classes else List(Value("int32"))
        features = {"input_ids": List(Value("int32")), "labels": label, "problem": Value("string")}
        if not len(rows):
            del features["problem"]
            return Dataset.from_dict({"input_ids": [], "labels": []}, features=Features(features))
        key = hashlib.sha256((self._key + rows._fingerprint).encode()).hexdigest()[:24]
        folder = paths.cache() / "tokens"
        folder.mkdir(parents=True, exist_ok=True)
        made = rows.map(
            self._batch,
            batched=True,
            batch_size=at_once(rows, ROWS),
            remove_columns=rows.column_names,
            features=Features(features),
            cache_file_name=str(folder / f"{key}.arrow"),
            new_fingerprint=key,
        )
        return self._sound(made, key)

    def _batch(self, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
        made = self._supervisor.rows(as_rows(columns))
        return {
            "input_ids": [each.input_ids for each in made],
            "labels": [each.label if self._classes else each.labels for each in made],
            "problem": [each.problem for each in made],
        }

    def _sound(self, made: Dataset, key: str) -> Dataset:
        """What can be learned; of the rest it is told how many, and why."""
        problems = made.data.column("problem").to_numpy()
        for problem in sorted(set(problems) - {""}):
            self._emit(
                "notice",
                level="warning",
                code=f"rows-{problem}",
                text=mark("{count} rows were left out: {why}."),
                values={"count": int((problems == problem).sum()), "why": tr(PROBLEMS[problem])},
            )
        kept = made.remove_columns("problem")
        if (problems == "").all():
            return kept
        return kept.select((problems == "").nonzero()[0], new_fingerprint=f"{key}s")


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
