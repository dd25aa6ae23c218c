"""Before a step is run: what the trainer would do with these rows, and what is wrong with it.

Reads the rows as the trainer reads them, makes labels by the function that the trainer uses, and
looks at the result. Loads no weights and no torch.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from finetune_studio.catalog.licensing import licence_findings
from finetune_studio.catalog.local import context_length
from finetune_studio.catalog.resolve import resolve_without_weights
from finetune_studio.data.usable import Usable, read_rows
from finetune_studio.errors import StudioError
from finetune_studio.i18n import mark
from finetune_studio.recipe.checks import check, check_context
from finetune_studio.recipe.findings import Finding
from finetune_studio.recipe.schema import Recipe
from finetune_studio.tokens import supervision
from finetune_studio.tokens.learned import (
    Seen,
    about_padding,
    about_rows,
    about_template,
    look,
)
from finetune_studio.tokens.loading import Tokenizer, load_tokenizer
from finetune_studio.tokens.supervision import Supervisor

Result = TypeVar("Result")
ORDER = ("error", "warning", "advice")


@dataclass(frozen=True)
class Preflight:
    """What was found.

    Attributes:
        findings: The most serious first.
        rows: Rows that would be learned from.
        validation_rows: Rows that would be measured on.
        looked_at: Rows whose tokens were looked at.
        tokens: Tokens in them, after cutting.
        learned: Tokens of them that are learned; for `classify` all that are read.
    """

    findings: tuple[Finding, ...]
    rows: int = 0
    validation_rows: int = 0
    looked_at: int = 0
    tokens: int = 0
    learned: int = 0

    @property
    def learned_share(self) -> float:
        """The share of tokens that is learned, 0 to 1."""
        return self.learned / self.tokens if self.tokens else 0.0

    def as_dict(self) -> dict[str, Any]:
        """As the command line's contract prints it."""
        return {
            "findings": [finding.as_dict() for finding in self.findings],
            "learned_share": self.learned_share,
            "rows": self.rows,
            "validation_rows": self.validation_rows,
            "rows_looked_at": self.looked_at,
            "tokens": self.tokens,
        }


def preflight(recipe: Recipe) -> Preflight:
    """Look at everything that can be looked at; what cannot be is a finding of its own."""
    found = [*check(recipe), *licence_findings(recipe)]
    folder = _tried("model.source", found, lambda: _folder(recipe))
    usable = (
        _tried("data.files", found, lambda: read_rows(recipe.data, recipe.task.kind))
        if recipe.data.files
        else None
    )
    if usable:
        found += _left_out(usable)
    tokenizer = _tried("model.source", found, lambda: load_tokenizer(folder)) if folder else None
    if folder:
        found += check_context(recipe, _context(folder))
    if not (tokenizer and usable):
        return _sorted(found, usable)
    supervisor = _supervised(recipe, tokenizer, usable, found)
    if supervisor is None:
        return _sorted(found, usable)
    seen = look(supervisor, usable)
    found += about_template(recipe, supervisor, seen)
    found += about_padding(recipe, supervisor)
    found += about_rows(recipe, seen)
    return _sorted(found, usable, seen)


def _tried(where: str, found: list[Finding], act: Callable[[], Result]) -> Result | None:
    try:
        return act()
    except StudioError as error:
        found.append(_refusal(where, error))
        return None


def _refusal(where: str, error: StudioError) -> Finding:
    values = {"title": error.title, "detail": error.detail, "hint": error.hint}
    text = " ".join(f"{{{name}}}" for name, value in values.items() if value)
    return Finding("error", "refused", where, text, values)


def _supervised(
    recipe: Recipe, tokenizer: Tokenizer, usable: Usable, found: list[Finding]
) -> Supervisor | None:
    task = recipe.task
    if task.kind == "chat" and task.template == "model" and tokenizer.chat_template is None:
        name = supervision.suggested_template(tokenizer)
        found.append(
            Finding(
                "error",
                "template-missing",
                "task.template",
                mark("This model has no chat template; {name} suits its tokenizer."),
                {"name": name},
                fix={"task.template": name},
            )
        )
        return None

    def make() -> Supervisor:
        names = supervision.label_names(recipe, usable.train)
        return supervision.supervisor_of(recipe, tokenizer, names)

    return _tried("task", found, make)


def _left_out(usable: Usable) -> Iterator[Finding]:
    for each in usable.dropped:
        yield Finding(
            "warning",
            f"rows-{each.code}",
            "data.mapping",
            mark("{count} rows are left out: {why}."),
            {"count": each.count, "why": each.reason},
            each.count,
            each.rows,
        )


def _folder(recipe: Recipe) -> Path:
    model = recipe.model
    return resolve_without_weights(model.source, model.revision, model.trust_remote_code)


def _context(folder: Path) -> int:
    about: Mapping[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return context_length(about)


def _sorted(
    found: list[Finding], usable: Usable | None = None, seen: Seen | None = None
) -> Preflight:
    ordered = tuple(sorted(found, key=lambda finding: ORDER.index(finding.level)))
    if usable is None:
        return Preflight(ordered)
    rows, validation = len(usable.train), len(usable.validation)
    if seen is None:
        return Preflight(ordered, rows, validation)
    return Preflight(ordered, rows, validation, seen.rows, seen.tokens, seen.learned)
