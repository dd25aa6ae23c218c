"""A conversation on the terminal: `python -m finetune_studio.engine.chat RUN [--prompt TEXT]`."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from finetune_studio.engine.process import run_as_process
from finetune_studio.engine.tuned import open_tuned
from finetune_studio.i18n import tr
from finetune_studio.runs.folder import RunFolder


def chat(arguments: list[str]) -> int:
    """Answer one prompt, or every line that is typed until the input ends."""
    options = _parser().parse_args(arguments)
    tuned = open_tuned(RunFolder.open(options.run))
    model = tuned.base() if options.base else tuned.model()
    voice = tuned.voice()
    sampling: dict[str, Any] = (
        {"do_sample": True, "temperature": options.temperature} if options.temperature > 0 else {}
    )
    said = [{"role": "system", "content": options.system}] if options.system else []
    for prompt in [options.prompt] if options.prompt else _typed():
        said.append({"role": "user", "content": prompt})
        answer = voice.answer(model, said, options.tokens, **sampling)
        print(answer, flush=True)  # noqa: T201
        if tuned.recipe.task.kind == "chat":
            said.append({"role": "assistant", "content": answer})
    return 0


def _typed() -> Iterator[str]:
    """Lines from the person; an empty line or the end of the input ends the conversation."""
    shown = sys.stdin.isatty()
    if shown:
        print(tr("Type a message; an empty line ends the conversation."), file=sys.stderr)  # noqa: T201
    while True:
        if shown:
            print("> ", end="", file=sys.stderr, flush=True)  # noqa: T201
        text = sys.stdin.readline().strip()
        if not text:
            return
        yield text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--base", action="store_true")
    parser.add_argument("--prompt", default="")
    parser.add_argument("--system", default="")
    parser.add_argument("--temperature", type=float, default=0.0)
    parser.add_argument("--tokens", type=int, default=256)
    return parser


if __name__ == "__main__":
    sys.exit(run_as_process(chat))
