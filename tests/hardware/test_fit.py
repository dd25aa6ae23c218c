"""Making a recipe fit: with the least change, said; and verdicts for a catalogue."""

import time

import pytest

from finetune_studio.catalog.architecture import read_architecture
from finetune_studio.catalog.entries import entries
from finetune_studio.hardware.fit import SHORTEST, make_fit, value_at, verdicts
from finetune_studio.hardware.memory import FITS, plan_memory
from finetune_studio.hardware.setup import setup_of
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe

GIB = 2**30
AMPERE = (8, 6)


def model(name):
    return read_architecture(next(e for e in entries() if e.id.endswith(name)).config)


LLAMA = model("Llama-3.1-8B-Instruct")
SMALL = model("Qwen3-0.6B")


def recipe(**changes):
    return store.with_changes(
        Recipe(), {name.replace("__", "."): value for name, value in changes.items()}
    )


def paths(fitted):
    return [change.path for change in fitted.changes]


def test_what_fits_stays_as_it_is():
    asked = recipe()
    fitted = make_fit(asked, SMALL, 80 * GIB, AMPERE)
    assert fitted is not None
    assert fitted.changes == ()
    assert fitted.recipe == asked


def test_batches_are_added_up_before_anything_else_and_the_effective_batch_stays():
    asked = recipe(training__batch_size=64, training__accumulation=2)
    room = int(plan_memory(SMALL, setup_of(asked, AMPERE)).total * 0.8)
    fitted = make_fit(asked, SMALL, room, AMPERE)
    assert fitted is not None
    assert paths(fitted) == ["training.batch_size", "training.accumulation"]
    training = fitted.recipe.training
    assert training.batch_size * training.accumulation == 128
    assert training.batch_size < 64
    assert fitted.plan.total <= FITS * room


def test_checkpointing_comes_before_shorter_rows():
    asked = recipe(
        training__batch_size=1,
        training__sequence_length=4096,
        training__gradient_checkpointing="off",
    )
    room = int(plan_memory(SMALL, setup_of(asked, AMPERE)).total * 0.9)
    fitted = make_fit(asked, SMALL, room, AMPERE)
    assert fitted is not None
    assert paths(fitted) == ["training.gradient_checkpointing"]
    assert fitted.changes[0].after == "on"


def test_four_bits_come_last_and_alone_where_they_suffice():
    asked = recipe(training__batch_size=1, training__sequence_length=1024)
    fitted = make_fit(asked, LLAMA, 12 * GIB, AMPERE)
    assert fitted is not None
    assert paths(fitted) == ["method.kind"]
    assert fitted.recipe.method.kind == "qlora"
    assert fitted.recipe.training.sequence_length == 1024


def test_shorter_rows_say_how_many_are_cut():
    asked = recipe(method__kind="qlora", training__batch_size=1, training__sequence_length=16_384)
    room = int(
        plan_memory(
            LLAMA, setup_of(store.with_changes(asked, {"training.sequence_length": 4096}), AMPERE)
        ).total
        / 0.89
    )
    fitted = make_fit(asked, LLAMA, room, AMPERE, cut=lambda length: 0.25)
    assert fitted is not None
    assert paths(fitted) == ["training.sequence_length"]
    change = fitted.changes[0]
    assert (change.before, change.after) == (16_384, 4096)
    assert change.why == "25% of the rows are cut at 4096 tokens and lose their ends"


def test_full_fine_tuning_becomes_an_adapter_with_its_own_learning_rate():
    asked = recipe(method__kind="full", training__batch_size=1, training__learning_rate=2e-5)
    fitted = make_fit(asked, LLAMA, 24 * GIB, AMPERE)
    assert fitted is not None
    assert {"method.kind", "training.learning_rate"} <= set(paths(fitted))
    assert fitted.recipe.training.learning_rate == 2e-4
    assert fitted.recipe.method.kind in ("lora", "qlora")


def test_nothing_makes_a_giant_fit():
    assert make_fit(recipe(), model("Llama-3.3-70B-Instruct"), 8 * GIB, AMPERE) is None
    assert make_fit(recipe(), SMALL, 0, AMPERE) is None


@pytest.mark.parametrize("gib", [6, 8, 12, 16, 24, 48, 80])
@pytest.mark.parametrize("kind", ["full", "lora", "qlora"])
def test_whatever_is_asked_the_answer_fits_and_tells_what_it_changed(gib, kind):
    asked = recipe(method__kind=kind, training__batch_size=12, training__sequence_length=4096)
    for each in (SMALL, LLAMA, model("Qwen3.5-4B"), model("gpt-oss-20b")):
        fitted = make_fit(asked, each, gib * GIB, AMPERE)
        if fitted is None:
            continue
        assert fitted.plan.total <= gib * GIB
        assert fitted.recipe.training.sequence_length >= SHORTEST
        for change in fitted.changes:
            assert value_at(asked, change.path) == change.before
            assert value_at(fitted.recipe, change.path) == change.after
            assert change.before != change.after
            assert "{" not in change.why
        told = {change.path: change.after for change in fitted.changes}
        assert store.with_changes(asked, told) == fitted.recipe


def test_a_processor_is_told_to_compute_activations_again():
    fitted = make_fit(recipe(training__sequence_length=4096), SMALL, 7 * GIB, None)
    assert fitted is not None
    assert fitted.recipe.training.gradient_checkpointing in ("on", "auto")


# What published tables and runs agree on for one row at a time, 1,024 tokens and checkpointing.
KNOWN = [
    ("Llama-3.1-8B-Instruct", 8, {"full": False, "lora": False}),
    ("Llama-3.1-8B-Instruct", 12, {"full": False, "lora": False, "qlora": True}),
    ("Llama-3.1-8B-Instruct", 24, {"full": False, "lora": True, "qlora": True}),
    ("Qwen3-0.6B", 8, {"lora": True, "qlora": True}),
    ("Qwen3-4B-Instruct-2507", 12, {"full": False, "lora": True, "qlora": True}),
    ("Qwen3-14B", 16, {"lora": False, "qlora": True}),
    ("Qwen3-32B", 24, {"lora": False}),
    ("Qwen3-32B", 48, {"lora": False, "qlora": True}),
    ("Llama-3.3-70B-Instruct", 48, {"full": False, "lora": False}),
    ("Llama-3.3-70B-Instruct", 80, {"full": False, "lora": False, "qlora": True}),
    ("Qwen3-0.6B", 16, {"full": True}),
]


@pytest.mark.parametrize(("name", "gib", "expected"), KNOWN)
def test_verdicts_are_what_is_known_to_run(name, gib, expected):
    found = verdicts(model(name), int(gib * GIB * 0.99), AMPERE)
    for method, runs in expected.items():
        assert (found[method] != "does-not-fit") is runs, (method, found)


def test_more_memory_never_fits_less():
    order = ("does-not-fit", "tight", "fits")
    for each in entries():
        architecture = read_architecture(each.config)
        before = dict.fromkeys(("full", "lora", "qlora"), 0)
        for gib in (8, 12, 16, 24, 48, 80):
            now = verdicts(architecture, gib * GIB, AMPERE)
            for method, verdict in now.items():
                assert order.index(verdict) >= before[method]
                before[method] = order.index(verdict)


def test_a_target_that_another_model_lacks_does_not_stop_a_verdict():
    asked = recipe(method__targets=["query_key_value"])
    assert verdicts(SMALL, 24 * GIB, AMPERE, asked)["lora"] == "fits"


def test_a_whole_catalogue_is_judged_at_once():
    models = [read_architecture(each.config) for each in entries() if each.config]
    began = time.thread_time()  # of the processor, whoever else uses it
    found = [verdicts(each, 10 * GIB, AMPERE) for each in models]
    assert time.thread_time() - began < 0.5  # 0.08 on the machine that it was made on
    assert len(found) >= 60
