"""A conversation on the terminal: `python -m finetune_studio.engine.chat RUN [--prompt TEXT]`.

With `--json` another program asks, a JSON line each: `{"messages": [...], "base": false, "tokens":
256}`. It hears `{"ready": true}`, then for each line `{"answer": TEXT}` or `{"error": {...}}`.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from peft import PeftModel

from finetune_studio.engine.process import as_studio_error, run_as_process
from finetune_studio.engine.tuned import Tuned, open_tuned
from finetune_studio.i18n import tr
from finetune_studio.runs.folder import RunFolder


def chat(arguments: list[str]) -> int:
    """Answer one prompt, or every line that is typed until the input ends."""
    options = _parser().parse_args(arguments)
    tuned = open_tuned(RunFolder.open(options.run))
    if options.json:
        return _serve(tuned)
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


def _serve(tuned: Tuned) -> int:
    """Answer a program until it closes our input; both models, in the memory of one where it can.

    An adapter is switched off for the base model; a full fine-tuning loads the base model when it
    is first asked.
    """
    model, voice = tuned.model(), tuned.voice()
    base: Any = None
    _say({"ready": True})
    for line in sys.stdin:
        try:
            asked = json.loads(line)
            wants_base = bool(asked.get("base"))
            if wants_base and not isinstance(model, PeftModel):
                base = base or tuned.base()
            off = wants_base and isinstance(model, PeftModel)
            with model.disable_adapter() if off else nullcontext():
                chosen = base if wants_base and not off else model
                text = voice.answer(chosen, asked["messages"], int(asked.get("tokens", 256)))
            _say({"answer": text})
        except Exception as error:  # noqa: BLE001  (the conversation goes on)
            _say({"error": as_studio_error(error).as_dict()})
    return 0


def _say(document: dict[str, Any]) -> None:
    print(json.dumps(document, ensure_ascii=False), flush=True)  # noqa: T201


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
    parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(run_as_process(chat))
