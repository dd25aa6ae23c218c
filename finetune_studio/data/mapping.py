"""Rows of a recognised shape to the columns that a task is trained on.

Runs over memory-mapped rows in batches and keeps the result in the cache.
"""

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from finetune_studio import paths
from finetune_studio.data import turns
from finetune_studio.data.columns import to_text
from finetune_studio.data.quality.flat import at_once
from finetune_studio.data.shapes import ROLES
from finetune_studio.data.whole_columns import plain
from finetune_studio.errors import RefusedError, remedy
from finetune_studio.i18n import tr

if TYPE_CHECKING:
    from datasets import Dataset

FORMAT = 3
BATCH = 5000
FIRST = 10
"""How many row numbers of dropped rows are kept."""
CONVERSATIONS = {"messages": "messages", "sharegpt": "conversations"}
"""The role that holds turns, by shape."""
PROBLEM = "problem"
FORMS = {"chat": set(turns.CHATS), "text": {"text", "labelled-text"}, "classify": {"labelled-text"}}
"""The shapes that each task can be trained on."""


@dataclass(frozen=True)
class Dropped:
    """Rows that a task cannot use.

    Attributes:
        code: One of `turns.REASONS`.
        reason: The same in words, without a full stop.
        count: How many rows.
        rows: The first few row numbers, from 0.
    """

    code: str
    reason: str
    count: int
    rows: tuple[int, ...]


def canonical(
    dataset: "Dataset",
    shape: str,
    mapping: Mapping[str, str],
    task_kind: str,
    group: str | None = None,
) -> "tuple[Dataset, list[Dropped]]":
    """The rows as a task takes them, and what was left out; arguments and errors as `numbered`."""
    rows, dropped, _ = numbered(dataset, shape, mapping, task_kind, group)
    return rows, dropped


def numbered(
    dataset: "Dataset",
    shape: str,
    mapping: Mapping[str, str],
    task_kind: str,
    group: str | None = None,
    *,
    cut_empty: bool = False,
) -> "tuple[Dataset, list[Dropped], np.ndarray[Any, Any]]":
    """The rows as a task takes them, what was left out, and each row's number in `dataset`.

    Args:
        dataset: Rows as they were opened.
        shape: One of `shapes.ROLES`.
        mapping: The column of each role.
        task_kind: `chat` gives `messages`, `text` gives `text`, `classify` `text` and `label`.
        group: A column to keep beside them, as text.
        cut_empty: Keep what stands before an empty turn, in place of leaving the row out.

    Raises:
        RefusedError: The task cannot learn from this shape, a role has no column, or a column
            that is named is not there.
    """
    from datasets import disable_progress_bars

    check_mapping(dataset.column_names, shape, mapping, task_kind)
    _check_group(dataset.column_names, mapping, task_kind, group)
    key = _key(dataset, shape, mapping, task_kind, group, cut_empty)
    folder = paths.cache() / "data"
    folder.mkdir(parents=True, exist_ok=True)
    disable_progress_bars()
    features = _features(task_kind, group)
    form = Canonical(shape, dict(mapping), task_kind, group, cut_empty)
    made = dataset.with_format("arrow").map(
        lambda table: form.of_table(table, features.arrow_schema),
        batched=True,
        batch_size=at_once(dataset, BATCH),
        remove_columns=dataset.column_names,
        features=features,
        cache_file_name=str(folder / f"{key}.arrow"),
        new_fingerprint=key,
    )
    return _without_problems(made.with_format(None), key)


@dataclass(frozen=True)
class Canonical:
    """Turns a batch of columns into the columns of a task."""

    shape: str
    mapping: dict[str, str]
    task_kind: str
    group: str | None
    cut_empty: bool = False

    def __call__(self, columns: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
        """The task's columns and `problem`, a code or an empty text."""
        used = [columns[column] for column in self.mapping.values()]
        rows = [dict(zip(self.mapping, row, strict=True)) for row in zip(*used, strict=True)]
        made = self._chats(rows) if self.task_kind == "chat" else self._texts(rows)
        if self.group:
            made[self.group] = [to_text(value) for value in columns[self.group]]
        return made

    def of_table(self, table: Any, schema: Any) -> Any:
        """The same of an Arrow table, as one of the given schema: whole columns where they can."""
        names = [*self.mapping.values(), *([self.group] if self.group else [])]
        table = table.select(list(dict.fromkeys(names)))
        known = plain(table, self.shape, self.mapping, self.task_kind)
        if known is None or not known.flags.any():
            return pa.Table.from_pydict(self(table.to_pydict()), schema)
        made = known.columns | {PROBLEM: pa.array([""] * int(known.flags.sum()))}
        if self.group:
            beside = table[self.group].filter(pa.array(known.flags))
            made[self.group] = pa.array([to_text(value) for value in beside.to_pylist()], "string")
        whole = pa.Table.from_pydict(made, schema)
        if known.flags.all():
            return whole
        others = self(table.filter(pa.array(~known.flags)).to_pydict())
        place = np.argsort(np.concatenate([np.flatnonzero(f) for f in (known.flags, ~known.flags)]))
        return pa.concat_tables([whole, pa.Table.from_pydict(others, schema)]).take(pa.array(place))

    def _chats(self, rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
        form = turns.CHATS[self.shape]
        if self.cut_empty and (said := CONVERSATIONS.get(self.shape)):
            rows = [{**row, said: turns.before_empty(row[said])} for row in rows]
        made = [form(row) for row in rows]
        return {
            "messages": [[] if isinstance(each, str) else each for each in made],
            PROBLEM: [each if isinstance(each, str) else "" for each in made],
        }

    def _texts(self, rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
        texts = [turns.text(row) for row in rows]
        if self.task_kind == "text":
            return {"text": texts, PROBLEM: ["" if text else "no-text" for text in texts]}
        labels = [turns.label(row) for row in rows]
        problems = [
            "no-text" if not text else "no-label" if not label else ""
            for text, label in zip(texts, labels, strict=True)
        ]
        return {"text": texts, "label": labels, PROBLEM: problems}


def check_mapping(
    columns: list[str], shape: str, mapping: Mapping[str, str], task: str | None = None
) -> None:
    """Make sure that every role has a column that is there, and that the task can learn from it.

    Raises:
        RefusedError: It is not so; the message names the role or column and the nearest one.
    """
    if shape not in ROLES:
        raise RefusedError(
            tr("There is no shape “{shape}”.").format(shape=shape),
            hint=tr("The shapes are {names}.").format(names=", ".join(ROLES)),
        )
    if task and shape not in FORMS[task]:
        raise RefusedError(
            remedy(
                tr("The task {task} cannot learn from rows of the shape {shape}.").format(
                    task=task, shape=shape
                ),
                tr("The chosen task cannot learn from rows that are laid out like this."),
            ),
            hint=remedy(
                _way_out(shape, task),
                tr("Say on the page of the data how they are laid out, or choose another task."),
            ),
        )
    _check_roles(columns, shape, mapping)
    for column in mapping.values():
        if column not in columns:
            raise _no_column(column, columns, "data.mapping")


def _check_roles(columns: list[str], shape: str, mapping: Mapping[str, str]) -> None:
    needed, optional = ROLES[shape]
    for role in mapping:
        if role not in needed + optional:
            raise RefusedError(
                tr("The shape {shape} has no role “{role}”.").format(shape=shape, role=role),
                hint=tr("Its roles are {names}.").format(names=", ".join(needed + optional)),
            )
    for role in needed:
        if role not in mapping:
            raise RefusedError(
                tr("No column is mapped to “{role}”.").format(role=role),
                tr("The columns are {names}.").format(names=_listed(columns)),
                tr("Set data.mapping, such as {role}: {column}.").format(
                    role=role, column=columns[0]
                ),
            )


def _check_group(
    columns: list[str], mapping: Mapping[str, str], task: str, group: str | None
) -> None:
    if group and group not in columns:
        raise _no_column(group, columns, "data.split.group")
    taken = {"chat": ("messages",), "text": ("text",), "classify": ("text", "label")}[task]
    if group == PROBLEM or (group in taken and mapping.get(group) != group):
        raise RefusedError(
            tr("The column “{name}” cannot be kept beside the rows.").format(name=group),
            tr("Its name is needed for what is learned."),
            tr("Rename the column, or split without data.split.group."),
        )


def _no_column(column: str, columns: list[str], setting: str) -> RefusedError:
    near = difflib.get_close_matches(column, columns, 1, 0.5)
    return RefusedError(
        tr("There is no column “{name}”.").format(name=column),
        tr("The columns are {names}.").format(names=_listed(columns)),
        tr("Did you mean “{name}”?").format(name=near[0])
        if near
        else tr("Choose one of them in {setting}.").format(setting=setting),
    )


def _way_out(shape: str, task: str) -> str:
    if shape in ("preference", "kto") and task == "chat":
        return tr(
            "Set data.shape to prompt-completion and map completion to the column of good answers."
        )
    names = ", ".join(sorted(FORMS[task]))
    return tr(
        "It learns from {names}: set data.shape and data.mapping, or choose another task."
    ).format(names=names)


def _listed(columns: list[str]) -> str:
    return ", ".join(f"“{column}”" for column in columns)


def _features(task: str, group: str | None) -> Any:
    from datasets import Features, List, Value

    text = Value("string")
    if task == "chat":
        columns = {"messages": List({"role": text, "content": text})}
    else:
        columns = {"text": text} | ({"label": text} if task == "classify" else {})
    return Features({**columns, PROBLEM: text, **({group: text} if group else {})})


def _key(
    dataset: "Dataset",
    shape: str,
    mapping: Mapping[str, str],
    task: str,
    group: str | None,
    cut_empty: bool,
) -> str:
    made_of = [FORMAT, dataset._fingerprint, shape, sorted(mapping.items()), task, group, cut_empty]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:24]


def _without_problems(
    made: "Dataset", key: str
) -> "tuple[Dataset, list[Dropped], np.ndarray[Any, Any]]":
    found: dict[str, list[np.ndarray[Any, Any]]] = {}
    start = 0
    kept = [np.zeros(0, np.int64)]
    for batch in made.with_format("numpy", columns=[PROBLEM]).iter(batch_size=50_000):
        codes = batch[PROBLEM]
        for code in np.unique(codes[codes != ""]):
            found.setdefault(str(code), []).append(np.flatnonzero(codes == code) + start)
        kept.append(np.flatnonzero(codes == "") + start)
        start += len(codes)
    numbers = np.concatenate(kept)
    rows = {code: np.concatenate(parts) for code, parts in found.items()}
    dropped = [
        Dropped(code, tr(turns.REASONS[code]), len(each), tuple(each[:FIRST].tolist()))
        for code, each in sorted(rows.items(), key=lambda item: -len(item[1]))
    ]
    clean = made.remove_columns(PROBLEM, new_fingerprint=f"{key}c")
    if dropped:
        clean = clean.select(numbers, new_fingerprint=f"{key}k")
    return clean, dropped, numbers
