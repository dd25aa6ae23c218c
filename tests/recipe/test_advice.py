"""What is recommended, and how undecided settings follow it."""

from finetune_studio.recipe import store
from finetune_studio.recipe.advice import advised, following, with_advised
from finetune_studio.recipe.demo import demo_recipe
from finetune_studio.recipe.schema import Recipe


def test_a_recipe_begins_with_what_is_recommended_for_its_model():
    recipe = with_advised(Recipe())
    assert recipe.model.source == "demo"
    assert recipe.training.learning_rate == 2e-3
    assert advised(recipe)["training.learning_rate"] == 2e-3


def test_what_nobody_decided_follows_the_model_and_the_method():
    recipe = with_advised(Recipe())
    changes = following(recipe, {"model.source": "Qwen/Qwen3-8B"})
    other = store.with_changes(recipe, changes)
    assert other.training.learning_rate == 2e-4
    full = store.with_changes(other, following(other, {"method.kind": "full"}))
    assert full.training.learning_rate == 2e-5


def test_what_was_decided_stays():
    recipe = store.with_changes(with_advised(Recipe()), {"training.learning_rate": 7e-5})
    changes = following(recipe, {"model.source": "Qwen/Qwen3-8B"})
    assert "training.learning_rate" not in changes
    asked = {"model.source": "Qwen/Qwen3-8B", "training.learning_rate": 1e-4}
    assert following(recipe, asked) == asked | {"training.accumulation": 4}


def test_lengths_of_the_samples_are_advised_for_the_samples_alone(tmp_path):
    assert "training.sequence_length" in advised(demo_recipe())
    own = store.with_changes(demo_recipe(), {"data.files": [str(tmp_path / "mine.csv")]})
    assert "training.sequence_length" not in advised(own)


def test_the_demo_is_what_is_advised_for_it():
    recipe = demo_recipe()
    assert with_advised(recipe) == recipe


def test_the_rows_of_a_step_stay_the_same_whatever_the_batch():
    for batch, times in ((1, 16), (4, 4), (6, 3), (16, 1), (64, 1)):
        recipe = store.with_changes(Recipe(), {"training.batch_size": batch})
        assert advised(recipe)["training.accumulation"] == times
