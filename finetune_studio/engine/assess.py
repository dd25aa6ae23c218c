"""Measures a run's result against its base model: `python -m finetune_studio.engine.assess RUN`.

Both are measured on the same rows that were never learned from, one model in memory at a time.
What comes of it is written beside the run, `evaluation.json`, once it is whole.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from finetune_studio.engine import answering, harness, probing
from finetune_studio.engine.collating import Collator, padding_id
from finetune_studio.engine.composing import BASE, TUNED, Measured, composed
from finetune_studio.engine.process import run_as_process
from finetune_studio.engine.progress import Progress
from finetune_studio.engine.scoring import Scorer
from finetune_studio.engine.sides import Sides
from finetune_studio.engine.tuned import Tuned, open_tuned
from finetune_studio.evaluation.held_out import HeldOut, held_out
from finetune_studio.evaluation.report import html
from finetune_studio.evaluation.summary import PHASES, told
from finetune_studio.i18n import tr
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.writing import write_atomically
from finetune_studio.speech import CODES, language, speak
from finetune_studio.tokens.supervision import supervisor_of

COSTS = {"rows": 1.0, "answers": 12.0, "probe": 0.3}  # a row, an answer, a line of the probe
LINES = 500  # of the probe, about


def assess(arguments: list[str]) -> int:
    """Measure, tell, and write it down."""
    options = _parser().parse_args(arguments)
    speak(options.language)
    begun = time.monotonic()
    run = RunFolder.open(options.run)
    if options.harness:
        harness.refuse_missing()
    tuned = open_tuned(run)
    files = [str(each.resolve()) for each in options.data]
    held = held_out(tuned.recipe, options.rows, options.seed, files)
    asked = _questions(tuned, held, options) if tuned.recipe.task.kind == "chat" else []
    both = _measure(tuned, held, asked, options)
    found = composed(tuned, held, asked, both, options.seed)
    if options.harness:
        found = found.model_copy(
            update={
                "harness": harness.measure(tuned, options.harness, options.include, options.rows)
            }
        )
    more = {"run": run.info().name, "source": files, "seconds": time.monotonic() - begun}
    found = found.model_copy(update=more)
    write_atomically(run.evaluation, found.model_dump_json(indent=1))
    if options.report:
        write_atomically(options.report, html(found, options.language))
    document = json.loads(found.model_dump_json())
    print(json.dumps(document, ensure_ascii=False) if options.json else told(found))  # noqa: T201
    return 0


def _questions(tuned: Tuned, held: HeldOut, options: argparse.Namespace) -> list[answering.Asked]:
    system = getattr(tuned.recipe.task, "system", "")
    longest = tuned.recipe.training.sequence_length
    return answering.asked_of(
        held.rows, tuned.voice(), system, options.answers, longest, options.seed
    )


def _measure(
    tuned: Tuned, held: HeldOut, asked: Sequence[answering.Asked], options: argparse.Namespace
) -> dict[bool, Measured]:
    """Everything of the base model, then everything of the tuned one."""
    generates = not tuned.labels
    counts = {"rows": len(held.rows), "answers": len(asked), "probe": LINES if generates else 0}
    weights = {
        f"{name} {side}": COSTS[name] * count
        for side in (BASE, TUNED)
        for name, count in counts.items()
        if count
    }
    progress = Progress(weights, lines=options.lines)
    scorer = _scorer(tuned)
    sides, found = Sides(tuned), {}

    def tell(name: str, side: bool) -> Any:
        return progress.part(f"{name} {side}", tr(PHASES[name][0 if side else 1]))

    for side in (BASE, TUNED):
        with sides.side(side) as model:
            measured = Measured(scorer.score(model, held.rows, tell("rows", side)))
            if asked:
                measured.said = answering.answers(
                    model, tuned.tokenizer, asked, options.tokens, tell("answers", side)
                )
            if generates:
                measured.known = probing.ask(model, tuned.tokenizer, tell("probe", side))
        found[side] = measured
    sides.free()
    progress.close()
    return found


def _scorer(tuned: Tuned) -> Scorer:
    recipe = tuned.recipe
    size = recipe.evaluation.batch_size or recipe.training.batch_size
    return Scorer(
        supervisor_of(recipe, tuned.tokenizer, tuned.labels),
        Collator(padding_id(tuned.tokenizer)),
        len(tuned.labels),
        tuned.device,
        size,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--answers", type=int, default=40)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, nargs="*", default=[])
    parser.add_argument("--report", type=Path)
    parser.add_argument("--language", choices=CODES, default=language())
    parser.add_argument("--harness", nargs="*", default=[])
    parser.add_argument("--include", type=Path)
    parser.add_argument("--lines", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(run_as_process(assess))
