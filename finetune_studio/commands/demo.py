"""`finetune-studio demo`: the whole job on the embedded model and data, told in a short report."""

import argparse
import json
import math
import subprocess
import time
from pathlib import Path
from typing import Any

from finetune_studio import paths
from finetune_studio.commands.child import run_engine
from finetune_studio.commands.output import line, quoted
from finetune_studio.commands.train import follow, unless_begun
from finetune_studio.errors import StudioError
from finetune_studio.export.facts import read_json
from finetune_studio.export.verdict import REPORT, summary
from finetune_studio.i18n import tr
from finetune_studio.recipe import store
from finetune_studio.recipe.demo import QUESTIONS, demo_recipe
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.events import Evaluated, EventReader
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.state import RunState, fold

FORMATS = ("adapter", "merged")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where the run is kept."""
    parser.add_argument("--out", type=Path, help=tr("the run's folder"))
    parser.set_defaults(run=demo)


def demo(options: argparse.Namespace) -> int:
    """Check, train, measure, answer, export, compare."""
    begun = time.monotonic()
    recipe = demo_recipe()
    out = options.out
    run = RunFolder.create(out, recipe.name) if out else _own_run(recipe.name)
    with unless_begun(run):
        store.save(recipe, run.recipe)
        _heading(tr("1. The data, as the trainer will see it"))
        _check(recipe)
        _heading(tr("2. Training an adapter (LoRA) on the embedded model"))
        code = follow(run, resume=False, as_json=False, samples=False)
    if code:
        return code
    state = fold(EventReader(run.events).read())
    _heading(tr("3. What changed on rows the model never learned from"))
    _measured(state)
    _heading(tr("4. The same questions before and after"))
    _answers(state)
    _heading(tr("5. Exports, loaded again from disk"))
    for name in FORMATS:
        _export(run, name)
    line()
    line(tr("Done in {seconds:.0f} s.").format(seconds=time.monotonic() - begun))
    line(tr("The run is in {path}.").format(path=run.path))
    line(tr("Talk to it: finetune-studio chat {path}").format(path=quoted(run.path)))
    return 0


def _own_run(name: str) -> RunFolder:
    return RunFolder.create_in(paths.runs(), name)


def _check(recipe: Recipe) -> None:
    from finetune_studio.tokens.preflight import preflight

    found = preflight(recipe)
    line(
        tr("{rows:,} questions with answers; {share:.0%} of the tokens are learned.").format(
            rows=found.rows, share=found.learned_share
        )
    )
    for finding in found.findings:
        line(f"{tr(finding.level)}: {finding.sentence}")


def _measured(state: RunState) -> None:
    first, last = _figures(state.evaluations[0]), _figures(_best(state))
    fall = 1 - last["loss"] / first["loss"]
    line(
        tr("Validation loss {before:.3f} → {after:.3f}: {fall:.0%} lower.").format(
            before=first["loss"], after=last["loss"], fall=fall
        )
    )
    line(
        tr("Perplexity {before:,.0f} → {after:,.0f}; right tokens {low:.0%} → {high:.0%}.").format(
            before=first["perplexity"],
            after=last["perplexity"],
            low=first["token_accuracy"],
            high=last["token_accuracy"],
        )
    )


def _figures(measured: Evaluated) -> dict[str, float]:
    return {name: math.inf if value is None else value for name, value in measured.metrics.items()}


def _best(state: RunState) -> Evaluated:
    """The evaluation whose weights the result holds."""
    return min(state.evaluations[1:], key=lambda each: _figures(each)["loss"])


def _answers(state: RunState) -> None:
    step = _best(state).step
    for question in QUESTIONS:
        said = {each.step: each.text for each in state.samples if each.prompt == question}
        line(f"  {question}")
        line(tr("    before: {text}").format(text=_short(said[0])))
        line(tr("    after:  {text}").format(text=_short(said[step])))


def _short(text: str) -> str:
    return " ".join(text.split())[:100] or "…"


def _export(run: RunFolder, name: str) -> None:
    out = run.path / "exports" / name
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    child = run_engine("export", str(run.path), name, str(out), "--json", **pipes)
    if child.returncode:
        raise StudioError(tr("The export failed."), _last_line(child.stderr))
    report: dict[str, Any] = json.loads(child.stdout)
    size = sum(each["bytes"] for each in report["files"]) / 1e6
    line(tr("{name}: {size:.1f} MB in {path}").format(name=name, size=size, path=out))
    for each in summary(read_json(out / REPORT)).splitlines():
        line(f"  {each}")


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def _heading(text: str) -> None:
    line()
    line(text)
