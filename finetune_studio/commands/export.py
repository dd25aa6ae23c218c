"""`finetune-studio export`: write the adapter or the merged model of a run."""

import argparse
from pathlib import Path

from finetune_studio.commands.child import run_engine
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.runs.folder import RunFolder


def add_options(parser: argparse.ArgumentParser) -> None:
    """The run, the format and where to."""
    parser.add_argument("run_folder", type=Path, metavar="RUN")
    parser.add_argument("--to", choices=("adapter", "merged"), required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=export)


def export(options: argparse.Namespace) -> int:
    """Run the engine's export as a child; it prints the files, or why not."""
    run = RunFolder.open(options.run_folder)
    if options.out.exists():
        raise RefusedError(
            tr("{path} exists already.").format(path=options.out),
            hint=tr("Choose another folder with --out."),
        )
    asked = [str(run.path), options.to, str(options.out.resolve())]
    return run_engine("merge", *asked, *(["--json"] if options.json else [])).returncode
