"""What a run gives, from its events: figures before and after, one sentence. Knows no widget."""

from dataclasses import dataclass

from finetune_studio.evaluation import metrics
from finetune_studio.gui.language import tr
from finetune_studio.runs.events import Evaluated, Failed, Sample
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.state import RunState
from finetune_studio.runs.votes import tally

NEARLY = 0.005  # share by which a loss must differ to count as different
MANY = 10  # times, from which a change is no longer told in per cent
LOWER = ("loss", "perplexity")  # what is better when smaller
ORDER = ("loss", "token_accuracy", "perplexity", "accuracy", "macro_f1")
SHARES = ("token_accuracy", "accuracy", "macro_f1")


@dataclass(frozen=True)
class Score:
    """One figure before and after.

    Attributes:
        name: The metric's stable name.
        before: Of the base model; None where it was not measured.
        after: Of the best checkpoint.
    """

    name: str
    before: float | None
    after: float

    @property
    def better(self) -> bool | None:
        """Whether it got better; None where it hardly differs or is not known."""
        if self.before is None or abs(self.after - self.before) <= NEARLY * abs(self.before):
            return None
        return (self.after < self.before) == (self.name in LOWER)


def best_of(state: RunState) -> Evaluated | None:
    """The evaluation of the weights that the result holds."""
    measured = [each for each in state.evaluations if each.metrics.get("loss") is not None]
    after = [each for each in measured if each.step > 0]
    return min(after, key=lambda each: each.metrics["loss"] or 0.0, default=None)


def scores(state: RunState) -> list[Score]:
    """The figures that there are, the most telling first."""
    best = best_of(state)
    if best is None:
        return []
    first = next((each for each in state.evaluations if each.step == 0), None)
    found = []
    for name in ORDER:
        after = best.metrics.get(name)
        if after is not None:
            found.append(Score(name, first.metrics.get(name) if first else None, after))
    return found


def answers(state: RunState) -> list[tuple[Sample, Sample]]:
    """The first answer to each question, and the one of the best checkpoint, or the last."""
    best = best_of(state)
    found: dict[str, list[Sample]] = {}
    for each in state.samples:
        found.setdefault(each.prompt, []).append(each)
    pairs = []
    for said in found.values():
        after = [each for each in said if best is not None and each.step == best.step]
        if len(said) > 1:
            pairs.append((said[0], (after or said)[-1]))
    return pairs


def headline(state: RunState) -> str:
    """How it went, in a few words."""
    if isinstance(state.outcome, Failed):
        return tr("Training failed, but its checkpoints are there")
    found = scores(state)
    if not found or found[0].better is None:
        return tr("It is trained")
    if not found[0].better:
        return tr("It did not get better")
    mixed = any(each.better is False for each in found[1:])
    return tr("Better in part") if mixed else tr("It got better")


def sentence(state: RunState) -> str:
    """What that rests on."""
    failed = state.outcome.part("title") if isinstance(state.outcome, Failed) else ""
    return f"{failed} {_measured(state)}".strip()


def without_result(state: RunState) -> str:
    """Why a training that is over left none, and where it goes on."""
    failed = state.outcome.part("title") if isinstance(state.outcome, Failed) else ""
    return f"{failed} {tr('On the page of the training it can go on, or begin anew.')}".strip()


def _measured(state: RunState) -> str:
    found = scores(state)
    if not found:
        return tr("Nothing was measured: no rows were kept aside. Read its answers below.")
    loss = found[0]
    if loss.before is None:
        return tr("Measured on rows that were kept out of training.")
    if loss.better is None:
        return tr("On rows that were kept out of training, the loss is as it was.")
    return moved(loss.before, loss.after)


def moved(before: float, after: float) -> str:
    """How the loss on held-out rows changed."""
    lower = tr("On rows that were kept out of training, the loss is {share:.0%} lower.")
    higher = tr("On rows that were kept out of training, the loss is {share:.0%} higher.")
    share = abs(after / before - 1) if before else 0.0
    return (lower if after < before else higher).format(share=share)


def metric_change(score: Score) -> str:
    """How much a metric changed."""
    if score.before is None:
        return ""
    if score.name in SHARES:
        return metrics.change_of(score.name, score.after - score.before)
    share = score.after / score.before if score.before > 0 and score.after > 0 else 1.0
    if share <= 1 / MANY:
        return tr("{times} times lower").format(times=f"{1 / share:,.0f}")
    if share >= MANY:
        return tr("{times} times higher").format(times=f"{share:,.0f}")
    return f"{share - 1:+.0%}".replace("-", "−").replace("%", " %")


def votes(run: RunFolder | None) -> str:
    """How the blind votes on a run stand; empty where there is none."""
    counted = tally(run) if run is not None else None
    if counted is None or not counted.total:
        return ""
    return tr("Votes: tuned {tuned}, base {base}, the same {tie}").format(
        tuned=counted.tuned, base=counted.base, tie=counted.tie
    )
