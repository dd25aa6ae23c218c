"""The three figures that tell most: before, after, how sure; and what was forgotten."""

from PySide6.QtWidgets import QWidget

from finetune_studio import i18n
from finetune_studio.evaluation import metrics, probe, summary
from finetune_studio.evaluation.report import FIRST
from finetune_studio.evaluation.result import Evaluation, Forgetting
from finetune_studio.gui import outcomes
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.outcomes import Score
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.before_after import BeforeAfter
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.layout import clear, column, row
from finetune_studio.gui.widgets.text import Text

MOST = 3  # scores in sight
TONES = {"kept": "ok", "some": "warn", "much": "bad"}
FIGURES = {"kept": "learned_text", "some": "warn", "much": "bad"}


class Scores(QWidget):
    """Some score cards beside each other."""

    def __init__(self) -> None:
        super().__init__()
        self._cards = row(gap=Space.m)
        self.setLayout(self._cards)

    def show_trained(self, found: list[Score]) -> None:
        """Show what was measured while it was trained."""
        clear(self._cards)
        for each in found[:MOST]:
            self._cards.addWidget(_trained(each), 1)

    def show_measured(self, found: Evaluation) -> None:
        """Show an evaluation."""
        clear(self._cards)
        names = [name for name in FIRST[found.task] if name in found.base]
        probed = found.forgetting.verdict is not None
        for name in names[: MOST - 1 if probed else MOST]:
            self._cards.addWidget(_measured(found, name), 1)
        if probed:
            self._cards.addWidget(_forgetting(found.forgetting), 1)


def _trained(score: Score) -> Card:
    tone = {True: "ok", False: "warn", None: "plain"}[score.better]
    change = outcomes.metric_change(score)
    return _card(
        lambda: metrics.name_of(score.name),
        Badge(change, tone) if change else None,
        metrics.value_of(score.name, score.after),
        None if score.before is None else metrics.value_of(score.name, score.before),
        _places(score.name, score.before, score.after),
        lambda: _meaning(score.name),
    )


def _measured(found: Evaluation, name: str) -> Card:
    change = found.changes[name]
    better = metrics.better(name, change.value)
    tone = ("ok" if better else "bad") if change.sure else "plain"
    said = metrics.change_of(name, change.value)
    low, high = (metrics.change_of(name, each) for each in (change.low, change.high))

    def note() -> str:
        return f"{sureness()}\n{_meaning(name)}"

    def sureness() -> str:
        if not change.sure:
            return tr("may be chance: {low} to {high}").format(low=low, high=high)
        return tr("95 % sure: {low} to {high}").format(low=low, high=high)

    return _card(
        lambda: metrics.name_of(name),
        Badge(said, tone),
        metrics.value_of(name, found.tuned[name]),
        metrics.value_of(name, found.base[name]),
        _places(name, found.base[name], found.tuned[name]),
        note,
    )


def _forgetting(found: Forgetting) -> Card:
    """By what the verdict rests on: right answers, or the perplexity of general texts."""
    verdict = found.verdict or "kept"
    words = {
        "kept": lambda: tr("little forgotten"),
        "some": lambda: tr("some forgotten"),
        "much": lambda: tr("much forgotten"),
    }
    name = probe.weightiest(found)
    before, after = found.base[name], found.tuned[name]
    kind = "accuracy" if name == "accuracy" else "perplexity"

    def note() -> str:
        if kind == "accuracy":
            return tr("Right of {count} general questions. Higher is better.").format(
                count=found.questions
            )
        return f"{i18n.tr(summary.PROBE[name])}. {tr('Lower is better.')}"

    return _card(
        lambda: tr("What it knew"),
        Badge(words[verdict], TONES[verdict]),
        metrics.value_of(kind, after),
        metrics.value_of(kind, before),
        _places(kind, before, after),
        note,
        FIGURES[verdict],
    )


def _meaning(name: str) -> str:
    """What a metric measures, and which way is better."""
    better = tr("Lower is better.") if name in metrics.LOWER else tr("Higher is better.")
    return f"{i18n.tr(metrics.EXPLAINED[name])} {better}"


def _places(name: str, before: float | None, after: float) -> tuple[float | None, float]:
    """Where both stand on a line from 0 to 1."""
    top = 1.0 if name in metrics.SHARES else 100.0 if name == "chrf" else 0.0
    top = top or max(before or 0.0, after, 1e-9) * 1.1
    return (None if before is None else before / top), after / top


def _card(
    name: Words,
    badge: Badge | None,
    after: str,
    before: str | None,
    places: tuple[float | None, float],
    note: Words,
    tone: str = "learned_text",
) -> Card:
    head = row(Text(name, "strong"), None)
    if badge is not None:
        head.addWidget(badge)
    numbers = row(Text(after, "display", tone))
    if before is not None:
        said = Text(f"← {before}", "body", "text3")
        said.setContentsMargins(0, 9, 0, 0)  # onto the baseline of the number before it
        numbers.addWidget(said)
    numbers.addStretch(1)
    line = BeforeAfter()
    line.show_places(*places)
    words = Text(note, "caption", "text2", wrap=True)
    return Card(column(head, numbers, line, words, None, gap=6, pad=(16, 12, 16, 12)), name=name)
