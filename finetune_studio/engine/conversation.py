"""A conversation on a terminal: with one model, or with both beside each other, blind if wanted."""

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from finetune_studio.engine.samples import Voice
from finetune_studio.engine.sides import Sides
from finetune_studio.engine.speaking import Manner, speak
from finetune_studio.i18n import tr
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.votes import Side, tally, vote

BASE, TUNED = True, False
NAMES: dict[bool, Side] = {BASE: "base", TUNED: "tuned"}
Messages = list[dict[str, str]]


@dataclass(frozen=True)
class Setting:
    """What a conversation needs.

    Attributes:
        run: The run.
        sides: Its models.
        voice: Lets them answer.
        manner: How they answer.
        system: The system prompt; empty for none.
        remembers: Whether what was said before counts.
    """

    run: RunFolder
    sides: Sides
    voice: Voice
    manner: Manner
    system: str
    remembers: bool

    def opening(self) -> Messages:
        """What stands before the first message."""
        return [{"role": "system", "content": self.system}] if self.system else []

    def answer(self, side: bool, said: Messages) -> str:
        """Let one side answer aloud."""
        with self.sides.side(side) as model:
            text = speak(self.voice, model, said, self.manner, _print)
        _print("\n")
        return text


def talk(setting: Setting, side: bool, prompts: Iterator[str]) -> None:
    """Talk with one of the two."""
    said = setting.opening()
    for prompt in prompts:
        said.append({"role": "user", "content": prompt})
        answer = setting.answer(side, said)
        said.append({"role": "assistant", "content": answer})
        if not setting.remembers:
            said = setting.opening()


def compare(setting: Setting, prompts: Iterator[str], blind: bool) -> None:
    """Ask both the same; blind, their order is drawn and a vote is asked for."""
    heard: dict[bool, Messages] = {side: setting.opening() for side in (BASE, TUNED)}
    for prompt in prompts:
        order = [BASE, TUNED]
        if blind:
            random.SystemRandom().shuffle(order)
        answers = {}
        for place, side in enumerate(order):
            _print(f"— {_name(place, side, blind)} —\n")
            heard[side].append({"role": "user", "content": prompt})
            answers[side] = setting.answer(side, heard[side])
            heard[side].append({"role": "assistant", "content": answers[side]})
            if not setting.remembers:
                heard[side] = setting.opening()
        if blind and not _vote(setting.run, order, prompt, answers):
            return
    if blind:
        _print(_tally(setting.run) + "\n")


def typed() -> Iterator[str]:
    """Lines from the person; an empty line or the end of the input ends the conversation."""
    if sys.stdin.isatty():
        print(tr("Type a message; an empty line ends the conversation."), file=sys.stderr)  # noqa: T201
    while True:
        text = _line("> ")
        if not text:
            return
        yield text


def _vote(run: RunFolder, order: list[bool], prompt: str, answers: dict[bool, str]) -> bool:
    """Ask which was better, keep it, and say whose they were; False where nobody answers."""
    while True:
        chosen = _line(tr("Which is better? a, b, or = for neither: "))
        if chosen.lower() in ("a", "b", "="):
            break
        if not chosen:
            return False
    side: Side = "tie" if chosen == "=" else NAMES[order["ab".index(chosen.lower())]]
    vote(run, side, prompt, {NAMES[each]: text for each, text in answers.items()})
    told = tr("A was the {first}, B the {second}.")
    first, second = (_name(0, each, False) for each in order)
    _print(told.format(first=first, second=second) + "\n" + _tally(run) + "\n")
    return True


def _tally(run: RunFolder) -> str:
    counted = tally(run)
    text = tr("Votes so far: base {base}, tuned {tuned}, neither {tie}.")
    return text.format(base=counted.base, tuned=counted.tuned, tie=counted.tie)


def _name(place: int, side: bool, blind: bool) -> str:
    if blind:
        return tr("Answer A") if place == 0 else tr("Answer B")
    return tr("Base model") if side == BASE else tr("Tuned model")


def _line(prompt: str) -> str:
    if sys.stdin.isatty():
        print(prompt, end="", file=sys.stderr, flush=True)  # noqa: T201
    return sys.stdin.readline().strip()


def _print(text: Any) -> None:
    print(text, end="", flush=True)  # noqa: T201
