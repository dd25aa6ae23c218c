"""Puts together what was measured of both models: figures, intervals, answers, the verdict."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from finetune_studio.engine.answering import Asked
from finetune_studio.engine.scoring import Scores
from finetune_studio.engine.tuned import Tuned
from finetune_studio.evaluation import intervals, probe, texts
from finetune_studio.evaluation.guesses import classes
from finetune_studio.evaluation.held_out import HeldOut, nothing_to_measure
from finetune_studio.evaluation.intervals import Compared, Metric
from finetune_studio.evaluation.result import Answer, Classes, Evaluation, Forgetting
from finetune_studio.i18n import tr

BASE, TUNED = True, False
KEPT = 20  # answers that are kept to be read


@dataclass
class Measured:
    """What one model made of everything."""

    scores: Scores
    said: list[str] = field(default_factory=list)
    known: probe.Scores | None = None


Both = Mapping[bool, Measured]


def composed(
    tuned: Tuned, held: HeldOut, asked: Sequence[Asked], both: Both, seed: int
) -> Evaluation:
    """The whole of it.

    Raises:
        RefusedError: No row has anything to measure.
    """
    chosen = np.flatnonzero(both[BASE].scores.counted > 0)
    if not len(chosen):
        raise nothing_to_measure()
    base, after = (both[side].scores.of(chosen) for side in (BASE, TUNED))
    figures = _compared([base.metrics(), after.metrics()], len(chosen), seed)
    answers = _answers(held, asked, both)
    spoken = _spoken(answers, seed)
    contamination = held.contamination
    if contamination.any and (clean := np.flatnonzero(~held.leaked[chosen])).size:
        without = _compared([each.of(clean).metrics() for each in (base, after)], len(clean), 0)
        contamination = contamination.model_copy(
            update={"base": without.base, "tuned": without.tuned}
        )
    return Evaluation(
        task=tuned.recipe.task.kind,
        model=tuned.recipe.model.source,
        method=tuned.recipe.method.kind,
        rows=len(chosen),
        held_out=held.total,
        seed=seed,
        made=time.time(),
        device=_device(),
        base=figures.base | spoken.base,
        tuned=figures.tuned | spoken.tuned,
        base_intervals=figures.base_intervals | spoken.base_intervals,
        tuned_intervals=figures.tuned_intervals | spoken.tuned_intervals,
        changes=figures.changes | spoken.changes,
        answered=len(answers),
        answers=answers[:KEPT],
        classes=_classes(tuned, base, after),
        forgetting=_forgetting(both, seed),
        contamination=contamination,
    )


def _compared(metrics: Sequence[Mapping[str, Metric]], rows: int, seed: int) -> Compared:
    return intervals.compare(metrics[0], metrics[1], rows, seed)


def _answers(held: HeldOut, asked: Sequence[Asked], both: Both) -> list[Answer]:
    found = []
    for place, each in enumerate(asked):
        said = {side: both[side].said[place] for side in (BASE, TUNED)}
        scored = {side: texts.scores(said[side], each.reference) for side in (BASE, TUNED)}
        found.append(
            Answer(
                row=int(held.numbers[each.row]),
                prompt=each.prompt,
                reference=each.reference,
                base=said[BASE],
                tuned=said[TUNED],
                scores={n: (scored[BASE][n], scored[TUNED][n]) for n in texts.METRICS},
            )
        )
    return found


def _spoken(answers: Sequence[Answer], seed: int) -> Compared:
    """The text metrics, over the rows that were answered."""
    if not answers:
        return Compared({}, {}, {}, {}, {})
    values = [
        {
            name: intervals.mean(np.array([each.scores[name][side] for each in answers]))
            for name in texts.METRICS
        }
        for side in (0, 1)
    ]
    return _compared(values, len(answers), seed)


def _classes(tuned: Tuned, base: Scores, after: Scores) -> Classes | None:
    if not tuned.labels:
        return None
    return classes(list(tuned.labels), base.truth, base.probabilities, after.probabilities)


def _forgetting(both: Both, seed: int) -> Forgetting:
    before, after = both[BASE].known, both[TUNED].known
    if before is None or after is None:
        return Forgetting(why=tr(probe.NO_TEXT))
    return probe.forgetting(before, after, seed)


def _device() -> str:
    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else "cpu"
