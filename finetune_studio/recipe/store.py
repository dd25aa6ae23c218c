"""Reads, changes and writes recipes; a bad one gets a sentence that names the setting."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.recipe.fields import Settings
from finetune_studio.recipe.refusing import refusal, unknown
from finetune_studio.recipe.schema import VERSION, Recipe

MIGRATIONS: dict[str, str] = {}
"""Renamed settings, old dotted path to new one; "" for one that is gone."""


def parse(values: Mapping[str, Any]) -> Recipe:
    """A recipe from plain values.

    Raises:
        RefusedError: A key is unknown, or a value is outside its limits; the sentence names it.
    """
    values = _migrated(dict(values))
    found = values.get("version", VERSION)
    if isinstance(found, int) and found > VERSION:
        raise RefusedError(
            tr("This recipe is from a newer version of Finetune Studio."),
            tr("It has version {found}; this program reads up to {known}.").format(
                found=found, known=VERSION
            ),
            tr("Update Finetune Studio, or write the recipe again."),
        )
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        raise refusal(error) from error


def load(path: Path) -> Recipe:
    """The recipe in a YAML file; relative data files are resolved against the file's folder."""
    try:
        text = path.read_text(encoding="utf-8")
        values = yaml.safe_load(text)
    except FileNotFoundError as error:
        raise RefusedError(
            tr("There is no recipe at {path}.").format(path=path),
            hint=tr("Write one with `finetune-studio recipe new`."),
        ) from error
    except (OSError, ValueError, yaml.YAMLError) as error:  # ValueError: no UTF-8, no such day
        raise RefusedError(
            tr("{path} could not be read as a recipe.").format(path=path),
            _unreadable(error),
            tr("A recipe is a YAML file in UTF-8."),
        ) from error
    if not isinstance(values, dict):
        raise RefusedError(
            tr("{path} holds no recipe.").format(path=path),
            tr("A recipe is a list of `setting: value` lines."),
        )
    return _resolved(parse(values), path.parent)


def _unreadable(error: Exception) -> str:
    """Where a file stops being YAML; what the system says where it could not be read at all."""
    if isinstance(error, OSError):
        return f"{error.strerror or error}."
    if isinstance(error, yaml.MarkedYAMLError) and (at := error.problem_mark):
        text = tr("It is wrong at line {line}, column {column}.")
        return text.format(line=at.line + 1, column=at.column + 1)
    return ""


def dump(recipe: Recipe) -> str:
    """The recipe as YAML."""
    values = recipe.model_dump(mode="json")
    dumper = _dumper(json.dumps(values, ensure_ascii=False))
    text: str = yaml.dump(values, Dumper=dumper, allow_unicode=True, sort_keys=False)
    return text


def _dumper(text: str) -> Any:
    """Libyaml's writer, ten times as fast as Python's own, where both write the same.

    It writes what lies beyond the first 65,536 characters, as emoji do, as escapes.
    """
    plain = text.isascii() or max(text) <= "\uffff"
    return getattr(yaml, "CSafeDumper", yaml.SafeDumper) if plain else yaml.SafeDumper


def save(recipe: Recipe, path: Path) -> None:
    """Write the recipe; the file is replaced whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(dump(recipe), encoding="utf-8")
    os.replace(part, path)


def digest(recipe: Recipe) -> str:
    """The first 16 hexadecimal digits of the recipe's SHA-256; equal recipes have equal ones."""
    text = json.dumps(recipe.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def with_changes(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """The recipe with some settings changed, each by its dotted path.

    A changed `task.kind` or `method.kind` keeps what the new kind also has.
    """
    values = recipe.model_dump(mode="json")
    for path, value in changes.items():
        _put(values, path.split("."), value)
    for union in ("task", "method"):
        if f"{union}.kind" in changes:
            values[union] = _kept(union, values[union], changes)
    return parse(values)


def parse_changes(options: Iterable[str]) -> dict[str, Any]:
    """`a.b=c` options as changes; a value is read as YAML (`true`, `3`, `[a, b]`)."""
    changes = {}
    for option in options:
        path, equals, value = option.partition("=")
        if not equals or not path.strip():
            raise RefusedError(
                tr("`{option}` is no setting.").format(option=option),
                hint=tr("Write it as name=value, such as training.learning_rate=1e-4."),
            )
        changes[path.strip()] = _scalar(value)
    return changes


def _scalar(text: str) -> Any:
    try:
        value = yaml.safe_load(text)
    except (ValueError, yaml.YAMLError):  # ValueError: what looks like a date and is none
        return text
    if isinstance(value, str):
        try:
            return float(value)  # YAML 1.1 takes 1e-4 for a word
        except ValueError:
            return value
    return "" if value is None else value


def _kept(union: str, values: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    chosen = _model_of(union, str(values.get("kind")))
    asked = {path.split(".")[1] for path in changes if path.startswith(f"{union}.")}
    return {
        key: value
        for key, value in values.items()
        if key in asked or (chosen is not None and _takes(chosen, key, value))
    }


def _takes(model: type[Settings], key: str, value: Any) -> bool:
    """Whether one of the kinds has this setting, and takes this value for it."""
    if key not in model.model_fields:
        return False
    try:
        model.model_validate({key: value})
    except ValidationError:
        return False
    return True


def _model_of(union: str, kind: str) -> type[Settings] | None:
    from finetune_studio.recipe import methods, tasks

    unions: dict[str, dict[str, type[Settings]]] = {
        "task": {"chat": tasks.Chat, "text": tasks.Text, "classify": tasks.Classify},
        "method": {"full": methods.Full, "lora": methods.Lora, "qlora": methods.Qlora},
    }
    return unions[union].get(kind)


def _put(values: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        inner = values.setdefault(key, {})
        if not isinstance(inner, dict):
            raise unknown(".".join(path))
        values = inner
    values[path[-1]] = value


def _migrated(values: dict[str, Any]) -> dict[str, Any]:
    for old, new in MIGRATIONS.items():
        holder: Any = values
        *outer, last = old.split(".")
        for key in outer:
            holder = holder.get(key) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and last in holder:
            value = holder.pop(last)
            if new:
                _put(values, new.split("."), value)
    return values


def _resolved(recipe: Recipe, folder: Path) -> Recipe:
    def absolute(name: str) -> str:
        local = folder / name
        known = local.exists() or (folder / name.rpartition("#")[0]).is_file()  # a book's sheet
        return str(local.resolve()) if not Path(name).is_absolute() and known else name

    source = recipe.model.source
    is_path = source.startswith(".") or (folder / source).is_dir()
    return with_changes(
        recipe,
        {
            "data.files": [absolute(name) for name in recipe.data.files],
            "data.validation_files": [absolute(name) for name in recipe.data.validation_files],
            "model.source": absolute(source) if is_path and source != "demo" else source,
        },
    )
