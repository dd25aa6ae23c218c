"""`finetune-studio chat`: talk to a tuned model, or to its base."""

import argparse
from pathlib import Path

from finetune_studio.commands.child import run_engine
from finetune_studio.i18n import tr
from finetune_studio.runs.folder import RunFolder


def add_options(parser: argparse.ArgumentParser) -> None:
    """The run, and how to answer."""
    parser.add_argument("run_folder", type=Path, metavar="RUN")
    parser.add_argument("--base", action="store_true", help=tr("ask the base model instead"))
    parser.add_argument("--prompt", help=tr("ask this and leave"))
    parser.add_argument("--system", default="", help=tr("the system prompt"))
    parser.add_argument("--temperature", type=float, default=0.0, help=tr("0 says the likeliest"))
    parser.add_argument("--tokens", type=int, default=256, help=tr("the longest answer"))
    parser.set_defaults(run=chat)


def chat(options: argparse.Namespace) -> int:
    """Run the engine's conversation as a child on this terminal."""
    run = RunFolder.open(options.run_folder)
    asked = ["--tokens", str(options.tokens), "--temperature", str(options.temperature)]
    asked += ["--system", options.system]
    asked += ["--base"] if options.base else []
    asked += ["--prompt", options.prompt] if options.prompt else []
    return run_engine("chat", str(run.path), *asked).returncode
