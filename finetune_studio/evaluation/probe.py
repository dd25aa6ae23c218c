"""The forgetting probe: general questions and texts, and what their scores say. Knows no model.

The limits of the verdict are this program's own, chosen on the side of warning: see `verdict`.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from finetune_studio import paths
from finetune_studio.evaluation import intervals
from finetune_studio.evaluation.intervals import Metric
from finetune_studio.evaluation.result import Change, Forgetting, Kept, Metrics
from finetune_studio.i18n import mark

LANGUAGES = ("ko", "en")
SOME = 0.10  # a rise of perplexity by this share, or any sure loss of right answers
MUCH = 0.50  # by this share, or a sure loss of a tenth of the right answers
LOST = -0.10
NO_TEXT = mark("A classifier writes no text, so it cannot be asked what it knows.")

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Question:
    """The beginning of a sentence, and ends for it.

    Attributes:
        language: `ko` or `en`.
        stem: The beginning.
        ends: The right end, then the wrong ones.
    """

    language: str
    stem: str
    ends: tuple[str, ...]


@dataclass(frozen=True)
class Text:
    """A short general text."""

    language: str
    text: str


@dataclass(frozen=True)
class Scores:
    """What one model made of the probe, in the order of `questions()` and `texts()`.

    Attributes:
        right: `[questions]`, whether the right end was the likeliest.
        losses: `[texts]`, summed over each text's tokens, in nats.
        tokens: `[texts]`, how many were predicted.
    """

    right: Array
    losses: Array
    tokens: Array


def questions() -> list[Question]:
    """Every question."""
    return [
        Question(language, each["stem"], (each["right"], *each["wrong"]))
        for language in LANGUAGES
        for each in _read(f"questions_{language}.jsonl")
    ]


def texts() -> list[Text]:
    """Every text."""
    return [Text(code, each["text"]) for code in LANGUAGES for each in _read(f"texts_{code}.jsonl")]


def forgetting(base: Scores, tuned: Scores, seed: int) -> Forgetting:
    """What both models' scores say."""
    asked, read = questions(), texts()
    right = intervals.compare(
        _shares(base, asked), _shares(tuned, asked), rows=len(asked), seed=seed
    )
    read_on = intervals.compare(
        _perplexities(base, read), _perplexities(tuned, read), rows=len(read), seed=seed
    )
    before, after = right.base | read_on.base, right.tuned | read_on.tuned
    changes = right.changes | read_on.changes
    return Forgetting(
        questions=len(asked),
        base=before,
        tuned=after,
        changes=changes,
        verdict=verdict(before, after, changes),
    )


def verdict(base: Metrics, tuned: Metrics, changes: dict[str, Change]) -> Kept:
    """Whether the model still knows what it knew; what may be chance counts for nothing."""
    known = changes["accuracy"]
    sure = known.high < 0
    rise = max(risen(base, tuned, changes).values())
    if rise > MUCH or (sure and known.value <= LOST):
        return "much"
    return "some" if rise > SOME or sure else "kept"


def risen(base: Metrics, tuned: Metrics, changes: dict[str, Change]) -> dict[str, float]:
    """By which share each language's perplexity rose; 0 where that is not sure."""
    found = {}
    for name in (f"perplexity_{code}" for code in LANGUAGES):
        rose = tuned[name] > base[name] and changes[name].low > 0
        found[name] = tuned[name] / max(base[name], 1e-9) - 1 if rose else 0.0
    return found


def weightiest(found: Forgetting) -> str:
    """The metric that the verdict rests on: the questions, or the texts of one language."""
    if found.verdict in (None, "kept"):
        return "accuracy"
    rises = risen(found.base, found.tuned, found.changes)
    name = max(rises, key=rises.__getitem__)
    lost = found.changes["accuracy"]
    by_questions = lost.high < 0 and (found.verdict == "some" or lost.value <= LOST)
    return "accuracy" if by_questions or rises[name] <= SOME else name


def _shares(scores: Scores, asked: list[Question]) -> dict[str, Metric]:
    right = scores.right.astype(float)
    found = {"accuracy": intervals.mean(right)}
    for code in LANGUAGES:
        those = np.array([each.language == code for each in asked], dtype=float)
        found[f"accuracy_{code}"] = intervals.ratio(right * those, those)
    return found


def _perplexities(scores: Scores, read: list[Text]) -> dict[str, Metric]:
    found = {}
    for code in LANGUAGES:
        those = np.array([each.language == code for each in read], dtype=float)
        loss = intervals.ratio(scores.losses * those, scores.tokens * those)
        found[f"perplexity_{code}"] = intervals.exponential(loss)
    return found


def _read(name: str) -> list[dict[str, Any]]:
    lines = (paths.resources() / "probe" / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
