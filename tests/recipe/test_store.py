"""Reading, changing and writing recipes."""

import pytest
import yaml

from finetune_studio.errors import RefusedError
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe


def test_a_recipe_survives_writing_and_reading(tmp_path):
    recipe = store.with_changes(Recipe(), {"method.kind": "qlora", "training.learning_rate": 1e-4})
    store.save(recipe, tmp_path / "이름 recipe.yaml")
    assert store.load(tmp_path / "이름 recipe.yaml") == recipe


@pytest.mark.parametrize("name", ["recipe", "우리 카페 답변 " * 12, "즐거운 😀 답변 " * 12])
def test_a_recipe_is_written_as_python_itself_would(name):
    recipe = store.with_changes(Recipe(), {"name": name.strip(), "data.files": ["1e-4", "no", ""]})
    values = recipe.model_dump(mode="json")
    usual = yaml.safe_dump(values, allow_unicode=True, sort_keys=False)
    assert store.dump(recipe) == usual
    assert yaml.safe_load(usual) == values


def test_relative_files_start_at_the_recipe(tmp_path):
    (tmp_path / "data.csv").write_text("a,b\n", encoding="utf-8")
    recipe = store.with_changes(Recipe(), {"data.files": ["data.csv"]})
    store.save(recipe, tmp_path / "recipe.yaml")
    assert store.load(tmp_path / "recipe.yaml").data.files == (str(tmp_path / "data.csv"),)


@pytest.mark.parametrize(
    ("change", "near"),
    [
        ({"training.learning_rat": 1}, "training.learning_rate"),
        ({"training.rank": 8}, "method.rank"),
        ({"modle": {}}, "model"),
        ({"method.rnak": 8}, "method.rank"),
    ],
)
def test_an_unknown_key_names_the_nearest(change, near):
    with pytest.raises(RefusedError) as refusal:
        store.with_changes(Recipe(), change)
    assert near in refusal.value.hint


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("training.learning_rate", 5),
        ("training.batch_size", 0),
        ("method.rank", 0),
        ("training.epochs", "many"),
        ("method.kind", "magic"),
    ],
)
def test_a_value_outside_its_limits_is_refused_by_name(path, value):
    with pytest.raises(RefusedError) as refusal:
        store.with_changes(Recipe(), {path: value})
    assert path.split(".")[0] in refusal.value.title


def test_a_newer_recipe_is_refused():
    with pytest.raises(RefusedError, match="newer version"):
        store.parse({"version": 99})


@pytest.mark.parametrize(
    "text", ["", "- a\n- b\n", "a: [", "just words", "name: 2026-13-45", "name: !odd x"]
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path, text):
    (tmp_path / "r.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RefusedError):
        store.load(tmp_path / "r.yaml")


def test_where_a_file_stops_being_yaml_is_said(tmp_path):
    (tmp_path / "r.yaml").write_text("name: a\ntraining: [1\n", encoding="utf-8")
    with pytest.raises(RefusedError, match="at line 3, column 1"):
        store.load(tmp_path / "r.yaml")


@pytest.mark.parametrize("word", ["on", "off", "auto"])
def test_on_and_off_need_no_quotes(tmp_path, word):
    change = store.parse_changes([f"training.speed.length_grouping={word}"])
    assert store.with_changes(Recipe(), change).training.speed.length_grouping == word
    (tmp_path / "r.yaml").write_text(f"training:\n  speed:\n    length_grouping: {word}\n")
    assert store.load(tmp_path / "r.yaml").training.speed.length_grouping == word


def test_a_word_that_looks_like_a_day_is_a_word():
    assert store.parse_changes(["name=2026-13-45"]) == {"name": "2026-13-45"}


def test_options_are_read_as_values():
    changes = store.parse_changes(["training.learning_rate=1e-4", "method.dora=true", "name=이름"])
    assert changes == {"training.learning_rate": 1e-4, "method.dora": True, "name": "이름"}


def test_another_kind_of_method_keeps_what_both_have():
    recipe = store.with_changes(Recipe(), {"method.rank": 64})
    assert store.with_changes(recipe, {"method.kind": "qlora"}).method.rank == 64
    assert store.with_changes(recipe, {"method.kind": "full"}).method.kind == "full"


def test_equal_recipes_have_equal_digests():
    assert store.digest(Recipe()) == store.digest(Recipe())
    assert store.digest(Recipe()) != store.digest(store.with_changes(Recipe(), {"name": "x"}))


def test_another_method_drops_a_value_that_it_does_not_take():
    recipe = store.with_changes(Recipe(), {"method.base_precision": "fp8", "method.rank": 8})
    changed = store.with_changes(recipe, {"method.kind": "qlora"})
    assert (changed.method.base_precision, changed.method.rank) == ("auto", 8)
