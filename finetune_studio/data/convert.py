"""Rows of one shape to another, with what does not fit named, never cut silently.

Preferences and judgements of answers go to each other's shapes; the others hold one answer, so the
bad ones would be lost in them, which has to be asked for. Columns that play no role are carried
along.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune_studio.data import pairs, turns
from finetune_studio.data.mapping import FIRST, Dropped, check_mapping
from finetune_studio.data.turns import Messages
from finetune_studio.data.writing import write_rows, writer_for
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import mark, tr

if TYPE_CHECKING:
    from datasets import Dataset

BATCH = 1000
LOST = {
    **turns.REASONS,
    **pairs.REASONS,
    "several-exchanges": mark("there is more than one question and answer"),
    "other-roles": mark("there are other roles than system, user and assistant"),
    "marks-inside": mark("the text itself holds ChatML's marks"),
}
SHAREGPT = {"user": "human", "assistant": "gpt", "system": "system", "tool": "tool"}


class LossError(RefusedError):
    """Something would be lost.

    Attributes:
        way: The argument of `convert` that accepts the loss: `skip` or `good_only`.
    """

    def __init__(self, way: str, title: str, detail: str, hint: str) -> None:
        super().__init__(title, detail, hint)
        self.way = way


@dataclass(frozen=True)
class Converted:
    """What a conversion wrote.

    Attributes:
        rows: Rows in the new file.
        left_out: Rows that the new shape cannot hold, or that hold nothing to learn.
    """

    rows: int
    left_out: list[Dropped]


def convert(
    dataset: "Dataset",
    shape: str,
    mapping: Mapping[str, str],
    to: str,
    out: Path,
    *,
    skip: bool = False,
    good_only: bool = False,
) -> Converted:
    """Write the rows to `out` in the shape `to`, one of `TARGETS`.

    Args:
        dataset: Rows as they were opened.
        shape: Their shape.
        mapping: The column of each role.
        to: The new shape.
        out: The new file; its ending chooses the format.
        skip: Leave out the rows that do not fit.
        good_only: Keep the good answers alone, where the new shape has no place for bad ones.

    Raises:
        LossError: Rows do not fit and `skip` is off, or bad answers would be lost and `good_only`
            is off.
        RefusedError: None fits, or the file cannot be written.
    """
    paired = shape in pairs.GOOD_ALONE
    check_mapping(dataset.column_names, shape, mapping, None if paired else "chat")
    writer_for(out)
    found: dict[str, list[int]] = {}
    rows = _converted(dataset, mapping, _made(shape, to, good_only), found)
    if not skip and not (paired and good_only):
        rows = _all_or_none(rows, found, to)
    count = write_rows(rows, out)
    left_out = [
        Dropped(code, tr(LOST[code]), len(numbers), tuple(numbers[:FIRST]))
        for code, numbers in found.items()
    ]
    if not count:
        raise RefusedError(
            tr("None of the {count} rows can become {shape}.").format(count=len(dataset), shape=to),
            tr("In the first of them, {why}.").format(why=left_out[0].reason) if left_out else "",
            tr("Check the shape and the mapping with `data check`."),
        )
    return Converted(count, left_out)


def _made(
    shape: str, to: str, good_only: bool
) -> Callable[[Mapping[str, Any]], list[dict[str, Any]] | str]:
    """What makes the new rows of an old one, or says by a code why it cannot."""
    if (shape, to) in pairs.PAIRS:
        return pairs.PAIRS[shape, to]
    if to not in FORMS:
        raise RefusedError(
            tr("Rows of the shape {shape} cannot become {to}.").format(shape=shape, to=to),
            tr("They hold one answer, and none that is worse."),
            tr("Choose one of {names}.").format(names=", ".join(FORMS)),
        )
    if shape in pairs.GOOD_ALONE and not good_only:
        raise LossError(
            "good_only",
            tr("The shape {to} has no place for answers that are not to be learned.").format(to=to),
            tr("Of every row, the {lost} answers would be lost.").format(
                lost=tr("rejected") if shape == "preference" else tr("bad")
            ),
            tr("--good-only writes the good answers alone; --to kto keeps both kinds."),
        )
    read = pairs.GOOD_ALONE.get(shape) or turns.CHATS[shape]
    form = FORMS[to]

    def made(row: Mapping[str, Any]) -> list[dict[str, Any]] | str:
        said = read(row)
        new = said if isinstance(said, str) else form(said)
        return new if isinstance(new, str) else [new]

    return made


def _converted(
    dataset: "Dataset",
    mapping: Mapping[str, str],
    make: Callable[[Mapping[str, Any]], list[dict[str, Any]] | str],
    found: dict[str, list[int]],
) -> Iterator[dict[str, Any]]:
    others = [name for name in dataset.column_names if name not in mapping.values()]
    number = 0
    for batch in dataset.iter(batch_size=BATCH):
        for values in zip(*batch.values(), strict=True):
            row = dict(zip(batch, values, strict=True))
            made = make({role: row[name] for role, name in mapping.items()})
            if isinstance(made, str):
                found.setdefault(made, []).append(number)
            else:
                for new in made:
                    yield new | {name: row[name] for name in others if name not in new}
            number += 1


def _all_or_none(
    rows: Iterator[dict[str, Any]], found: dict[str, list[int]], to: str
) -> Iterator[dict[str, Any]]:
    yield from rows
    if found:
        count = sum(map(len, found.values()))
        code, numbers = next(iter(found.items()))
        raise LossError(
            "skip",
            tr("{count} rows cannot become {shape} without loss.").format(count=count, shape=to),
            tr("In row {number}, {why}.").format(number=numbers[0], why=tr(LOST[code])),
            tr("--skip leaves those rows out; messages and sharegpt hold every conversation."),
        )


def _messages(said: Messages) -> dict[str, Any]:
    return {"messages": said}


def _sharegpt(said: Messages) -> dict[str, Any]:
    turned = [{"from": SHAREGPT[turn["role"]], "value": turn["content"]} for turn in said]
    return {"conversations": turned}


def _chatml(said: Messages) -> dict[str, Any] | str:
    if any("<|im_" in turn["content"] for turn in said):
        return "marks-inside"
    parts = (f"<|im_start|>{turn['role']}\n{turn['content']}<|im_end|>\n" for turn in said)
    return {"text": "".join(parts)}


def _alpaca(said: Messages) -> dict[str, Any] | str:
    system, asked, answered = _single(said)
    if not asked:
        return answered
    return {"instruction": asked, "input": "", "output": answered, "system": system}


def _prompt_completion(said: Messages) -> dict[str, Any] | str:
    system, asked, answered = _single(said)
    if not asked:
        return answered
    return {"prompt": asked, "completion": answered, "system": system}


def _single(said: Messages) -> tuple[str, str, str]:
    """System, question and answer of one exchange; without a question, the code of the loss."""
    system = said[0]["content"] if said[0]["role"] == "system" else ""
    rest = said[1:] if system else said
    roles = [turn["role"] for turn in rest]
    if not set(roles) <= {"user", "assistant"}:
        return system, "", "other-roles"
    if roles != ["user", "assistant"]:
        return system, "", "several-exchanges" if "user" in roles else "no-question"
    return system, rest[0]["content"], rest[1]["content"]


FORMS: dict[str, Callable[[Messages], dict[str, Any] | str]] = {
    "messages": _messages,
    "chatml": _chatml,
    "alpaca": _alpaca,
    "sharegpt": _sharegpt,
    "prompt-completion": _prompt_completion,
}
TARGETS = (*FORMS, "preference", "kto")
"""Every shape that can be written."""
