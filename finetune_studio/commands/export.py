"""`finetune-studio export`: write what a run has made: adapter, merged model or GGUF."""

import argparse
from pathlib import Path

from finetune_studio.commands.child import run_engine
from finetune_studio.commands.options import add_json, add_run
from finetune_studio.errors import RefusedError
from finetune_studio.export.files import refuse_taken
from finetune_studio.export.formats import FORMATS, PRECISIONS, QUANTS, USUAL_QUANT, quant_of
from finetune_studio.i18n import tr
from finetune_studio.runs.folder import RunFolder


def add_options(parser: argparse.ArgumentParser) -> None:
    """The run, the format and where to."""
    add_run(parser)
    parser.add_argument("--to", choices=FORMATS, required=True, help=tr("the format"))
    parser.add_argument(
        "--quant",
        help=tr("for gguf: {names}; {usual} without it").format(
            names=", ".join(QUANTS), usual=USUAL_QUANT
        ),
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        help=tr("for merged: what the weights are written in; {usual} without it").format(
            usual=PRECISIONS[0]
        ),
    )
    parser.add_argument(
        "--with-base",
        action="store_true",
        help=tr("for gguf-adapter: the base model too, as GGUF, and a Modelfile for both"),
    )
    parser.add_argument("--out", type=Path, required=True, help=tr("the folder to write"))
    add_json(parser)
    parser.set_defaults(run=export)


def export(options: argparse.Namespace) -> int:
    """Run the engine's export as a child; it prints the files, or why not."""
    run = RunFolder.open(options.run_folder)
    _refuse_unfit(options)
    quant = quant_of(options.quant or USUAL_QUANT)
    refuse_taken(options.out)
    asked = [str(run.path), options.to, str(options.out.resolve())]
    asked += ["--quant", quant.name, "--precision", options.precision or PRECISIONS[0]]
    asked += ["--with-base"] if options.with_base else []
    return run_engine("export", *asked, *(["--json"] if options.json else [])).returncode


def _refuse_unfit(options: argparse.Namespace) -> None:
    """Refuse what would change nothing: an option of another format."""
    given = {"quant": options.quant, "precision": options.precision, "with-base": options.with_base}
    for name, form in {"quant": "gguf", "precision": "merged", "with-base": "gguf-adapter"}.items():
        if given[name] and options.to != form:
            raise RefusedError(
                tr("--{option} is for --to {form} alone.").format(option=name, form=form),
                hint=tr("Leave it out, or export --to {form}.").format(form=form),
            )
