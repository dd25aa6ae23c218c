"""A Modelfile for Ollama whose TEMPLATE says what the model's own chat template says.

Ollama's templates are Go's, not Jinja's, and what it guesses without one loses system prompts. So
the Jinja template is probed with marked messages, what stands between the marks is put into a Go
template, and both are rendered on conversations that were not probed with: equal, or refused.
Facts of Ollama: docs/modelfile.mdx, docs/template.mdx and template/template.go in its repository.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from finetune_studio.export.gotemplate import GoTemplateError
from finetune_studio.export.gotemplate import render as render_go
from finetune_studio.i18n import mark, tr
from finetune_studio.tokens.templates import TemplateError

Messages = list[dict[str, str]]
Render = Callable[[Messages, bool], str]
"""The model's own template: a conversation, and whether an answer is to follow, to text."""

USER, ANSWER, SYSTEM, AGAIN = (f"\u2063{name}\u2063" for name in ("one", "two", "sys", "three"))
"""Marked with an invisible sign that no template writes."""
LONGEST_CONTEXT = 8192  # tokens; Ollama reserves memory for all of them
NOTES = {
    "trims": mark("The model's template cuts blanks at the ends of a message; Ollama's cannot."),
    "no-system": mark("The model's template takes no system message; Ollama's leaves it out."),
}
CONVERSATIONS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("user", "안녕하세요?"),),
    (("system", "You are brief."), ("user", "Hi {{ .System }} {% x %}")),
    (("user", "하나"), ("assistant", "1입니다."), ("user", "둘\n\n셋 'x' \"y\" <b>")),
    (("system", "짧게."), ("user", "a"), ("assistant", "b\nc"), ("user", "d"), ("assistant", "e"),
     ("user", "커피 ☕ 👩‍🚀")),
    (("user", "x"), ("assistant", "y"), ("user", "z"), ("assistant", "w"), ("user", "끝")),
)  # fmt: skip
BLANKS = ((("user", "  앞뒤에 빈칸 \n"),), (("system", " s "), ("user", "u ")))


class NoTemplateError(ValueError):
    """There is no Go template that says the same; the text is the reason."""


@dataclass(frozen=True)
class Derived:
    """A Go template that is proven.

    Attributes:
        template: Its text.
        notes: Keys of `NOTES`: where it differs, and cannot do better.
    """

    template: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Parts:
    """What stands around the contents of messages.

    Attributes:
        alone: Before the first user message, where there is no system message.
        system: Before the system message; None where the template takes none.
        after_system: Between it and the first user message.
        user: Before another user message.
        after_user: After a user message.
        answer: Before an answer.
        after_answer: After an answer.
        begin: What begins the answer to be given.
    """

    alone: str
    system: str | None
    after_system: str
    user: str
    after_user: str
    answer: str
    after_answer: str
    begin: str


def derive(render: Render, start: str = "") -> Derived:
    """The Go template that says what a Jinja template says.

    Args:
        render: The Jinja template.
        start: The token that llama.cpp puts before every text by itself, so that the template must
            not; empty where it puts none.

    Raises:
        NoTemplateError: There is none; why.
    """
    template = _written(_probed(render), start)
    if '"""' in template:
        raise NoTemplateError(tr("The template contains three quotes, which end a TEMPLATE."))
    wrong = [each for each in CONVERSATIONS if not _same(template, render, each, start)]
    if any(not _is_system(each, render) for each in wrong):
        raise NoTemplateError(tr("Rendered by Ollama, it would say something else."))
    notes = ["no-system"] if wrong else []
    if not all(_same(template, render, each, start) for each in BLANKS if _takes(render, each)):
        notes.append("trims")
    return Derived(template, tuple(notes))


def _probed(render: Render) -> _Parts:
    try:
        first, begun = _around(render(_said(USER), False), USER)
        _, begins = _around(render(_said(USER), True), USER)
        talk = _between(render(_said(USER, ANSWER, AGAIN), False), USER, ANSWER, AGAIN)
        _, closed = _around(render(_said(USER, ANSWER), False), ANSWER)
    except TemplateError as error:
        why = tr("The template refuses plain conversations: {why}").format(why=error)
        raise NoTemplateError(why) from error
    system, after = _system(render)
    if talk[0] != first or not talk[1].startswith(begun) or not talk[2].startswith(closed):
        raise NoTemplateError(tr("The template writes a message otherwise when others follow."))
    return _Parts(
        alone=first,
        system=system,
        after_system=after,
        user=talk[2].removeprefix(closed),
        after_user=begun,
        answer=talk[1].removeprefix(begun),
        after_answer=closed,
        begin=_rest(begins, begun),
    )


def _system(render: Render) -> tuple[str | None, str]:
    try:
        text = render([{"role": "system", "content": SYSTEM}, *_said(USER)], False)
        before, between, _ = _between(text, SYSTEM, USER)
    except (TemplateError, NoTemplateError):
        return None, ""
    return before, between


def _rest(whole: str, begun: str) -> str:
    if not whole.startswith(begun):
        raise NoTemplateError(tr("The template changes a question when an answer is to follow."))
    return whole.removeprefix(begun)


def _said(*contents: str) -> Messages:
    roles = ("user", "assistant") * len(contents)
    return [{"role": r, "content": c} for r, c in zip(roles, contents, strict=False)]


def _around(text: str, sign: str) -> tuple[str, str]:
    before, after = _between(text, sign)
    return before, after


def _between(text: str, *signs: str) -> list[str]:
    """What stands before, between and after the signs, each of which must be there once."""
    parts = []
    for sign in signs:
        if text.count(sign) != 1:
            raise NoTemplateError(tr("The template does not write a message's text as it is."))
        before, _, text = text.partition(sign)
        parts.append(before)
    return [*parts, text]


def _written(parts: _Parts, start: str) -> str:
    """The Go template; no blanks but those of the parts."""
    alone = _text(parts.alone.removeprefix(start))
    first = alone
    if parts.system is not None:
        system = _text(parts.system.removeprefix(start))
        between = _text(parts.after_system)
        with_system = f"{system}{{{{ $.System }}}}{between}"
        first = f"{{{{ if $.System }}}}{with_system}{{{{ else }}}}{alone}{{{{ end }}}}"
    return (
        "{{ $begun := false }}{{ range .Messages }}"
        '{{ if eq .Role "user" }}'
        f"{{{{ if $begun }}}}{_text(parts.user)}{{{{ else }}}}{first}{{{{ end }}}}"
        "{{ $begun = true }}"
        f"{{{{ .Content }}}}{_text(parts.after_user)}"
        f'{{{{ else if eq .Role "assistant" }}}}{_text(parts.answer)}{{{{ .Content }}}}'
        f"{_text(parts.after_answer)}{{{{ end }}}}"
        f"{{{{ end }}}}{_text(parts.begin)}"
    )


def _text(text: str) -> str:
    """Text as it stands in a Go template, where two braces begin an action."""
    return text.replace("{{", '{{ "{{" }}')


def _same(template: str, render: Render, said: Sequence[tuple[str, str]], start: str) -> bool:
    messages = [{"role": role, "content": content} for role, content in said]
    try:
        wanted = render(messages, True).removeprefix(start)
        return as_ollama(template, messages) == wanted
    except (TemplateError, GoTemplateError):
        return False


def _is_system(said: Sequence[tuple[str, str]], render: Render) -> bool:
    """Whether a conversation has a system message that the model's template refuses."""
    return said[0][0] == "system" and not _takes(render, said)


def _takes(render: Render, said: Sequence[tuple[str, str]]) -> bool:
    try:
        render([{"role": role, "content": content} for role, content in said], True)
    except TemplateError:
        return False
    return True


def as_data(messages: Messages) -> dict[str, Any]:
    """What Ollama gives its template: system messages are collected, and stay in the list."""
    system = "\n\n".join(each["content"] for each in messages if each["role"] == "system")
    listed = [{"Role": each["role"], "Content": each["content"]} for each in messages]
    return {"System": system, "Messages": listed}


def as_ollama(template: str, messages: Messages) -> str:
    """What Ollama renders of a conversation."""
    return render_go(template, as_data(messages))


def modelfile(
    file: str,
    template: str,
    *,
    stops: Sequence[str],
    context: int,
    system: str = "",
    adapter: str = "",
) -> str:
    """The text of a Modelfile.

    Args:
        file: The GGUF file's name beside it.
        template: The Go template; empty for models that go on with a text.
        stops: Texts at which an answer ends.
        context: Tokens that the model can read; 0 where unknown.
        system: The system prompt that was trained with.
        adapter: The name of a GGUF adapter beside it.

    Raises:
        NoTemplateError: The system prompt cannot be written.
    """
    lines = [f"FROM ./{file}"]
    lines += [f"ADAPTER ./{adapter}"] if adapter else []
    lines.append(f'TEMPLATE """{template or "{{ .Prompt }}"}"""')
    if system:
        if '"""' in system:
            raise NoTemplateError(tr("The system prompt contains three quotes, which end it."))
        lines.append(f'SYSTEM """{system}"""')
    lines += [f"PARAMETER stop {json.dumps(each, ensure_ascii=False)}" for each in stops]
    if context:
        lines.append(f"PARAMETER num_ctx {min(context, LONGEST_CONTEXT)}")
    return "\n".join(lines) + "\n"
