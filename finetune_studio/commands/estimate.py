"""`finetune-studio estimate`: memory, steps and time of a recipe, and what would make it fit."""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune_studio.commands.options import add_changes, add_json, add_recipe
from finetune_studio.commands.output import line, print_json, table
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import mark, tr
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe

if TYPE_CHECKING:
    from finetune_studio.hardware.estimate import Estimate
    from finetune_studio.hardware.measured import Measured

GIB = 2**30
PARTS = {
    "weights": mark("weights"),
    "adapter": mark("adapter"),
    "optimizer": mark("optimiser states"),
    "gradients": mark("gradients"),
    "activations": mark("activations"),
    "logits": mark("logits and loss"),
    "buffers": mark("temporary buffers"),
    "libraries": mark("libraries"),
    "fragmentation": mark("fragmentation"),
    "context": mark("CUDA context, or the process without a GPU"),
}
VERDICTS = {
    "fits": mark("It fits."),
    "tight": mark("It is tight: close other programs that use the GPU."),
    "does-not-fit": mark("It does not fit."),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The recipe, and where it is to run."""
    add_recipe(parser)
    parser.add_argument(
        "--gpu", default="", metavar="NAME", help=tr("a GPU such as T4 or RTX 4090")
    )
    parser.add_argument(
        "--measure", action="store_true", help=tr("train two steps here and correct the plan")
    )
    add_changes(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the plan; a run that does not fit is an answer, not a failure."""
    from finetune_studio.hardware.estimate import estimate
    from finetune_studio.hardware.measured import with_measured

    recipe = store.with_changes(store.load(options.recipe), store.parse_changes(options.changes))
    plan = estimate(recipe, options.gpu)
    document: dict[str, Any] = {"measured": None}
    if options.measure:
        measured = _measure(recipe, options.gpu)
        document["measured"] = measured.as_dict(plan.plan.total)
        if not options.json:
            _tell_measured(plan, measured)
        plan = with_measured(plan, recipe, measured)
    if options.json:
        print_json(plan.as_dict() | document)
    else:
        _tell(plan)
    return 0


def _measure(recipe: Recipe, gpu: str) -> "Measured":
    """Run the engine's dry run of two steps and read what it prints."""
    from finetune_studio.commands.child import run_engine
    from finetune_studio.hardware.measured import Measured
    from finetune_studio.hardware.target import target_of

    if gpu:
        raise RefusedError(
            tr("A dry run measures this machine, not another GPU."),
            hint=tr("Leave out --gpu or --measure."),
        )
    target = target_of("")
    held = target.total - target.free if target.capability else 0
    with tempfile.TemporaryDirectory(prefix="dry-run-") as folder:
        file = Path(folder) / "recipe.yaml"
        store.save(recipe, file)
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        done = run_engine("dry_run", str(file), str(held), "--json", recipe=file, **pipes)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    document = json.loads(lines[-1]) if lines else {}
    if done.returncode or "peak_bytes" not in document:
        told = document.get("error") or {
            "title": tr("The dry run ended without an answer."),
            "detail": " ".join(done.stderr.split())[-300:],
        }
        raise (RefusedError if done.returncode == 2 else StudioError)(**told)
    return Measured.read(document)


def _tell_measured(plan: "Estimate", measured: "Measured") -> None:
    if measured.out_of_memory:
        line(tr("Measured: the memory ran out at rows of {n} tokens.").format(n=measured.longest))
        return
    text = tr("Measured at rows of {n} tokens: {peak} instead of {planned} planned.")
    planned = _size(plan.plan.total)
    line(text.format(n=measured.longest, peak=_size(measured.peak), planned=planned))


def _tell(plan: "Estimate") -> None:
    rows = [[tr(PARTS[name]), _size(size)] for name, size in plan.plan.parts.items() if size]
    table([*rows, [tr("all"), _size(plan.plan.total)]])
    place = plan.target.name or tr("this machine's processor")
    text = tr("{verdict} Free: {free} ({place}).")
    line(text.format(verdict=tr(VERDICTS[plan.verdict]), place=place, free=_size(plan.target.free)))
    share = plan.plan.trainable / max(1, plan.plan.parameters)
    text = tr("{trainable:,} of {all:,} parameters are trained ({share:.2%}).")
    line(text.format(trainable=plan.plan.trainable, all=plan.plan.parameters, share=share))
    if plan.steps is not None:
        text = tr("{steps:,} steps of about {tokens:,} tokens, about {minutes:.0f} minutes.")
        minutes = (plan.seconds or 0) / 60
        line(text.format(steps=plan.steps, tokens=plan.tokens_per_step, minutes=minutes))
    text = tr("{ram} of main memory and {disk} of disk are needed.")
    line(text.format(ram=_size(plan.host.ram), disk=_size(plan.host.disk)))
    _tell_changes(plan)


def _tell_changes(plan: "Estimate") -> None:
    if plan.verdict != "does-not-fit":
        return
    if plan.fitted is None:
        line(tr("No change of settings makes it fit; choose a smaller model."))
        return
    line(
        tr("It would fit, with {size}, after these changes:").format(
            size=_size(plan.fitted.plan.total)
        )
    )
    for change in plan.fitted.changes:
        line(f"  {change.path}: {change.before} → {change.after} ({change.why})")


def _size(size: float) -> str:
    return f"{size / GIB:.2f} GiB"
