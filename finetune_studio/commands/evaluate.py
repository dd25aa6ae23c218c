"""`finetune-studio evaluate`: how good a run's result is, beside its base model."""

import argparse
from collections.abc import Callable
from pathlib import Path

from finetune_studio.commands.child import run_engine
from finetune_studio.commands.options import add_json, add_run
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.runs.folder import RunFolder
from finetune_studio.speech import CODES, language


def add_options(parser: argparse.ArgumentParser) -> None:
    """The run, how many rows, and where the report goes."""
    add_run(parser)
    number = _at_least(0)
    parser.add_argument(
        "--rows", type=number, default=200, help=tr("held-out rows at most; 0 takes all")
    )
    parser.add_argument(
        "--answers", type=number, default=40, help=tr("rows that are answered, for chat")
    )
    parser.add_argument("--tokens", type=_at_least(1), default=128, help=tr("the longest answer"))
    parser.add_argument("--seed", type=number, default=0, help=tr("chooses the rows"))
    parser.add_argument(
        "--data", type=Path, action="append", default=[], help=tr("other rows never learned from")
    )
    parser.add_argument("--report", type=Path, metavar="FILE.html", help=tr("write a page too"))
    parser.add_argument(
        "--language", choices=CODES, default=language(), help=tr("what the page speaks")
    )
    parser.add_argument(
        "--harness", action="append", default=[], metavar="TASK",
        help=tr("a task of lm-evaluation-harness, where that is installed"),
    )  # fmt: skip
    parser.add_argument("--include", type=Path, help=tr("a folder with tasks for the harness"))
    add_json(parser)
    parser.set_defaults(run=evaluate)


def evaluate(options: argparse.Namespace) -> int:
    """Run the engine's measuring as a child; it prints the figures, or why not."""
    run = RunFolder.open(options.run_folder)
    asked = [str(run.path)]
    for name in ("rows", "answers", "tokens", "seed", "language"):
        asked += [f"--{name}", str(getattr(options, name))]
    for name in ("report", "include"):
        place = getattr(options, name)
        asked += [f"--{name}", str(place.resolve())] if place else []
    _refuse_places(options)
    asked += ["--data", *(str(each.resolve()) for each in options.data)] if options.data else []
    asked += ["--harness", *options.harness] if options.harness else []
    return run_engine("assess", *asked, *(["--json"] if options.json else [])).returncode


def _refuse_places(options: argparse.Namespace) -> None:
    """Refuse before anything is measured what would fail after it."""
    report, include = options.report, options.include
    if report and not report.resolve().parent.is_dir():
        raise RefusedError(
            tr("There is no folder {path} for the report.").format(path=report.resolve().parent),
            hint=tr("Make it, or choose another place with --report."),
        )
    if report and report.is_dir():
        raise RefusedError(
            tr("{path} is a folder.").format(path=report),
            hint=tr("Name the page itself: --report {path}").format(path=report / "report.html"),
        )
    for each in options.data:
        if not each.exists():
            raise RefusedError(tr("There is no file {path}.").format(path=each))
    if include and not (options.harness and include.is_dir()):
        raise RefusedError(
            tr("--include names a folder of tasks, and --harness the ones to run."),
            str(include),
            tr("Give both, or leave both out."),
        )


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{text} is smaller than {least}")
        return value

    number.__name__ = "number"  # argparse says "invalid number value"
    return number
