"""What the examples of many rows show when they are counted, and what is wrong with it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from finetune_studio.data.usable import Usable
from finetune_studio.i18n import mark
from finetune_studio.recipe.findings import Finding
from finetune_studio.recipe.schema import Recipe
from finetune_studio.tokens.examples import Example
from finetune_studio.tokens.supervision import Supervisor, suggested_template

LOOKED_AT = 20_000
"""Of more rows, so many are looked at, evenly spread."""
BATCH = 1000
FIRST = 10


@dataclass
class Seen:
    """What was counted over the rows.

    Attributes:
        rows: How many were looked at.
        tokens: Tokens after cutting.
        learned: Tokens that are learned.
        cut_tokens: Tokens that were cut off.
        counts: Rows by what is wrong with them: a problem of supervision, or `cut`, `no-end`,
            `bos-twice`, `system`.
        numbers: The first few row numbers of each, in the files.
        detail: The template's own reason, where it refused a row.
    """

    rows: int = 0
    tokens: int = 0
    learned: int = 0
    cut_tokens: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, list[int]] = field(default_factory=dict)
    detail: str = ""

    def note(self, what: str, number: int) -> None:
        """Count a row."""
        self.counts[what] += 1
        first = self.numbers.setdefault(what, [])
        if len(first) < FIRST:
            first.append(number)


def look(supervisor: Supervisor, usable: Usable) -> Seen:
    """Make the examples of the rows, evenly spread where there are many, and count."""
    seen = Seen()
    rows = usable.train
    step = max(1, -(-len(rows) // LOOKED_AT))
    chosen = range(0, len(rows), step)
    for start in range(0, len(chosen), BATCH):
        part = chosen[start : start + BATCH]
        batch = rows.select(part).to_list()
        numbers = usable.numbers[list(part)].tolist()
        seen.rows += len(batch)
        for index, row in enumerate(batch):
            if supervisor.kind == "chat" and row["messages"][0]["role"] == "system":
                seen.note("system", numbers[index])
        for index, example in supervisor.numbered(batch):
            _count(seen, supervisor, example, numbers[index])
    return seen


def _count(seen: Seen, supervisor: Supervisor, example: Example, number: int) -> None:
    seen.tokens += len(example.input_ids)
    seen.learned += len(example.input_ids) if example.label >= 0 else example.learned
    seen.cut_tokens += example.truncated
    if example.problem:
        seen.note(example.problem, number)
        seen.detail = seen.detail or example.detail
        return
    if example.truncated:
        seen.note("cut", number)
    elif supervisor.kind == "chat" and not example.ends:
        seen.note("no-end", number)
    bos = supervisor.tokenizer.bos_id
    if bos is not None and example.input_ids[:2] == [bos, bos]:
        seen.note("bos-twice", number)


def about_template(recipe: Recipe, supervisor: Supervisor, seen: Seen) -> Iterator[Finding]:
    """What the chat template does that a person would not expect."""
    if supervisor.answers is None:
        return
    habits = supervisor.answers.habits
    wanted = seen.counts["system"] or (recipe.task.kind == "chat" and recipe.task.system)
    if wanted and not habits.takes_system:
        yield Finding(
            "warning",
            "no-system-role",
            "task.template",
            mark("The chat template has no place for a system message: it is lost, or refused."),
            count=seen.counts["system"],
            rows=tuple(seen.numbers.get("system", ())),
        )
    yield from _about_the_end(supervisor, seen)
    if not habits.prompt_kept:
        yield Finding(
            "warning",
            "prompt-differs",
            "task.template",
            mark(
                "The template asks for an answer otherwise than it shows one: what is learned"
                " follows other tokens than it will in use."
            ),
        )


def _about_the_end(supervisor: Supervisor, seen: Seen) -> Iterator[Finding]:
    """Whether the model learns to stop."""
    assert supervisor.answers is not None
    end, suggested = supervisor.answers.habits.end, suggested_template(supervisor.tokenizer)
    if not end:
        rule = Finding(
            "error",
            "end-not-learned",
            "task.template",
            mark("No token ends an answer in this chat template: the model would never stop."),
            fix={"task.template": suggested},
        )
        yield _by_rows(seen, "no-end", rule)
    elif not supervisor.stops:
        yield Finding(
            "warning",
            "end-not-a-stop",
            "task.template",
            mark("Answers end with “{end}”, which is no token: the model would not stop there."),
            {"end": end},
            fix={"task.template": suggested},
        )


def about_padding(recipe: Recipe, supervisor: Supervisor) -> Iterator[Finding]:
    """Whether rows are filled up with the token that ends an answer.

    Trainers that leave every such token out of what is learned make a model that never stops; here
    what is learned goes by places (engine/collating.py), so that it is no fault.
    """
    tokenizer = supervisor.tokenizer
    if supervisor.kind != "chat" or recipe.training.packing or tokenizer.pad_id is None:
        return
    if tokenizer.pad_id in supervisor.stop_ids:
        yield Finding(
            "advice",
            "pad-is-end",
            "training.packing",
            mark(
                "Rows are filled up with “{end}”, which also ends an answer. Here its end is"
                " learned all the same, for padding goes by its place; packed rows have none."
            ),
            {"end": tokenizer.token(tokenizer.pad_id)},
            fix={"training.packing": True},
        )


def about_rows(recipe: Recipe, seen: Seen) -> Iterator[Finding]:
    """Rows that are cut, refused, or teach nothing."""
    length = recipe.training.sequence_length
    for what, rule in _rules(length, seen).items():
        if seen.counts[what]:
            yield _by_rows(seen, what, rule)
    if seen.rows and not seen.learned:
        yield Finding(
            "error",
            "nothing-at-all",
            "training.sequence_length",
            mark("No row has anything to learn within {length:,} tokens."),
            {"length": length},
        )


def _rules(length: int, seen: Seen) -> dict[str, Finding]:
    """What is told of rows, by what was noted of them."""
    whole = seen.rows and seen.counts["template-refuses"] == seen.rows
    return {
        "template-refuses": Finding(
            "error" if whole else "warning",
            "template-refuses",
            "task.template",
            mark("{count} rows are left out: the chat template refuses them ({why})."),
            {"why": seen.detail},
        ),
        "nothing-learned": Finding(
            "warning",
            "nothing-learned",
            "training.sequence_length",
            mark("{count} rows have nothing to learn within {length:,} tokens."),
            {"length": length},
        ),
        "unknown-label": Finding(
            "warning",
            "unknown-label",
            "task.labels",
            mark("{count} rows are left out: their label is none of the labels that are learned."),
        ),
        "cut": Finding(
            "warning",
            "rows-cut",
            "training.sequence_length",
            mark("{count} rows are cut at {length:,} tokens; {lost:,} tokens are lost."),
            {"length": length, "lost": seen.cut_tokens},
        ),
        "bos-twice": Finding(
            "warning",
            "bos-twice",
            "task.template",
            mark("{count} rows begin with the start token twice."),
        ),
    }


def _by_rows(seen: Seen, what: str, rule: Finding) -> Finding:
    count = seen.counts[what]
    return Finding(
        rule.level,
        rule.code,
        rule.where,
        rule.text,
        {**rule.values, "count": count},
        count,
        tuple(seen.numbers.get(what, ())),
        rule.fix,
    )
