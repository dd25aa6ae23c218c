"""`finetune-studio chat`: talk to a tuned model, to its base, or to both beside each other."""

import argparse

from finetune_studio.commands.child import run_engine
from finetune_studio.commands.options import add_run
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.runs.folder import RunFolder


def add_options(parser: argparse.ArgumentParser) -> None:
    """The run, and how to answer."""
    add_run(parser)
    parser.add_argument("--base", action="store_true", help=tr("ask the base model instead"))
    parser.add_argument("--compare", action="store_true", help=tr("ask both models the same"))
    parser.add_argument(
        "--blind", action="store_true", help=tr("hide whose answer is whose, and vote")
    )
    parser.add_argument("--prompt", help=tr("ask this and leave"))
    parser.add_argument("--system", default="", help=tr("the system prompt"))
    parser.add_argument("--temperature", type=float, default=0.0, help=tr("0 says the likeliest"))
    parser.add_argument(
        "--top-p", type=float, default=1.0, help=tr("draw from the likeliest share alone")
    )
    parser.add_argument("--seed", type=int, default=0, help=tr("of what is drawn"))
    parser.add_argument("--tokens", type=int, default=256, help=tr("the longest answer"))
    parser.add_argument(
        "--stop", action="append", default=[], metavar="TEXT", help=tr("a text that ends an answer")
    )
    parser.set_defaults(run=chat)


def chat(options: argparse.Namespace) -> int:
    """Run the engine's conversation as a child on this terminal."""
    run = RunFolder.open(options.run_folder)
    if options.base and (options.compare or options.blind):
        raise RefusedError(
            tr("--base asks one model, --compare asks both."), hint=tr("Leave one of them out.")
        )
    if options.prompt is not None and not options.prompt.strip():
        raise RefusedError(
            tr("There is nothing to ask."),
            hint=tr("Write it behind --prompt; without --prompt it is asked for."),
        )
    asked = []
    for name in ("tokens", "temperature", "top_p", "seed"):
        asked += [f"--{name.replace('_', '-')}", str(getattr(options, name))]
    asked += [f"--system={options.system}", *(f"--stop={each}" for each in options.stop)]
    asked += ["--base"] if options.base else []
    asked += ["--compare"] if options.compare or options.blind else []
    asked += ["--blind"] if options.blind else []
    asked += [f"--prompt={options.prompt}"] if options.prompt else []
    return run_engine("chat", str(run.path), *asked).returncode
