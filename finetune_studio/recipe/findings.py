"""What a check has to say: a plain value that page, command line and report print."""

import re
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from finetune_studio.i18n import mark, tr

MANY = re.compile(r"\{count\} (\w+)s (\w+)\b")
"""How an English text about several rows begins: a noun and a verb."""
ONE = {"are": "is", "were": "was", "have": "has"}

Level = Literal["error", "warning", "advice"]
LEVELS = (mark("error"), mark("warning"), mark("advice"))
"""The levels, the most serious first, as words that commands print before a sentence."""


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        level: `error` blocks the start; `warning` and `advice` do not.
        code: Stable name, such as `sequence-beyond-context`.
        where: The setting or column concerned, as a dotted path.
        text: One sentence; `{name}` places are filled from `values`.
        values: What fills the places in `text`; `terms` names those of them that are words to be
            translated, or lists of such words with a number each.
        count: Rows concerned; 0 where the finding is not about rows.
        rows: The first few row numbers, counted from 0.
        fix: The settings that would mend it, as `{"a.b": value}`; empty where there are none.
    """

    level: Level
    code: str
    where: str
    text: str
    values: dict[str, Any] = field(default_factory=dict)
    count: int = 0
    rows: tuple[int, ...] = ()
    fix: dict[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The text in the language in use, with its values filled in."""
        terms = {name: _term(self.values[name]) for name in self.values.get("terms", ())}
        text = tr(self.text)
        if text == self.text and self.values.get("count") == 1:
            text = _one(text)
        count = self.values.get("count")
        if isinstance(count, int):
            terms["count"] = f"{count:,}"
        return text.format(**{**self.values, **terms})

    def as_dict(self) -> dict[str, Any]:
        """The finding as the command line's contract prints it."""
        return {**asdict(self), "text": self.sentence, "rows": list(self.rows)}


def _one(text: str) -> str:
    """English of one row, in place of several: `1 row holds …`."""
    found = MANY.match(text)
    if found is None:
        return text
    noun, verb = found.groups()
    return f"{{count}} {noun} {ONE.get(verb, f'{verb}s')}{text[found.end() :]}"


def _term(value: Any) -> str:
    if isinstance(value, str):
        return tr(value)
    return ", ".join(f"{tr(word)} {count:,}" for word, count in value)
