"""One JSON object as rows: a list inside, columns of equal length, pandas' forms, or one row.

Reading tests (SQuAD, KorQuAD, AI Hub) keep articles, each with paragraphs and their questions.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

TURNS = ("messages", "conversations", "conversation", "dialog", "dialogue", "turns", "대화")
"""A list under one of these names is one row's conversation, not a list of rows."""

Rows = list[dict[str, Any]]


def rows_within(whole: dict[str, Any], path: Path) -> Rows:
    """The rows that a file's only object holds.

    Raises:
        RefusedError: It holds several lists of rows, so that which one is meant is open.
    """
    if any(isinstance(whole.get(name), list) for name in TURNS):
        return [whole]
    if {"columns", "data"} <= set(whole) and _is_lists(whole["data"]):
        return [dict(zip(whole["columns"], row, strict=False)) for row in whole["data"]]
    lists = [name for name, value in whole.items() if _is_rows(value)]
    if len(lists) == 1:
        return list(whole[lists[0]])
    if lists:
        raise RefusedError(
            tr("“{name}” holds more than one list of rows.").format(name=path.name),
            tr("They are {names}.").format(names=", ".join(f"“{each}”" for each in lists)),
            tr("Save the list that you mean as a file of its own."),
        )
    return _from_columns(whole) or [whole]


def questions_of(article: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The questions below an article, each with its paragraph; the row itself where it is none."""
    paragraphs = article.get("paragraphs") or ()
    if not _is_rows(paragraphs) or not all(_is_rows(each.get("qas")) for each in paragraphs):
        yield article
        return
    above = {name: value for name, value in article.items() if name != "paragraphs"}
    for paragraph in paragraphs:
        beside = {name: value for name, value in paragraph.items() if name != "qas"}
        for question in paragraph["qas"]:
            yield {**above, **beside, **question, **_answer(question)}


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    """The first answer, as text; None where a question has none."""
    given = question.get("answers", question.get("answer"))
    first = given[0] if isinstance(given, list) and given else given
    text = first.get("text") if isinstance(first, dict) else first
    name = "answers" if "answers" in question else "answer"
    return {name: text if isinstance(text, str) else None}


def _from_columns(whole: dict[str, Any]) -> Rows:
    columns = list(whole.values())
    if columns and all(isinstance(column, dict) and column for column in columns):
        keys = list(columns[0])
        if all(list(column) == keys for column in columns) and all(k.isdigit() for k in keys):
            columns = [list(column.values()) for column in columns]
    if not columns or not all(isinstance(column, list) and column for column in columns):
        return []
    if len({len(column) for column in columns}) > 1:
        return []
    return [dict(zip(whole, row, strict=True)) for row in zip(*columns, strict=True)]


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _is_lists(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, list) for row in value)
