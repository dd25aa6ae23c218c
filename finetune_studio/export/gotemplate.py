"""Evaluates the part of Go's text/template that `ollama.py` writes, to prove what it wrote.

Known: text; string literals; `.Field` and `$.Field`; variables set by `:=` and `=`; `range` over a
list; `if`, `else if`, `else`; the function `eq`. No trim marks. Held against Go itself in a test.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

PIECES = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
WORDS = re.compile(r'"(?:[^"\\]|\\.)*"|:=|=|[^\s"=:]+')


class GoTemplateError(ValueError):
    """The template has something that is not known here."""


@dataclass
class _Node:
    """Text, an action, or a block with its branches: `(condition words, body)` in order."""

    kind: str
    words: list[str] = field(default_factory=list)
    text: str = ""
    branches: list[tuple[list[str], list["_Node"]]] = field(default_factory=list)


def render(template: str, data: Mapping[str, Any]) -> str:
    """The template's text for some data.

    Raises:
        GoTemplateError: The template has something that is not known here.
    """
    tokens = list(_tokens(template))
    nodes, rest = _parse(tokens, 0)
    if rest != len(tokens):
        raise GoTemplateError(f"unexpected {tokens[rest]}")
    return "".join(_run(nodes, data, data, {}))


def _tokens(template: str) -> Iterator[_Node]:
    end = 0
    for found in PIECES.finditer(template):
        if template[end : found.start()]:
            yield _Node("text", text=template[end : found.start()])
        yield _Node("action", WORDS.findall(found[1]))
        end = found.end()
    if template[end:]:
        yield _Node("text", text=template[end:])


def _parse(tokens: list[_Node], place: int) -> tuple[list[_Node], int]:
    """Nodes up to an `else` or `end` that belongs to the block around them."""
    nodes: list[_Node] = []
    while place < len(tokens):
        token = tokens[place]
        head = token.words[0] if token.kind == "action" and token.words else ""
        if head in ("else", "end"):
            return nodes, place
        if head in ("if", "range"):
            block, place = _block(tokens, place)
            nodes.append(block)
        else:
            nodes.append(token)
            place += 1
    return nodes, place


def _block(tokens: list[_Node], place: int) -> tuple[_Node, int]:
    block = _Node(tokens[place].words[0])
    condition = tokens[place].words[1:]
    while True:
        body, place = _parse(tokens, place + 1)
        block.branches.append((condition, body))
        if place >= len(tokens):
            raise GoTemplateError("a block without its end")
        words = tokens[place].words
        if words == ["end"]:
            return block, place + 1
        condition = words[2:] if words[:2] == ["else", "if"] else ["true"]


def _run(
    nodes: list[_Node], top: Mapping[str, Any], dot: Any, names: dict[str, Any]
) -> Iterator[str]:
    for node in nodes:
        if node.kind == "text":
            yield node.text
        elif node.kind == "if":
            for condition, body in node.branches:
                if _value(condition, top, dot, names):
                    yield from _run(body, top, dot, names)
                    break
        elif node.kind == "range":
            condition, body = node.branches[0]
            for each in _value(condition, top, dot, names):
                yield from _run(body, top, each, names)
        elif len(node.words) > 2 and node.words[1] in (":=", "="):
            names[node.words[0]] = _value(node.words[2:], top, dot, names)
        else:
            yield str(_value(node.words, top, dot, names))


def _value(words: list[str], top: Mapping[str, Any], dot: Any, names: dict[str, Any]) -> Any:
    if len(words) == 3 and words[0] == "eq":
        left, right = (_value([each], top, dot, names) for each in words[1:])
        return left == right
    if len(words) != 1:
        raise GoTemplateError(" ".join(words))
    word = words[0]
    if word.startswith('"'):
        return json.loads(word)
    if word in ("true", "false"):
        return word == "true"
    if word.startswith("$."):
        return top.get(word[2:], "")
    if word.startswith("."):
        return dot.get(word[1:], "")
    if word in names:
        return names[word]
    raise GoTemplateError(word)
