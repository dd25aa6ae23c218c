"""Preferences (one prompt, a chosen and a rejected answer) and judgements (an answer, good or bad).

A preference is two judgements; a judgement has no counterpart to be a preference with. Where the
prompt stands inside both answers, as conversations do, it is what their turns have in common.
"""

from collections.abc import Callable, Mapping
from typing import Any

from finetune_studio.data import turns
from finetune_studio.data.values import is_missing, turns_of
from finetune_studio.i18n import mark

Row = Mapping[str, Any]
Made = list[dict[str, Any]]
REASONS = {
    "no-label": mark("whether the answer is good is not said"),
    "bad-answer": mark("the answer is a bad one"),
    "no-counterpart": mark("a judged answer has no other one to be preferred to"),
}
GOOD = {"true": True, "1": True, "good": True, "false": False, "0": False, "bad": False}


def preference(row: Row) -> Made | str:
    """From `prompt`, `chosen` and `rejected` (and `system`), with the prompt parted from both."""
    chosen, rejected = row.get("chosen"), row.get("rejected")
    if is_missing(chosen) or is_missing(rejected) or [] in (chosen, rejected):
        return "no-answer"
    prompt = row.get("prompt")
    good, bad = turns_of(chosen), turns_of(rejected)
    if good and bad and (common := _common(good, bad)):
        if is_missing(prompt) or not turns_of(prompt):
            prompt = good[:common]
        chosen, rejected = good[common:], bad[common:]
    if is_missing(prompt) or prompt == []:
        return "no-question"
    if not chosen or not rejected:
        return "no-answer"
    return [_system(row) | {"prompt": prompt, "chosen": chosen, "rejected": rejected}]


def judged(row: Row) -> Made | str:
    """From `prompt`, `completion` and `label` (and `system`)."""
    good = GOOD.get(str(row.get("label")).strip().casefold())
    if good is None:
        return "no-label"
    if is_missing(row.get("completion")) or row["completion"] == []:
        return "no-answer"
    if is_missing(row.get("prompt")) or row["prompt"] == []:
        return "no-question"
    return [
        _system(row) | {"prompt": row["prompt"], "completion": row["completion"], "label": good}
    ]


def as_judged(row: Row) -> Made | str:
    """A preference as two judgements."""
    made = preference(row)
    if isinstance(made, str):
        return made
    [pair] = made
    return [
        _system(row) | {"prompt": pair["prompt"], "completion": pair[answer], "label": good}
        for answer, good in (("chosen", True), ("rejected", False))
    ]


def good_preferred(row: Row) -> turns.Messages | str:
    """The conversation with the chosen answer."""
    made = preference(row)
    return made if isinstance(made, str) else turns.exchange(made[0], "prompt", "chosen")


def good_judged(row: Row) -> turns.Messages | str:
    """The conversation, where its answer is a good one."""
    made = judged(row)
    if isinstance(made, str):
        return made
    return turns.exchange(made[0], "prompt", "completion") if made[0]["label"] else "bad-answer"


PAIRS: dict[tuple[str, str], Callable[[Row], Made | str]] = {
    ("preference", "preference"): preference,
    ("preference", "kto"): as_judged,
    ("kto", "kto"): judged,
    ("kto", "preference"): lambda row: "no-counterpart",
}
"""From one shape to the other, without loss."""
GOOD_ALONE = {"preference": good_preferred, "kto": good_judged}
"""What is left for the shapes that hold one answer; the bad answers are lost."""


def _common(first: list[Any], second: list[Any]) -> int:
    """How many turns two conversations have in common, before the answers in which they part."""
    same = 0
    for one, other in zip(first[:-1], second[:-1], strict=False):
        if one != other:
            break
        same += 1
    return same


def _system(row: Row) -> dict[str, Any]:
    return {} if is_missing(row.get("system")) else {"system": row["system"]}
