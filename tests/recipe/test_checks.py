"""What several settings say together, and the arithmetic of steps."""

import pytest

from finetune_studio.recipe.checks import check, check_batch, check_context
from finetune_studio.recipe.fields import describe
from finetune_studio.recipe.schema import Recipe
from finetune_studio.recipe.steps import count_steps
from finetune_studio.recipe.store import with_changes

GOOD = with_changes(Recipe(), {"data.files": ["rows.csv"], "model.source": "maker/model"})


def test_a_good_recipe_has_no_findings():
    assert check(GOOD) == []


@pytest.mark.parametrize(
    ("changes", "code", "level"),
    [
        ({"data.files": []}, "no-data", "error"),
        ({"training.learning_rate": 0.5}, "learning-rate-diverges", "error"),
        ({"training.learning_rate": 1e-3}, "learning-rate-unusual", "warning"),
        ({"training.warmup_ratio": 0.4}, "warmup-long", "warning"),
        ({"data.split.validation": 0.0}, "early-stopping-blind", "warning"),
        ({"task.kind": "classify", "training.packing": True}, "packing-classify", "error"),
        ({"data.shape": "kto"}, "shape-task", "error"),
        ({"training.engine": "unsloth"}, "unsloth-unplanned", "advice"),
        ({"training.engine": "unsloth", "task.kind": "classify"}, "unsloth-cannot", "error"),
        ({"training.engine": "unsloth", "method.kind": "full"}, "unsloth-cannot", "error"),
        ({"training.engine": "unsloth", "method.dora": True}, "unsloth-cannot", "error"),
        (
            {"training.engine": "unsloth", "method.kind": "qlora", "method.bits": 8},
            "unsloth-cannot",
            "error",
        ),
        (
            {"training.engine": "unsloth", "method.base_precision": "fp8"},
            "unsloth-cannot",
            "error",
        ),
    ],
)
def test_each_finding_is_found_and_its_fix_mends_it(changes, code, level):
    recipe = with_changes(GOOD, changes)
    found = {finding.code: finding for finding in check(recipe)}
    assert found[code].level == level
    assert found[code].sentence
    if found[code].fix:
        assert code not in {each.code for each in check(with_changes(recipe, found[code].fix))}


def test_the_demo_model_takes_larger_steps():
    recipe = with_changes(GOOD, {"model.source": "demo", "training.learning_rate": 2e-3})
    assert check(recipe) == []


def test_a_sequence_beyond_the_context_is_an_error():
    assert check_context(GOOD, 512)[0].fix == {"training.sequence_length": 512}
    assert check_context(GOOD, 1024) == []
    assert check_context(GOOD, 0) == []


def test_a_thousand_rows_in_batches_of_a_hundred_are_ten_steps_an_epoch():
    recipe = with_changes(
        GOOD, {"training.batch_size": 25, "training.accumulation": 4, "training.epochs": 3}
    )
    steps = count_steps(recipe, 1000)
    assert (steps.per_epoch, steps.total, steps.batch) == (10, 30, 100)
    assert steps.every(0.1) == 3
    assert steps.every(7) == 7


def test_every_setting_says_what_it_is():
    settings = list(describe(Recipe))
    assert len(settings) > 50
    for each in settings:
        assert each.info.title, each.path
        assert each.about["help"].endswith("."), each.path
        assert each.about["level"] in ("basic", "advanced"), each.path


def test_more_rows_a_step_than_there_are_is_told_and_mended():
    recipe = with_changes(Recipe(), {"training.batch_size": 1000})
    assert check_batch(recipe, 0) == check_batch(recipe, 5000) == []
    (found,) = check_batch(recipe, 46)
    assert found.level == "warning"
    mended = with_changes(recipe, found.fix)
    assert check_batch(mended, 46) == []


def test_very_many_epochs_are_told_unless_steps_are_limited():
    many = with_changes(Recipe(), {"training.epochs": 999})
    assert "epochs-many" in [each.code for each in check(many)]
    limited = with_changes(many, {"training.max_steps": 100})
    assert "epochs-many" not in [each.code for each in check(limited)]
