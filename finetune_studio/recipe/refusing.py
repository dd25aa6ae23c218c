"""What is wrong with a setting's value, in the person's language: a sentence for each kind.

pydantic names the kind and its limits; its own words are English and speak to programmers. A test
goes through every kind that the recipe can raise.
"""

import difflib
import re
from collections.abc import Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import mark, tr
from finetune_studio.recipe.fields import describe
from finetune_studio.recipe.schema import Recipe

WHOLE = mark("It must be a whole number.")
NUMBER = mark("It must be a number.")
SWITCH = mark("It must be true or false.")
TEXT = mark("It must be text; in a recipe, put it in quotes.")
LIST = mark("It must be a list, such as [a, b].")
PAIRS = mark("It must be names with values, such as {{a: b}}.")
GROUP = mark("It is a group of settings; each of them is set by its own name.")
ONE_OF = mark("It must be one of these: {expected}.")
WHY = {
    "int_type": WHOLE,
    "int_parsing": WHOLE,
    "int_from_float": WHOLE,
    "int_parsing_size": mark("The number has too many digits."),
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "finite_number": mark("It must be a finite number."),
    "greater_than": mark("It must be greater than {gt}."),
    "greater_than_equal": mark("It must be {ge} or more."),
    "less_than": mark("It must be less than {lt}."),
    "less_than_equal": mark("It must be {le} or less."),
    "bool_type": SWITCH,
    "bool_parsing": SWITCH,
    "string_type": TEXT,
    "string_unicode": mark("It must be text in UTF-8."),
    "string_too_short": mark("It must have {min_length} or more characters."),
    "tuple_type": LIST,
    "too_short": mark("It must have {min_length} or more entries."),
    "dict_type": PAIRS,
    "model_type": GROUP,
    "model_attributes_type": GROUP,
    "invalid_key": mark("The name of a setting must be text."),
    "literal_error": ONE_OF,
    "union_tag_invalid": ONE_OF,
    "union_tag_not_found": mark("It says which settings the others are, so it must be there."),
    "missing": mark("It must be there."),
}
"""By pydantic's kinds of errors; `{names}` are those of an error's context."""
OTHERWISE = mark("The value is not of the kind that this setting takes.")
EMPTY = mark("It must not be empty.")
KINDS = ("chat", "text", "classify", "full", "lora", "qlora")
"""What pydantic names in a path where a union was chosen from."""
SHOWN = 80  # characters of a value


def refusal(error: ValidationError) -> RefusedError:
    """The sentence for the first value that the recipe does not take."""
    first = error.errors(include_url=False)[0]
    path = ".".join(str(part) for part in first["loc"] if part not in (*KINDS, "[key]"))
    if first["type"] == "extra_forbidden":
        return unknown(path)
    value = first["input"]
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        path, value = f"{path}.kind", value.get("kind") if isinstance(value, Mapping) else value
    if first["type"] in ("missing", "union_tag_not_found"):
        title = tr("The setting {path} is missing.").format(path=path)
    else:
        title = tr("The setting {path} does not take {value}.").format(
            path=path, value=_short(value)
        )
    return RefusedError(title, why(first), _hint(path))


def why(error: ErrorDetails) -> str:
    """What pydantic found wrong with a value, in the language in use."""
    about = {name: _plain(value) for name, value in error.get("ctx", {}).items()}
    about.setdefault("expected", about.get("expected_tags", ""))
    if about.get("min_length") == "1":
        return tr(EMPTY)
    return tr(WHY.get(error["type"], OTHERWISE)).format(**about)


def unknown(path: str) -> RefusedError:
    """The refusal of a setting that there is none of, with the nearest that there is."""
    settings = sorted({each.path for each in describe(Recipe)})
    last = path.rpartition(".")[2]
    near = [each for each in settings if each.rpartition(".")[2] == last]
    if not near:
        parts = {each.rpartition(".")[0] for each in settings} - {""}
        near = difflib.get_close_matches(path, [*settings, *sorted(parts)], n=1, cutoff=0.5)
    hint = tr("Did you mean {near}?").format(near=near[0]) if near else ""
    return RefusedError(tr("There is no setting {path}.").format(path=path), hint=hint)


def _plain(value: object) -> str:
    """A limit, or a list of values, which pydantic quotes and joins by an English word."""
    if isinstance(value, float):
        return f"{value:g}"
    return re.sub(r"'([^']*)'", r"\1", str(value).replace(" or ", ", "))


def _short(value: object) -> str:
    """The value as Python writes it, with its end left out where it is long."""
    text = repr(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def _hint(path: str) -> str:
    for known in describe(Recipe):
        if known.path == path:
            return tr(known.about["help"])
    return tr("See `finetune-studio recipe reference`.")
