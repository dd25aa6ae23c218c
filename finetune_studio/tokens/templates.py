"""Chat templates: conversations to the text that the model reads. Knows no tokens.

Templates are code of whoever made the model, so they run in Jinja's sandbox, with the names and
filters that transformers gives them.
"""

import json
from collections.abc import Mapping, MutableMapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from finetune_studio import paths
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

if TYPE_CHECKING:
    import jinja2

    from finetune_studio.tokens.loading import Tokenizer

Messages = Sequence[Mapping[str, Any]]
OPEN, SHUT = "\x02\x05learned\x05", "\x03\x05learned\x05"
"""What is put around a `{% generation %}` block while a template is rendered."""
ATTRIBUTES = 1000
"""Attributes that are remembered as safe or not; templates have some dozens."""
BUNDLED = ("chatml", "plain", "alpaca")


class TemplateError(ValueError):
    """A template that cannot render this conversation; the text is the template's own reason."""


def default_template(name: str) -> str:
    """A bundled template.

    Raises:
        RefusedError: There is none of that name.
    """
    file = paths.resources() / "templates" / f"{name}.jinja"
    if name not in BUNDLED or not file.is_file():
        raise RefusedError(
            tr("There is no chat template “{name}”.").format(name=name),
            hint=tr("Set task.template to model, {names}.").format(names=", ".join(BUNDLED)),
        )
    return file.read_text(encoding="utf-8")


def render(
    template: str,
    messages: Messages,
    *,
    tokenizer: "Tokenizer",
    add_generation_prompt: bool = False,
    **more: Any,
) -> str:
    """The text of a conversation, as the model reads it.

    Raises:
        TemplateError: The template refuses the conversation, or is no template.
    """
    marked = render_marked(
        template, messages, tokenizer=tokenizer, add_generation_prompt=add_generation_prompt, **more
    )
    return marked.replace(OPEN, "").replace(SHUT, "")


def render_marked(
    template: str,
    messages: Messages,
    *,
    tokenizer: "Tokenizer",
    add_generation_prompt: bool = False,
    **more: Any,
) -> str:
    """`render` with `OPEN` and `SHUT` around what the template marks as generated."""
    import jinja2

    names = {"messages": messages, "tools": None, "documents": None, **tokenizer.named, **more}
    try:
        return _compiled(template).render(add_generation_prompt=add_generation_prompt, **names)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"line {error.lineno}: {error.message}") from error
    except (jinja2.TemplateError, TypeError, ValueError, AttributeError, LookupError) as error:
        raise TemplateError(" ".join(str(error).split()) or type(error).__name__) from error


@lru_cache(maxsize=64)
def _compiled(template: str) -> "jinja2.Template":
    """The template, with what transformers gives it (transformers, chat_template_utils.py)."""
    from jinja2.ext import loopcontrols

    environment = _sandbox()(
        trim_blocks=True, lstrip_blocks=True, extensions=[_generation(), loopcontrols]
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    return environment.from_string(template)


@lru_cache(maxsize=1)
def _sandbox() -> "type[jinja2.sandbox.ImmutableSandboxedEnvironment]":
    """Jinja's sandbox, which asks once whether an attribute of a kind of values is safe.

    The answer follows from the value's type and the attribute's name (jinja2/sandbox.py); asked
    for every value, it takes a quarter of the time of rendering. Nor are the names that every
    template has looked up in two mappings for each conversation: nobody adds any later.
    """
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Sandbox(ImmutableSandboxedEnvironment):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self._known: dict[tuple[type, str], bool] = {}

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            key = type(obj), attr
            if key not in self._known and len(self._known) < ATTRIBUTES:
                self._known[key] = super().is_safe_attribute(obj, attr, value)
            known = self._known.get(key)
            return super().is_safe_attribute(obj, attr, value) if known is None else known

        def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
            return {**self.globals, **(d or {})}

    return Sandbox


def _refuse(message: str) -> None:
    raise TemplateError(message)


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


@lru_cache(maxsize=1)
def _generation() -> "type[jinja2.ext.Extension]":
    """The tag `{% generation %}`, which marks the assistant's words."""
    from jinja2 import nodes
    from jinja2.ext import Extension

    class Generation(Extension):
        tags = {"generation"}  # noqa: RUF012 - jinja2 reads a set here

        def parse(self, parser: Any) -> list[nodes.Node]:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            # A scope, as transformers' own tag is one: what is set in it ends with it.
            parts = (_said(OPEN, line), nodes.Scope(body).set_lineno(line), _said(SHUT, line))
            return [*parts]

    def _said(text: str, line: int) -> nodes.Node:
        return nodes.Output([nodes.TemplateData(text)]).set_lineno(line)

    return Generation
