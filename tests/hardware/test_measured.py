"""A dry run's truth in place of the plan; the run itself is real, on the tiny model."""

import json
from dataclasses import replace

import pytest

from finetune_studio.hardware.duration import START_SECONDS
from finetune_studio.hardware.estimate import estimate
from finetune_studio.hardware.measured import PASSING, Measured, corrected, with_measured
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from tests.helpers.command import call, document, refusal

LLAMA = "meta-llama/Llama-3.1-8B-Instruct"


@pytest.fixture
def rows(tmp_path):
    file = tmp_path / "말.jsonl"
    texts = ["나는 학교에 간다. " * n for n in (1, 2, 30, 3)] * 10
    file.write_text("\n".join(json.dumps({"text": f"{n} {t}"}) for n, t in enumerate(texts)))
    return file


@pytest.fixture
def plan(rows):
    changes = {"model.source": LLAMA, "data.files": [str(rows)], "training.max_steps": 100}
    return estimate(store.with_changes(Recipe(), changes), "RTX 4090")


def measured(peak, seconds=1.0, out=False):
    return Measured(peak, seconds, 512, out, "cuda")


@pytest.mark.parametrize("share", [0.5, 0.9, 1.0, 1.3])
def test_the_parts_sum_to_what_was_measured(plan, share):
    peak = int(plan.plan.total * share)
    found = corrected(plan.plan, peak)
    assert found.total == peak
    assert all(size >= 0 for size in found.parts.values())
    if share >= 0.9:
        counted = [name for name in plan.plan.parts if name not in PASSING]
        assert all(found.parts[name] == plan.plan.parts[name] for name in counted)


def test_the_verdict_follows_the_measurement(plan):
    recipe = store.with_changes(Recipe(), {"model.source": LLAMA})
    free = plan.target.free
    assert with_measured(plan, recipe, measured(int(free * 0.8))).verdict == "fits"
    assert with_measured(plan, recipe, measured(int(free * 0.95))).verdict == "tight"
    worse = with_measured(plan, recipe, measured(int(free * 1.2)))
    assert worse.verdict == "does-not-fit"
    assert worse.fitted is not None
    assert worse.fitted.changes


def test_what_ran_out_of_memory_does_not_fit_whatever_the_plan_said(plan):
    assert plan.verdict in ("fits", "tight")
    recipe = store.with_changes(Recipe(), {"model.source": LLAMA})
    found = with_measured(plan, recipe, measured(10, None, out=True))
    assert found.verdict == "does-not-fit"
    assert found.plan.total >= plan.plan.total
    assert found.fitted is not None
    assert found.fitted.changes
    assert found.seconds == plan.seconds


def test_time_follows_the_measured_step(plan):
    recipe = Recipe()
    slow = with_measured(plan, recipe, measured(plan.plan.total, 20.0))
    fast = with_measured(plan, recipe, measured(plan.plan.total, 2.0))
    assert slow.seconds - START_SECONDS == pytest.approx(10 * (fast.seconds - START_SECONDS))
    assert with_measured(replace(plan, seconds=None), recipe, measured(1)).seconds is None


def test_another_gpu_cannot_be_measured_here(tmp_path, rows):
    file = tmp_path / "recipe.yaml"
    store.save(store.with_changes(Recipe(), {"model.source": LLAMA}), file)
    assert "this machine" in refusal(call("estimate", file, "--measure", "--gpu", "T4"))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_real_dry_run_measures_the_longest_batch(tiny, tmp_path, rows, method):
    file = tmp_path / "recipe.yaml"
    changes = {
        "model.source": str(tiny),
        "task.kind": "text",
        "method.kind": method,
        "data.files": [str(rows)],
        "training.sequence_length": 128,
        "training.batch_size": 2,
    }
    store.save(store.with_changes(Recipe(), changes), file)
    found = document(call("estimate", file, "--measure", "--json"))
    truth = found["measured"]
    assert truth["longest"] == 128
    assert truth["out_of_memory"] is False
    assert truth["step_seconds"] > 0
    assert truth["peak_bytes"] > 100 * 2**20  # a process with torch
    assert found["total_bytes"] == truth["peak_bytes"] == sum(found["parts"].values())
    assert {each.name for each in tmp_path.iterdir()} == {"recipe.yaml", rows.name}
    if method == "lora":  # the words are the same for all
        text = call("estimate", file, "--measure")
        assert "Measured at rows of 128 tokens" in text.stdout


def test_what_the_dry_run_refuses_is_told_as_it_is(tmp_path, rows, tiny):
    file = tmp_path / "recipe.yaml"
    changes = {
        "model.source": str(tiny),
        "task.kind": "text",
        "data.files": [str(rows)],
        "method.targets": ["q_proj"],
        "data.mapping": {"text": "no such column"},
    }
    store.save(store.with_changes(Recipe(), changes), file)
    assert refusal(call("estimate", file, "--measure"))
