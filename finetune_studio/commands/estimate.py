"""`finetune-studio estimate`: memory, steps and time of a recipe, and what would make it fit."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from finetune_studio.commands.output import line, print_json, table
from finetune_studio.i18n import mark, tr
from finetune_studio.recipe import store

if TYPE_CHECKING:
    from finetune_studio.hardware.estimate import Estimate

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
    "context": mark("CUDA context"),
}
VERDICTS = {
    "fits": mark("It fits."),
    "tight": mark("It is tight: close other programs that use the GPU."),
    "does-not-fit": mark("It does not fit."),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The recipe, and where it is to run."""
    parser.add_argument("recipe", type=Path)
    parser.add_argument(
        "--gpu", default="", metavar="NAME", help=tr("a GPU such as T4 or RTX 4090")
    )
    parser.add_argument("--set", action="append", default=[], metavar="A.B=C", dest="changes")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the plan; a run that does not fit is an answer, not a failure."""
    from finetune_studio.hardware.estimate import estimate

    recipe = store.with_changes(store.load(options.recipe), store.parse_changes(options.changes))
    plan = estimate(recipe, options.gpu)
    if options.json:
        print_json(plan.as_dict())
    else:
        _tell(plan)
    return 0


def _tell(plan: "Estimate") -> None:
    rows = [[tr(PARTS[name]), _size(size)] for name, size in plan.plan.parts.items() if size]
    table([*rows, [tr("all"), _size(plan.plan.total)]])
    place = plan.target.name or tr("this machine's processor")
    text = tr("{verdict} {place} has {free} free.")
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
