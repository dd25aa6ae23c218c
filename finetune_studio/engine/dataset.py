"""From the recipe's files to token rows on disk, and from rows to batches.

Ids and labels come from tokens/supervision.py alone. Rows are tokenised once, into an Arrow
file that is
memory-mapped, so memory does not grow with the data.
"""

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from datasets import Dataset, disable_progress_bars
from transformers import AutoConfig

from finetune_studio import paths
from finetune_studio.data.mapping import canonical
from finetune_studio.data.shapes import recognise
from finetune_studio.data.sources import open_rows
from finetune_studio.data.split import split_rows
from finetune_studio.engine.device import Device
from finetune_studio.engine.loading import Labels
from finetune_studio.engine.loss import IGNORED
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import mark, tr
from finetune_studio.recipe.schema import Recipe
from finetune_studio.tokens.loading import Tokenizer, load_tokenizer
from finetune_studio.tokens.supervision import Supervisor
from finetune_studio.tokens.templates import default_template

ATTENTION = {"full_attention", "sliding_attention", "chunked_attention"}
"""Layer types whose masks keep packed rows apart; others carry a state from row to row."""
BATCH = 1000  # rows tokenised at once

Emit = Callable[..., None]


@dataclass(frozen=True)
class Prepared:
    """The data as the trainer takes it.

    Attributes:
        train: Rows (or packed sequences) of `input_ids` and `labels`.
        validation: Rows that are measured on; never packed.
        rows: Rows that are learned from, before packing.
        validation_rows: Rows kept aside, before the limit on how many are measured.
        labels: The labels of a classification.
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
    collator: "Collator"

    @property
    def label_names(self) -> tuple[str, ...]:
        """The labels' names; none for the generating tasks."""
        return self.labels.names if self.labels else ()


def prepare(recipe: Recipe, source: Path, emit: Emit) -> Prepared:
    """Read, split, tokenise and pack the recipe's rows for the model in `source`.

    Raises:
        RefusedError: The files hold no row that this task can use.
    """
    disable_progress_bars()
    tokenizer = load_tokenizer(source)
    with PartialState(cpu=not torch.cuda.is_available()).main_process_first():
        train, validation = _read(recipe, emit)
        labels = _labels(recipe, train)
        template = _template(recipe, tokenizer)
        tokenise = _Tokenise(recipe, tokenizer, source, labels, template)
        train_ids = tokenise(train)
        validation_ids = tokenise(_limited(validation, recipe))
        if not len(train_ids):
            raise RefusedError(
                tr("No row has anything to learn within {length} tokens.").format(
                    length=recipe.training.sequence_length
                ),
                hint=tr("Raise training.sequence_length, or look at the rows with `data check`."),
            )
        if recipe.training.packing and _packable(recipe, source, emit):
            from trl import pack_dataset  # slow to import, and not every run packs

            train_ids = pack_dataset(train_ids, recipe.training.sequence_length, "bfd")
    pad_id = padding_id(tokenizer)
    return Prepared(
        train_ids,
        validation_ids,
        len(train),
        len(validation),
        tokenizer,
        pad_id,
        labels,
        template,
        Collator(pad_id),
    )


def padding_id(tokenizer: Tokenizer) -> int:
    """The token that fills rows up: the tokenizer's own, else any special token but end and start.

    What it is matters little: padding is masked from attention and from the loss by its place,
    never
    by its id.
    """
    if tokenizer.pad_id is not None:
        return tokenizer.pad_id
    other = sorted(tokenizer.special_ids - set(tokenizer.eos_ids) - {tokenizer.bos_id})
    return other[0] if other else next(iter(tokenizer.eos_ids), 0)


@dataclass(frozen=True)
class Collator:
    """Rows to a batch, padded on the right; packed sequences get positions instead of a mask.

    `labels` of a classification become `[-100, label]`, so that every label tensor has two
    dimensions
    and starts with a place where nothing is learned.
    """

    pad_id: int

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """`input_ids`, `labels` and `attention_mask` or `position_ids`, each `[rows, tokens]`."""
        longest = max(len(row["input_ids"]) for row in rows)
        ids = torch.full((len(rows), longest), self.pad_id)
        classes = isinstance(rows[0]["labels"], int)
        labels = torch.full((len(rows), 2 if classes else longest), IGNORED)
        packed = "seq_lengths" in rows[0]
        places = torch.zeros((len(rows), longest), dtype=torch.long)
        for index, row in enumerate(rows):
            size = len(row["input_ids"])
            ids[index, :size] = torch.as_tensor(row["input_ids"])
            if classes:
                labels[index, 1] = row["labels"]
            else:
                labels[index, :size] = torch.as_tensor(row["labels"])
            if packed:
                lengths = [*row["seq_lengths"], *([longest - size] if longest > size else [])]
                places[index] = torch.cat([torch.arange(length) for length in lengths])
            else:
                places[index, :size] = 1
        return {
            "input_ids": ids,
            "labels": labels,
            ("position_ids" if packed else "attention_mask"): places,
        }

    def counting(self, fed: deque[int]) -> "CountingCollator":
        """This collator, noting in `fed` how many real tokens each batch holds."""
        return CountingCollator(self, fed)


@dataclass(frozen=True)
class CountingCollator:
    """A collator that notes the real tokens of each batch."""

    collator: Collator
    fed: deque[int]

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """The batch of `collator`."""
        self.fed.append(sum(len(row["input_ids"]) for row in rows))
        return self.collator(rows)


def as_rows(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Columns of equal length as rows."""
    values = zip(*columns.values(), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in values]


def batches_of(
    data: Dataset, collator: Collator, size: int, device: Device
) -> Callable[[], Iterator[dict[str, torch.Tensor]]]:
    """Makes this process's batches anew at each call; an empty share is one skipped turn."""

    def batches() -> Iterator[dict[str, torch.Tensor]]:
        for start in range(device.rank * size, len(data), device.world * size):
            yield collator(as_rows(data[start : start + size]))

    return batches


def _read(recipe: Recipe, emit: Emit) -> tuple[Dataset, Dataset]:
    data = recipe.data
    train = _rows_of(recipe, data.files, emit)
    if data.validation_files:
        return train, _rows_of(recipe, data.validation_files, emit)
    split = data.split
    halves = split_rows(train, split.validation, group=split.group or None, seed=split.seed)
    if split.validation and not all(map(len, halves)):
        raise RefusedError(
            tr("{count} usable rows are too few to keep some aside.").format(count=len(train)),
            hint=tr("Bring more rows, or set data.split.validation to 0."),
        )
    return halves


def _rows_of(recipe: Recipe, files: Sequence[str], emit: Emit) -> Dataset:
    data = recipe.data
    rows = open_rows(files).dataset
    if data.max_rows:
        rows = rows.select(range(min(data.max_rows, len(rows))))
    found = recognise(rows.column_names, rows.select(range(min(200, len(rows)))).to_list())
    shape = found.shape if data.shape == "auto" else data.shape
    mapping = dict(data.mapping) or dict(found.mapping)
    whole, dropped = canonical(
        rows, shape, mapping, recipe.task.kind, group=data.split.group or None
    )
    for each in dropped:
        emit(
            "notice",
            level="warning",
            code=f"rows-{each.code}",
            text=mark("{count} rows were left out: {why}."),
            values={"count": each.count, "why": each.reason, "rows": list(each.rows)},
        )
    if not len(whole):
        raise RefusedError(
            tr("None of the {count} rows can train the task {task}.").format(
                count=len(rows), task=recipe.task.kind
            ),
            dropped[0].reason + "." if dropped else "",
            tr("Set data.shape and data.mapping, or choose another task."),
        )
    return whole


def _labels(recipe: Recipe, train: Dataset) -> Labels | None:
    if recipe.task.kind != "classify":
        return None
    names = recipe.task.labels or tuple(sorted(set(train.unique("label"))))
    if len(names) < 2:
        raise RefusedError(
            tr("The data has only one label, {name}.").format(name=names[0]),
            hint=tr("A classification needs at least two."),
        )
    return Labels(tuple(names))


def _template(recipe: Recipe, tokenizer: Tokenizer) -> str | None:
    if recipe.task.kind != "chat":
        return None
    asked = recipe.task.template
    if asked != "model":
        return default_template(asked)
    if tokenizer.chat_template is None:
        raise RefusedError(
            tr("This model has no chat template."),
            hint=tr("Set task.template to chatml, plain or alpaca."),
        )
    return tokenizer.chat_template


def _limited(rows: Dataset, recipe: Recipe) -> Dataset:
    limit = recipe.evaluation.max_rows
    if len(rows) <= limit:
        return rows
    return rows.shuffle(seed=recipe.data.split.seed).select(range(limit))


def _packable(recipe: Recipe, source: Path, emit: Emit) -> bool:
    config = AutoConfig.from_pretrained(source, local_files_only=True).get_text_config()
    kinds = set(getattr(config, "layer_types", None) or ATTENTION)
    if kinds <= ATTENTION:
        return True
    emit(
        "notice",
        level="warning",
        code="packing-off",
        text=mark("Packing is off: this model's {kinds} layers cannot keep packed rows apart."),
        values={"kinds": ", ".join(sorted(kinds - ATTENTION))},
    )
    return False


class _Tokenise:
    """Rows to token rows, once: the result is kept under the hash of all that it is made of."""

    def __init__(
        self,
        recipe: Recipe,
        tokenizer: Tokenizer,
        source: Path,
        labels: Labels | None,
        template: str | None,
    ) -> None:
        task = recipe.task
        self._supervisor = Supervisor(
            tokenizer,
            task.kind,
            learn=getattr(task, "learn", "all"),
            sequence_length=recipe.training.sequence_length,
            template=template,
        )
        self._system = getattr(task, "system", "")
        self._labels = {name: index for index, name in enumerate(labels.names)} if labels else {}
        made_of = {
            "tokenizer": hashlib.sha256((source / "tokenizer.json").read_bytes()).hexdigest(),
            "task": task.model_dump(mode="json"),
            "length": recipe.training.sequence_length,
            "template": template,
            "labels": asdict(labels) if labels else None,
            "format": 1,
        }
        self._key = json.dumps(made_of, sort_keys=True)

    def __call__(self, rows: Dataset) -> Dataset:
        """`input_ids` and `labels` of every row that has something to learn."""
        key = hashlib.sha256((self._key + rows._fingerprint).encode()).hexdigest()[:24]
        folder = paths.cache() / "tokens"
        folder.mkdir(parents=True, exist_ok=True)
        if not len(rows):
            return Dataset.from_dict({"input_ids": [], "labels": []})
        return rows.map(
            self._batch,
            batched=True,
            batch_size=BATCH,
            remove_columns=rows.column_names,
            cache_file_name=str(folder / f"{key}.arrow"),
            new_fingerprint=key,
        )

    def _batch(self, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
        rows = as_rows(columns)
        for row in rows:
            if self._labels:
                row["label"] = self._labels[row["label"]]
            if self._system and row["messages"][0]["role"] != "system":
                row["messages"] = [{"role": "system", "content": self._system}, *row["messages"]]
        made = [each for each in self._supervisor.rows(rows) if self._labels or each.learned]
        return {
            "input_ids": [each.input_ids for each in made],
            "labels": [each.label if self._labels else each.labels for each in made],
        }
