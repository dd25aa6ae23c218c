"""The findings on quality in words: how serious each is, what it says, and its fix."""

from collections.abc import Sequence
from typing import Any

from finetune_studio.i18n import mark
from finetune_studio.recipe.findings import Finding, Level

WORDS: dict[str, tuple[Level, str]] = {
    "mojibake": (
        "warning",
        mark("{count} rows hold text that was read in a wrong encoding. The fix reads it rightly."),
    ),
    "decomposed": (
        "warning",
        mark(
            "{count} rows hold letters in parts (NFD), as macOS writes them; a tokenizer sees other"
            " tokens. The fix composes them (NFC)."
        ),
    ),
    "control-characters": (
        "warning",
        mark("{count} rows hold characters that are not seen. The fix takes them out."),
    ),
    "html": (
        "advice",
        mark("{count} rows hold remains of HTML. The fix takes tags out and spells entities out."),
    ),
    "personal-data": (
        "warning",
        mark(
            "{count} rows seem to hold personal data: {kinds}. A model may repeat it. The fix"
            " masks it."
        ),
    ),
    "role-order": (
        "warning",
        mark(
            "{count} conversations are out of order: two turns of one side in a row, an answer"
            " first, a question last, or late system words. The fix joins and drops such turns."
        ),
    ),
    "damaged-characters": (
        "warning",
        mark("{count} rows hold characters that were lost (�). The fix leaves these rows out."),
    ),
    "no-words": (
        "warning",
        mark("{count} rows have no letter and no digit to learn. The fix leaves them out."),
    ),
    "too-long": (
        "advice",
        mark(
            "{count} rows are longer than {limit} characters, far beyond the others."
            " The fix leaves them out."
        ),
    ),
    "cut-answers": (
        "warning",
        mark(
            "{count} answers seem cut off in the middle: the model would learn to stop there."
            " The fix leaves these rows out."
        ),
    ),
    "language-mix": (
        "advice",
        mark(
            "{count} rows are not in the main script, {keep}: {others}."
            " The fix leaves them out; keep them if the mix is meant."
        ),
    ),
    "contradictions": (
        "warning",
        mark("{count} rows have the same text but different labels. The fix leaves them all out."),
    ),
    "duplicates": (
        "warning",
        mark("{count} rows repeat an earlier one. The fix keeps the first of each."),
    ),
    "near-duplicates": (
        "advice",
        mark("{count} rows are nearly equal to an earlier one. The fix keeps the first of each."),
    ),
    "label-imbalance": (
        "advice",
        mark(
            "The label “{most}” has {times} times as many rows as “{least}” ({fewest})."
            " The fix leaves {count} rows of the common labels out."
        ),
    ),
    "leakage": (
        "warning",
        mark(
            "{count} of the rows to measure on are nearly equal to rows that are learned, so the"
            " measure would be too good. The fix leaves them out of the measuring."
        ),
    ),
}


def finding(
    code: str,
    count: int,
    rows: Sequence[int],
    examples: Sequence[str],
    fixes: Sequence[dict[str, Any]],
    values: dict[str, Any],
    settings: dict[str, Any] | None = None,
) -> Finding:
    """One finding; its fix is the fixes in use with its own added."""
    level, text = WORDS[code]
    others = [dict(each) for each in fixes if each.get("code") != code]
    fix = {"data.fixes": [*others, {"code": code, **(settings or {})}]}
    shown = {"count": count, **(settings or {}), **values, "examples": list(examples)}
    return Finding(level, code, "data.fixes", text, shown, count, tuple(rows), fix)
