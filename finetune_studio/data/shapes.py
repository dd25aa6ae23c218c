"""Recognises how rows are laid out, from the names of columns and a sample of their values.

A guess that would leave the meaning of a column open has an empty mapping: the person is asked, and
nothing is trained on a wrong column.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from finetune_studio.data import names
from finetune_studio.data.values import (
    are_labels,
    are_text,
    are_texts_in_turn,
    length,
    present,
    turn_names,
)
from finetune_studio.i18n import tr

ROLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "messages": (("messages",), ("tools", "system")),
    "sharegpt": (("conversations",), ("system",)),
    "alpaca": (("instruction", "output"), ("input", "system")),
    "prompt-completion": (("prompt", "completion"), ("system",)),
    "question-answer": (("question", "answer"), ("context", "system")),
    "text": (("text",), ()),
    "labelled-text": (("text", "label"), ()),
    "preference": (("chosen", "rejected"), ("prompt", "system")),
    "kto": (("prompt", "completion", "label"), ("system",)),
}
"""For each shape the roles that it needs, and those that it may have."""


@dataclass(frozen=True)
class Recognition:
    """How rows seem to be laid out.

    Attributes:
        shape: One of `ROLES`.
        confidence: From 0 (a guess for want of better) to 1 (the values themselves say so).
        why: The reason, in one sentence.
        mapping: The column of each role; empty where it is open which column is meant.
    """

    shape: str
    confidence: float
    why: str
    mapping: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """The columns and the values of a few rows."""

    columns: list[str]
    rows: Sequence[Mapping[str, Any]]

    def values(self, column: str) -> list[Any]:
        """A column's values."""
        return [row.get(column) for row in self.rows]

    def nested(self) -> str:
        """The first column that holds lists or objects; empty where none does."""
        nests = (c for c in self.columns if any(isinstance(v, list | dict) for v in self.values(c)))
        return next(nests, "")

    def named(self, wanted: tuple[str, ...], but: Sequence[str] = ()) -> str | None:
        """The column that bears one of the names and is not among `but`."""
        return names.find([column for column in self.columns if column not in but], wanted)


def recognise(columns: Sequence[str], sample_rows: Sequence[Mapping[str, Any]]) -> Recognition:
    """The likeliest shape of rows with these columns; never raises.

    Args:
        columns: The columns' names.
        sample_rows: A few rows; about 200 are plenty.
    """
    sample = Sample(list(columns), sample_rows)
    steps: tuple[Callable[[Sample], Recognition | None], ...] = (
        _preference,
        _kto,
        _conversation,
        _tree,
        _pair,
        _labelled,
        _posted,
        _text,
        _worded,
        _unnamed,
    )
    return next(found for step in steps if (found := step(sample)))


def suggest(shape: str, columns: Sequence[str]) -> dict[str, str]:
    """The columns that bear a role's usual names, for a shape that the person has chosen."""
    left = list(columns)
    mapping: dict[str, str] = {}
    for role in (*ROLES[shape][0], *ROLES[shape][1]):
        if found := names.find(left, names.BY_ROLE[role]):
            mapping[role] = found
            left.remove(found)
    return mapping


def _preference(sample: Sample) -> Recognition | None:
    chosen, rejected = sample.named(names.CHOSEN), sample.named(names.REJECTED)
    if not chosen or not rejected:
        return None
    prompt = sample.named(names.PROMPT + names.QUESTION + names.INSTRUCTION)
    mapping = _filled(prompt=prompt, chosen=chosen, rejected=rejected)
    return Recognition("preference", 0.95, _named(mapping), mapping)


def _kto(sample: Sample) -> Recognition | None:
    prompt = sample.named(names.PROMPT)
    completion, label = sample.named(names.COMPLETION), sample.named(names.LABEL)
    if judged_by := sample.named(names.JUDGED):  # which says it whatever the others are called
        prompt = prompt or sample.named(names.QUESTION + names.INSTRUCTION)
        completion = completion or sample.named(names.ANSWER + names.OUTPUT)
        label = judged_by
    if not prompt or not completion or not label:
        return None
    judged = {str(value).casefold() for value in present(sample.values(label))}
    if not judged or not judged <= {"true", "false", "0", "1"}:
        return None
    mapping = _filled(prompt=prompt, completion=completion, label=label)
    return Recognition("kto", 0.9, _named(mapping), mapping)


def _conversation(sample: Sample) -> Recognition | None:
    found = {c: turn_names(sample.values(c)) for c in sample.columns}
    by_value = [column for column, keys in found.items() if keys]
    if not by_value:
        return _in_turn(sample)
    if _are_halves(by_value) or _asks_alone(sample, by_value):
        return None
    column = names.find(by_value, names.MESSAGES) or by_value[0]
    role, content = found[column] or ("", "")
    why = tr("The column “{column}” holds turns with “{role}” and “{content}”.").format(
        column=column, role=role, content=content
    )
    named = names.find([column], names.MESSAGES) is not None
    certainty = 1.0 if named else 0.9 if len(by_value) == 1 else 0.6
    shape, part = ("sharegpt", "conversations") if role == "from" else ("messages", "messages")
    tools = sample.named(names.BY_ROLE["tools"]) if shape == "messages" else None
    mapping = {part: column} | _filled(tools=tools, system=sample.named(names.SYSTEM))
    return Recognition(shape, certainty, why, mapping)


def _in_turn(sample: Sample) -> Recognition | None:
    column = sample.named(names.MESSAGES)
    if not column or not are_texts_in_turn(sample.values(column)):
        return None
    why = tr("The column “{column}” holds texts in turn, the person's first.").format(column=column)
    return Recognition("sharegpt", 0.7, why, {"conversations": column})


def _tree(sample: Sample) -> Recognition | None:
    """Single messages that name the one they answer: a person has to say which belong together."""
    if not (sample.named(("parent_id", "parent")) and sample.named(("role", "author_role"))):
        return None
    return Recognition("messages", 0.2, tr("Each row is one message of a longer conversation."))


def _pair(sample: Sample) -> Recognition | None:
    for shape, asking in (
        ("alpaca", names.INSTRUCTION),
        ("prompt-completion", names.PROMPT),
        ("question-answer", names.QUESTION),
        ("prompt-completion", names.INPUT),
    ):
        if (ask := sample.named(asking)) and (found := _answered(sample, shape, ask)):
            return found
    return None


def _answered(sample: Sample, shape: str, ask: str) -> Recognition | None:
    answer = _answer(sample, shape, ask)
    if not answer or not _is_said(sample.values(ask)):
        return None
    used = (ask, answer)
    system = sample.named(names.SYSTEM, used)
    context = sample.named(names.CONTEXT, used)
    if shape == "alpaca":
        extra = sample.named(names.INPUT, used) or context
        mapping = _filled(instruction=ask, input=extra, output=answer, system=system)
    elif shape == "prompt-completion":
        mapping = _filled(prompt=ask, completion=answer, system=system)
    else:
        mapping = _filled(question=ask, answer=answer, context=context, system=system)
    return Recognition(shape, 0.95, _named(mapping), mapping)


def _answer(sample: Sample, shape: str, ask: str) -> str | None:
    first = {
        "alpaca": names.OUTPUT + names.ANSWER + names.COMPLETION,
        "prompt-completion": names.COMPLETION + names.ANSWER + names.OUTPUT + ("target",),
        "question-answer": names.ANSWER + names.OUTPUT + names.COMPLETION,
    }[shape]
    answer = sample.named(first, (ask,))
    worked = sample.named(names.WORKED, (ask,))
    longer = answer and worked and length(sample.values(worked)) > 2 * length(sample.values(answer))
    return worked if longer else answer


def _posted(sample: Sample) -> Recognition | None:
    """A posting and its answer, or a text and its summary."""
    for shape, roles, wanted in (
        ("question-answer", ("question", "answer"), names.ANSWER[:1] + names.ANSWER[3:]),
        ("prompt-completion", ("prompt", "completion"), names.SUMMARY),
    ):
        answer = sample.named(wanted)
        text = sample.named(names.TEXT, (answer,)) if answer else None
        if answer and text and _is_prose(sample, answer) and _is_prose(sample, text):
            mapping = dict(zip(roles, (text, answer), strict=True))
            heading = sample.named(("title", "제목", "subject"), (text, answer))
            if shape == "question-answer" and heading:
                mapping["context"] = heading
            return Recognition(shape, 0.7, _named(mapping), mapping)
    return None


def _labelled(sample: Sample) -> Recognition | None:
    label = sample.named(names.LABEL)
    if not label or not are_labels(sample.values(label)):
        return None
    text = sample.named(names.TEXT, (label,)) or _only_text(sample, (label,))
    if not text or not are_text(sample.values(text)):
        return None
    mapping = {"text": text, "label": label}
    named = names.find([text], names.TEXT) is not None
    return Recognition("labelled-text", 0.9 if named else 0.7, _named(mapping), mapping)


def _text(sample: Sample) -> Recognition | None:
    text = sample.named(names.TEXT)
    if not text or not are_text(sample.values(text)):
        return None
    if names.find([text], names.HEADING) and sample.nested():
        return None  # the text itself lies in what is nested
    asking = sample.named(names.ASKING, (text,))
    if asking and _is_prose(sample, asking):
        return None  # something is asked in another column: its answer has an unknown name
    others = [c for c in sample.columns if c != text and _is_prose(sample, c)]
    judged = sample.named(names.LABEL, (text,))
    sure = (not others or names.find(others, names.TEXT) is not None) and not judged
    why = tr("The column “{column}” holds text.").format(column=text)
    return Recognition("text", 0.9 if sure else 0.6, why, {"text": text})


def _worded(sample: Sample) -> Recognition | None:
    """A question and its answer under longer names: "손님 질문", "점원 답변"."""
    prose = [column for column in sample.columns if _is_prose(sample, column)]
    asks = names.ending(prose, names.QUESTION + names.ASKING)
    answers = names.ending(prose, names.ANSWER + names.OUTPUT + names.COMPLETION)
    if len(asks) != 1 or len(answers) != 1 or asks == answers:
        return None
    mapping = {"question": asks[0], "answer": answers[0]}
    return Recognition("question-answer", 0.7, _named(mapping), mapping)


def _unnamed(sample: Sample) -> Recognition:
    texts = [column for column in sample.columns if are_text(sample.values(column))]
    labels = [column for column in sample.columns if are_labels(sample.values(column))]
    prose = [column for column in texts if column not in labels]
    if len(prose) == 1 and len(labels) == 1 and len(sample.columns) == 2:
        why = tr("“{text}” holds different texts, “{label}” a few that come again.").format(
            text=prose[0], label=labels[0]
        )
        return Recognition("labelled-text", 0.6, why, {"text": prose[0], "label": labels[0]})
    only = texts if len(texts) == 1 else prose
    nested = sample.nested()
    if len(only) == 1 and not nested:
        why = tr("“{column}” is the only column of text.").format(column=only[0])
        return Recognition("text", 0.5, why, {"text": only[0]})
    if nested:
        why = tr("The column “{column}” holds lists or objects of an unknown kind.")
        return Recognition("text", 0.2, why.format(column=nested))
    if not texts:
        return Recognition("text", 0.0, tr("No column holds text."))
    why = tr("Several columns hold text, and their names do not say which is which: {names}.")
    listed = ", ".join(f"“{column}”" for column in texts)
    return Recognition("text", 0.2, why.format(names=listed))


def _only_text(sample: Sample, but: Sequence[str]) -> str | None:
    texts = [c for c in sample.columns if c not in but and are_text(sample.values(c))]
    return texts[0] if len(texts) == 1 else None


def _are_halves(columns: list[str]) -> bool:
    """Whether a prompt and its completion are each a list of turns."""
    return bool(names.find(columns, names.PROMPT) and names.find(columns, names.COMPLETION))


def _asks_alone(sample: Sample, columns: list[str]) -> bool:
    """Whether the turns are all but the answer, which has a column of its own."""
    if names.find(columns, names.MESSAGES):
        return False
    asks = names.find(columns, names.PROMPT + names.QUESTION + names.INSTRUCTION + names.INPUT)
    return bool(asks and sample.named(names.COMPLETION + names.ANSWER + names.OUTPUT, (asks,)))


def _is_said(values: Sequence[Any]) -> bool:
    return (
        any(isinstance(value, str) for value in present(values)) or turn_names(values) is not None
    )


def _is_prose(sample: Sample, column: str) -> bool:
    values = sample.values(column)
    return are_text(values) and not are_labels(values)


def _filled(**roles: str | None) -> dict[str, str]:
    return {role: column for role, column in roles.items() if column}


def _named(mapping: Mapping[str, str]) -> str:
    listed = ", ".join(f"“{column}” ({role})" for role, column in mapping.items())
    return tr("The columns are named so: {names}.").format(names=listed)
