"""Conversations that were written as one text, by the marks of the templates that wrote them.

Such texts are read back into turns, so that the model in use gets its own marks and not another's.
"""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

HALF = "\\ud"  # how JSON writes one half of a pair of surrogates
BEGINS = ("<s>", "<bos>", "<|begin_of_text|>")
"""What may stand before the first mark."""
HEADED = ("<|im_start|>", "<start_of_turn>", "<|start_header_id|>")
ASKED, ANSWERED = "[INST]", "[/INST]"
SYSTEM = re.compile(r"\s*<<SYS>>\s*(.*?)\s*<</SYS>>\s*", re.DOTALL)
TURN = re.compile(
    r"(?:<\|im_start\|>|<start_of_turn>)([^\n]*)\n|<\|start_header_id\|>([^\n]*?)<\|end_header_id\|>\s*"
)
"""How a turn begins, with its role: ChatML and Gemma, or Llama 3."""
END = re.compile(r"<\|im_end\|>|<end_of_turn>|<\|eot_id\|>|<\|end_of_text\|>|<\|eom_id\|>")

Turns = list[dict[str, str]]


def turns_in(text: str) -> Any:
    """The turns that a text writes down; None where it does not begin as such texts do.

    A list in JSON's or in Python's own spelling comes back as whatever it holds.
    """
    text = text.strip()
    if text.startswith("["):
        listed = _listed(text)
        return listed if listed is not None or not text.startswith(ASKED) else _instructed(text)
    if not text.startswith("<"):
        return None
    for begin in BEGINS:
        text = text.removeprefix(begin).lstrip()
    if text.startswith(HEADED):
        return _headed(text)
    return _instructed(text) if text.startswith(ASKED) else None


def _listed(text: str) -> Any:
    try:
        value = json.loads(text)
        if HALF in text.casefold():
            value = json.loads(sound(json.dumps(value, ensure_ascii=False)))
        return value
    except (ValueError, RecursionError):
        return _spelled(text)


def _spelled(text: str) -> Any:
    """A list as Python prints one, which is what pandas writes into the cells of a CSV file."""
    if not text.startswith(("[{'", '[{"')):
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _headed(text: str) -> Turns:
    parts = TURN.split(text)[1:]
    if parts and not parts[-1].strip():  # where an answer is asked for, none is said
        parts = parts[:-3]
    return [
        {"role": (first or second or "").strip(), "content": END.split(said, maxsplit=1)[0]}
        for first, second, said in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    ]


def _instructed(text: str) -> Turns | None:
    """Llama 2's and Mistral's: questions between two marks, each with the answer behind it."""
    return [*_of_instructions(text)] if ANSWERED in text else None


def _of_instructions(text: str) -> Iterator[dict[str, str]]:
    for part in text.split(ASKED)[1:]:
        asked, _, answered = part.partition(ANSWERED)
        if system := SYSTEM.match(asked):
            yield {"role": "system", "content": system[1]}
            asked = asked[system.end() :]
        yield {"role": "user", "content": asked.strip()}
        answered = answered.replace("</s>", "").replace("<s>", "").strip()
        if answered:
            yield {"role": "assistant", "content": answered}


def sound(text: str) -> str:
    """The text with U+FFFD for each lone surrogate, which no file can keep."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
