"""`finetune-studio verify`: the parity test of an export against its run."""

import argparse
from pathlib import Path

from finetune_studio.commands.child import run_engine
from finetune_studio.commands.options import add_json
from finetune_studio.export import about
from finetune_studio.i18n import tr


def add_options(parser: argparse.ArgumentParser) -> None:
    """The export, and the run where it is not known here."""
    parser.add_argument("export", type=Path, metavar="EXPORT", help=tr("the export's folder"))
    parser.add_argument(
        "--run", dest="of_run", type=Path, help=tr("the run it came from, where it is not found")
    )
    add_json(parser)
    parser.set_defaults(run=verify)


def verify(options: argparse.Namespace) -> int:
    """Run the comparison as a child; it prints the verdict, or why there is none."""
    found = about.read(options.export)
    run = about.run_of(options.export, found, options.of_run)
    asked = [str(options.export.resolve()), "--run", str(run.path.resolve())]
    return run_engine("verify", *asked, *(["--json"] if options.json else [])).returncode
