"""One setting, declared once: its default, limits, title, help, unit, source and level.

From it come the form field, the `--set` option, the JSON schema, the printed reference and the
translation entry. Knows nothing of any single setting.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.fields import FieldInfo

SettingLevel = Literal["basic", "advanced"]


class Settings(BaseModel):
    """Base of every part of the recipe: immutable, and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def setting(
    default: Any = ...,
    *,
    title: str,
    help: str,  # noqa: A002  (the word every form and command line uses)
    source: str = "",
    unit: str = "",
    level: SettingLevel = "basic",
    **limits: Any,
) -> Any:
    """Declare one setting.

    Args:
        default: The value where the person has not decided (a callable for fresh containers).
        title: Its name in the interface (English; translated where shown).
        help: What it does and what a change of it brings, in one or two sentences.
        source: Where the default or the limits come from.
        unit: The unit of a number.
        level: `basic` settings are shown to everyone, `advanced` ones on request.
        limits: pydantic's own limits (`ge`, `gt`, `le`, `lt`, `min_length` …).
    """
    about: dict[str, JsonValue] = {
        "help": help,
        "source": source,
        "unit": unit,
        "level": level,
    }
    kind = {"default_factory": default} if callable(default) else {"default": default}
    return Field(
        **kind, title=title, description=help, json_schema_extra={"setting": about}, **limits
    )


@dataclass(frozen=True)
class Described:
    """A setting as forms, references and tests see it."""

    path: str
    info: FieldInfo
    about: dict[str, str]


def describe(model: type[BaseModel], prefix: str = "") -> Iterator[Described]:
    """Every setting under `model`, with its dotted path; members of a union one after the other."""
    for name, info in model.model_fields.items():
        path = f"{prefix}{name}"
        extra = info.json_schema_extra
        if isinstance(extra, dict) and isinstance(extra.get("setting"), dict):
            yield Described(path, info, extra["setting"])  # type: ignore[arg-type]
        for part in _models(info.annotation):
            yield from describe(part, f"{path}.")


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
