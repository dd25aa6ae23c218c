"""Time: operations counted, compared with published and measured speeds, corrected by steps."""

from dataclasses import replace

import pytest

from finetune_studio.catalog.architecture import read_architecture
from finetune_studio.catalog.entries import entries
from finetune_studio.hardware.duration import Speed, corrected, operations, step_seconds
from finetune_studio.hardware.setup import setup_of
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe

HOPPER = (9, 0)


def model(name):
    return read_architecture(next(e for e in entries() if e.id.endswith(name)).config)


def setup(**changes):
    names = {name.replace("__", "."): value for name, value in changes.items()}
    return setup_of(store.with_changes(Recipe(), names), HOPPER)


LLAMA = model("Llama-3.1-8B-Instruct")
LONG = {"training__batch_size": 4, "training__sequence_length": 2048, "training__accumulation": 1}


def test_operations_follow_the_textbook():
    """6 N for full fine-tuning, 4 N for an adapter, 2 N more where activations come again."""
    matrices = LLAMA.active
    assert matrices == pytest.approx(7.5e9, rel=0.01)
    short = 1  # token, so that attention counts for nothing
    full = setup(method__kind="full", training__gradient_checkpointing="off")
    assert operations(LLAMA, full, short) == pytest.approx(6 * matrices, rel=0.001)
    lora = setup(training__gradient_checkpointing="off")
    assert operations(LLAMA, lora, short) == pytest.approx(4 * matrices, rel=0.001)
    again = setup(training__gradient_checkpointing="on")
    assert operations(LLAMA, again, short) == pytest.approx(6 * matrices, rel=0.001)


def test_a_large_gpu_is_as_fast_as_was_measured():
    """8B, adapters on all layers, 4 x 2,048 tokens: 7,500 to 8,700 tokens a second on an H200."""
    seconds = step_seconds(LLAMA, setup(**LONG), Speed(989))
    assert 6500 < 4 * 2048 / seconds < 9500
    quantised = step_seconds(LLAMA, setup(method__kind="qlora", **LONG), Speed(989))
    assert 6500 < 4 * 2048 / quantised < 9500


def test_experts_that_are_not_chosen_take_no_time():
    moe = model("Qwen3-30B-A3B-Instruct-2507")
    assert moe.active < 0.15 * moe.parameters
    dense = model("Qwen3-32B")
    assert step_seconds(moe, setup(**LONG), Speed(989)) < step_seconds(
        dense, setup(**LONG), Speed(989)
    )


def test_time_grows_with_rows_batches_and_length():
    base = setup(**LONG)
    one = step_seconds(LLAMA, base, Speed(100))
    assert step_seconds(LLAMA, replace(base, accumulation=3), Speed(100)) == pytest.approx(3 * one)
    assert step_seconds(LLAMA, replace(base, batch=8), Speed(100)) > 1.9 * one
    assert step_seconds(LLAMA, replace(base, length=4096), Speed(100)) > 2 * one
    assert step_seconds(LLAMA, base, Speed(50)) > 1.9 * one
    assert step_seconds(LLAMA, base, Speed(100), length=512) < one / 3


def test_a_window_makes_long_rows_cheaper():
    sliding, whole = model("gemma-3-1b-it"), model("Qwen3-0.6B")
    long = {"training__sequence_length": 32_768, "training__batch_size": 1}
    growth = [
        operations(each, setup(**long)) / operations(each, setup(**long), 512)
        for each in (sliding, whole)
    ]
    assert growth[0] < growth[1]


def test_measured_steps_correct_the_plan():
    base = setup(**LONG)
    speed = Speed(989)
    planned = step_seconds(LLAMA, base, speed)
    better = corrected(speed, planned, 2.5 * planned)
    assert step_seconds(LLAMA, base, better) == pytest.approx(2.5 * planned)
    again = corrected(better, step_seconds(LLAMA, base, better), 3 * planned)
    assert step_seconds(LLAMA, base, again) == pytest.approx(3 * planned)
    assert corrected(speed, planned, 0) == speed
