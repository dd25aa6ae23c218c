"""Every kind of wrong value is told in a sentence, in the person's language."""

import re
from typing import get_args

import pytest
from pydantic import ValidationError
from pydantic_core.core_schema import ErrorType

from finetune_studio import i18n, speech
from finetune_studio.errors import RefusedError
from finetune_studio.recipe import refusing, store
from finetune_studio.recipe.refusing import WHY
from finetune_studio.recipe.schema import Recipe

NUMBERS = {"greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number"}
RAISED_BY = {
    "model": {"model_type"},
    "model-fields": {"extra_forbidden", "invalid_key", "missing"},
    "model-field": set(),
    "default": set(),
    "any": set(),
    "function-before": set(),  # ours, which raise nothing
    "no-info": set(),  # the function itself
    "literal": {"literal_error"},
    "str": {"string_type", "string_unicode", "string_too_short"},
    "int": {"int_type", "int_parsing", "int_from_float", "int_parsing_size"} | NUMBERS,
    "float": {"float_type", "float_parsing"} | NUMBERS,
    "bool": {"bool_type", "bool_parsing"},
    "tuple": {"tuple_type", "too_short"},
    "dict": {"dict_type"},
    "tagged-union": {"union_tag_invalid", "union_tag_not_found", "model_attributes_type"},
}
"""What each part of a pydantic schema can raise. Source: pydantic, Validation Errors."""
LIMITS = {
    "str": {"min_length"},
    "int": {"ge", "gt", "le", "lt"},
    "float": {"ge", "gt", "le", "lt"},
    "tuple": {"min_length"},
    "dict": set(),
    "bool": set(),
}
"""The limits whose errors stand above; another one would raise another kind."""
WRONG = {
    "int_type": {"method.rank": None},
    "int_parsing": {"method.rank": "many"},
    "int_from_float": {"method.rank": 1.5},
    "int_parsing_size": {"method.rank": "1" * 5000},
    "finite_number": {"method.rank": float("inf")},
    "float_type": {"training.learning_rate": None},
    "float_parsing": {"training.learning_rate": "fast"},
    "greater_than": {"training.learning_rate": 0},
    "greater_than_equal": {"method.rank": 0},
    "less_than": {"training.adam_beta1": 1},
    "less_than_equal": {"method.rank": 5000},
    "bool_type": {"training.packing": None},
    "bool_parsing": {"training.packing": "maybe"},
    "string_type": {"name": 3},
    "string_unicode": {"name": b"\xff"},
    "string_too_short": {"model.source": ""},
    "tuple_type": {"data.files": "a.csv"},
    "too_short": {"method.targets": []},
    "dict_type": {"data.mapping": 3},
    "model_type": {"training": 3},
    "model_attributes_type": {"method": 3},
    "invalid_key": {"training": {1: 2}},
    "literal_error": {"training.engine": "magic"},
    "union_tag_invalid": {"method.kind": "magic"},
    "union_tag_not_found": {"method": {"rank": 8}},
    "extra_forbidden": {"training.batchsize": 8},
}
MORE = [
    {"method.targets": [1]},
    {"data.mapping": {1: "text"}},
    {"training.speed": "on"},
    {"training.speed.compile": "maybe"},
    {"training.speed.compile": 3},
    {"method.kind": [1]},
    {"method": None},
    {"version": "one"},
    {"training.epochs": float("nan")},
    {"checkpoints": []},
]
"""Others of the same kinds, in other places."""


def parts_of(schema):
    """Every part of a core schema."""
    if isinstance(schema, dict):
        if isinstance(schema.get("type"), str):
            yield schema
        for inner in schema.values():
            yield from parts_of(inner)
    elif isinstance(schema, list | tuple):
        for inner in schema:
            yield from parts_of(inner)


def raised(change):
    """The kind of pydantic's first error for a change of the recipe."""
    with pytest.raises(RefusedError) as told:
        store.with_changes(Recipe(), change)
    cause = told.value.__cause__
    assert isinstance(cause, ValidationError)
    return cause.errors(include_url=False)[0], told.value


@pytest.fixture
def korean():
    """Commands speak Korean."""
    speech.speak("ko")
    yield
    i18n.install(None)


def test_the_kinds_that_the_recipe_can_raise_are_known():
    found = set()
    for part in parts_of(Recipe.__pydantic_core_schema__):
        kind = part["type"]
        assert kind in RAISED_BY, f"{kind}: which errors does it raise?"
        ours = {"type", "schema", "metadata", "ref", "serialization", "strict"}
        limits = {each for each in part if each not in ours}
        if kind in LIMITS:
            inner = {"items_schema", "variadic_item_index", "keys_schema", "values_schema"}
            assert limits - inner <= LIMITS[kind], f"{kind}: {limits}"
        found |= RAISED_BY[kind]
    assert found == set(WHY) | {"extra_forbidden"}
    assert found - {"missing"} == set(WRONG)  # no setting of today's is without a default
    assert found <= set(get_args(ErrorType))


@pytest.mark.parametrize("kind", sorted(WRONG))
def test_each_kind_has_a_sentence_of_ours(kind):
    error, told = raised(WRONG[kind])
    assert error["type"] == kind
    assert error["msg"] not in str(told)
    assert "{" not in told.detail.replace("{a: b}", "")
    assert told.title.endswith(".")
    assert kind == "extra_forbidden" or told.detail.endswith(".")
    assert next(iter(WRONG[kind])).split(".")[0] in told.title


@pytest.mark.parametrize("change", [*WRONG.values(), *MORE], ids=str)
def test_no_english_is_left_in_korean(change, korean):
    error, told = raised(change)
    text = f"{told.title} {told.detail}"
    path, value = next(iter(change.items()))
    for known in (*path.split("."), "kind", "training.batch_size", "UTF-8", "[a, b]", "{a: b}"):
        text = text.replace(known, "")
    text = text.replace(refusing._short(error["input"]), "").replace(repr(value), "")
    for word in re.findall(r"\w+", str(error.get("ctx", {}).values())):
        text = re.sub(rf"\b{word}\b", "", text) if word not in ("or", "of") else text
    assert re.search("[가-힣]", told.title)
    assert not re.findall(r"[A-Za-z]{2,}", text.replace("true", "").replace("false", "")), text


def test_limits_and_choices_are_named():
    assert "0 or more" not in str(raised({"method.rank": 0})[1])
    assert "It must be 1 or more." in str(raised({"method.rank": 0})[1])
    assert "It must be 1024 or less." in str(raised({"method.rank": 4096})[1])
    told = raised({"training.speed.compile": "maybe"})[1]
    assert told.title == "The setting training.speed.compile does not take 'maybe'."
    assert told.detail == "It must be one of these: auto, on, off."
    told = raised({"method.kind": "magic"})[1]
    assert told.title == "The setting method.kind does not take 'magic'."
    assert told.detail == "It must be one of these: full, lora, qlora."
    assert raised({"method.targets": []})[1].detail == "It must not be empty."


def test_a_long_value_is_cut():
    told = raised({"training.epochs": "x" * 10_000})[1]
    assert len(told.title) < 200


def test_a_kind_that_a_later_pydantic_adds_is_told_without_its_words(korean):
    told = refusing.why({"type": "new_kind", "loc": ("a",), "msg": "Input should…", "input": 1})
    assert re.search("[가-힣]", told)
    assert "Input" not in told
