"""A conversation with a run's models: `python -m finetune_studio.engine.chat RUN [--prompt TEXT]`.

With `--json` another program asks, a JSON line each: `{"messages": [...], "base": false, "tokens":
256, "temperature": 0.7, "top_p": 0.9, "seed": 1, "stop": ["."]}`, and `{"enough": true}` ends the
answer that is being made. It hears `{"ready": true}`, then for each question `{"piece": TEXT}` as
the answer comes and at its end `{"answer": TEXT}`, or `{"error": {...}}`.
"""

import argparse
import json
import queue
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from finetune_studio.engine.conversation import BASE, TUNED, Setting, compare, talk, typed
from finetune_studio.engine.process import as_studio_error, as_told, run_as_process
from finetune_studio.engine.sides import Sides
from finetune_studio.engine.speaking import Manner, manner_of, speak
from finetune_studio.engine.tuned import Tuned, open_tuned
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.runs.folder import RunFolder


def chat(arguments: list[str]) -> int:
    """Answer one prompt, or every line that is typed until the input ends."""
    options = _parser().parse_args(arguments)
    run = RunFolder.open(options.run)
    tuned = open_tuned(run)
    if options.json:
        return _serve(tuned)
    if options.compare and tuned.labels:
        raise incomparable()
    sides = Sides(tuned, both=options.compare, answers=True)
    system = options.system or getattr(tuned.recipe.task, "system", "")
    manner = manner_of(vars(options))
    remembers = tuned.recipe.task.kind == "chat"
    setting = Setting(run, sides, tuned.voice(), manner, system if remembers else "", remembers)
    prompts = iter([options.prompt]) if options.prompt else typed()
    if options.compare:
        compare(setting, prompts, options.blind)
    else:
        talk(setting, BASE if options.base else TUNED, prompts)
    sides.free()
    return 0


def incomparable() -> RefusedError:
    """Why a classification has no base model to compare with."""
    return RefusedError(
        tr("This run classifies: its base model has no labels to compare with."),
        tr("The base model's head for them is new and untrained."),
        tr("Read `finetune-studio evaluate`, or ask it without --compare."),
    )


class _Asked:
    """Questions from the program that started this one, heard while an answer is being made."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._waiting: queue.Queue[dict[str, Any] | Exception | None] = queue.Queue()
        self._enough = threading.Event()
        threading.Thread(target=self._hear, args=(lines,), daemon=True).start()

    def next(self) -> dict[str, Any] | Exception | None:
        """The next question, what was wrong with it, or None where no more will come."""
        asked = self._waiting.get()
        self._enough.clear()
        return asked

    def enough(self) -> bool:
        """Whether the answer is to end."""
        return self._enough.is_set()

    def _hear(self, lines: Iterable[str]) -> None:
        for line in lines:
            try:
                document = json.loads(line)
                if document.get("enough"):
                    self._enough.set()
                else:
                    self._waiting.put(document)
            except (ValueError, AttributeError) as error:
                self._waiting.put(error)
        self._waiting.put(None)


def _serve(tuned: Tuned) -> int:
    """Answer a program until it closes our input."""
    sides, voice = Sides(tuned, both=True, answers=True), tuned.voice()
    asked = _Asked(sys.stdin)
    with sides.side(TUNED):
        _say({"ready": True})
    while (question := asked.next()) is not None:
        try:
            if isinstance(question, Exception):
                raise question
            manner = manner_of(question)
            with sides.side(bool(question.get("base"))) as model:
                text = speak(voice, model, question["messages"], manner, _piece, asked.enough)
            _say({"answer": text})
        except Exception as error:  # noqa: BLE001  (the conversation goes on)
            _say({"error": as_told(as_studio_error(error))})
    return 0


def _piece(text: str) -> None:
    _say({"piece": text})


def _say(document: dict[str, Any]) -> None:
    print(json.dumps(document, ensure_ascii=False), flush=True)  # noqa: T201


def _parser() -> argparse.ArgumentParser:
    parser, usual = argparse.ArgumentParser(), Manner()
    parser.add_argument("run", type=Path)
    parser.add_argument("--base", action="store_true")
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--blind", action="store_true")
    parser.add_argument("--prompt", default="")
    parser.add_argument("--system", default="")
    parser.add_argument("--temperature", type=float, default=usual.temperature)
    parser.add_argument("--top-p", type=float, default=usual.top_p)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--tokens", type=int, default=usual.tokens)
    parser.add_argument("--stop", action="append", default=[])
    parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(run_as_process(chat))
