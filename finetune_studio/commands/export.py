"""`finetune-studio export`: write the adapter or the merged model of a run."""

import argparse
import subprocess
from pathlib import Path

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.process import engine_command


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
    command = [*engine_command("merge"), str(run.path), options.to, str(options.out.resolve())]
    command += ["--json"] if options.json else []
    return subprocess.run(command, check=False).returncode
