import itertools
import json
import math
import shutil

import pytest

from finetune_studio.engine import checkpoints
from finetune_studio.engine import train as training
from finetune_studio.engine.loss import Loss
from finetune_studio.recipe import store
from finetune_studio.runs.events import EventReader
from finetune_studio.runs.orders import give
from tests.helpers.running import losses, make_run, state_of, train
from tests.helpers.tiny import with_own_code


@pytest.mark.parametrize(
    ("task", "method"),
    list(itertools.product(["chat", "text", "classify"], ["full", "lora", "qlora"])),
)
def test_every_task_trains_with_every_method(tmp_path, tiny, task, method):
    run = make_run(tmp_path, tiny, task, method)
    code, state = train(run)
    assert code == 0, state.outcome
    assert state.outcome.kind == "finished"
    first, last = state.evaluations[0].metrics, state.evaluations[-1].metrics
    assert last["loss"] < first["loss"]
    weights = "model.safetensors" if method == "full" else "adapter_model.safetensors"
    assert (run.result / weights).stat().st_mode & 0o777 == 0o644
    assert (run.result / "tokenizer.json").is_file()


def test_the_same_recipe_gives_the_same_losses(tmp_path, tiny):
    first = train(make_run(tmp_path / "a", tiny, method__dropout=0.1))[1]
    again = train(make_run(tmp_path / "b", tiny, method__dropout=0.1))[1]
    assert losses(first) == losses(again)
    assert [e.metrics for e in first.evaluations] == [e.metrics for e in again.evaluations]


def test_a_resumed_run_comes_to_the_same_losses(tmp_path, tiny):
    options = {"method__dropout": 0.1, "checkpoints__every": 4, "checkpoints__keep": 100}
    whole = make_run(tmp_path / "a", tiny, **options)
    expected = losses(train(whole)[1])
    cut = make_run(tmp_path / "b", tiny, **options)
    train(cut)
    for each in checkpoints.sealed(cut.checkpoints)[1:]:
        shutil.rmtree(each)
    shutil.rmtree(cut.result)
    code, state = train(cut, resume=True)
    assert code == 0
    assert losses(state) == expected
    assert state.started.in_use["resumed_from_step"] == 4


def test_a_damaged_checkpoint_is_passed_over(tmp_path, tiny):
    run = make_run(tmp_path, tiny, checkpoints__every=4, checkpoints__keep=100)
    train(run)
    newest = checkpoints.sealed(run.checkpoints)[-1]
    weights = newest / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8] + b"corrupted"[:8])
    start, damaged = checkpoints.newest_sound(run.checkpoints)
    assert damaged == [newest]
    code, state = train(run, resume=True)
    assert code == 0
    assert state.started.in_use["resumed_from_step"] == checkpoints.step_of(start)
    assert [each.code for each in state.notices] == ["checkpoint-damaged"]


def test_what_is_saved_after_a_damaged_checkpoint_is_not_deleted_for_it(tmp_path, tiny):
    run = make_run(tmp_path, tiny, evaluation__every=100, checkpoints__every=4)
    train(run)
    older, newest = checkpoints.sealed(run.checkpoints)
    (newest / "adapter_model.safetensors").unlink()
    steps = checkpoints.step_of(newest)
    shorter = {"training.max_steps": steps - 1, "checkpoints.keep": 1, "data.split.validation": 0}
    store.save(store.with_changes(store.load(run.recipe), shorter), run.recipe)
    code, state = train(run, resume=True)
    assert code == 0
    assert state.started.in_use["resumed_from_step"] == checkpoints.step_of(older)
    assert [checkpoints.step_of(each) for each in checkpoints.sealed(run.checkpoints)] == [
        steps - 1
    ]


def test_a_run_killed_between_its_last_step_and_its_result_ends_at_that_step(tmp_path, tiny):
    run = make_run(tmp_path, tiny)
    _, whole = train(run)
    shutil.rmtree(run.result)
    code, state = train(run, resume=True)
    assert code == 0
    assert run.result.is_dir()
    assert state.outcome.step == whole.step


def test_a_model_with_code_of_its_own_trains_where_that_is_agreed_to(tmp_path, tiny):
    model = with_own_code(shutil.copytree(tiny, tmp_path / "model"))
    run = make_run(tmp_path, model, model__trust_remote_code=True)
    code, state = train(run)
    assert code == 0, state.outcome
    assert state.evaluations[-1].metrics["loss"] < state.evaluations[0].metrics["loss"]


def test_a_finished_run_can_be_extended(tmp_path, tiny):
    run = make_run(tmp_path, tiny)
    _, short = train(run)
    longer = store.with_changes(store.load(run.recipe), {"training.epochs": 3})
    store.save(longer, run.recipe)
    code, state = train(run, resume=True)
    assert code == 0
    assert state.step == short.step * 3 // 2
    assert state.outcome.kind == "finished"


def test_early_stopping_ends_and_the_best_is_restored(tmp_path, tiny):
    from safetensors.torch import load_file

    run = make_run(
        tmp_path,
        tiny,
        training__learning_rate=0.009,
        training__epochs=40,
        training__schedule="constant",
        evaluation__every=8,
        evaluation__early_stopping__enabled=True,
        evaluation__early_stopping__patience=2,
        checkpoints__every=8,
    )
    code, state = train(run)
    assert code == 0
    assert state.outcome.reason == "early-stopping"
    best = min(state.evaluations[1:], key=lambda each: each.metrics["loss"])
    assert state.best.step == best.step < state.step
    kept = load_file(run.checkpoints / f"checkpoint-{best.step}" / "adapter_model.safetensors")
    saved = load_file(run.result / "adapter_model.safetensors")
    assert all((kept[name] == saved[name]).all() for name in kept)


def test_stop_and_save_leaves_a_result_and_can_go_on(tmp_path, tiny):
    run = make_run(tmp_path, tiny)
    give(run.orders, "cancel")  # to an earlier trainer: not obeyed
    code, state = train(run)
    assert code == 0
    assert state.outcome.kind == "finished"


def test_started_says_what_was_asked_and_what_is_in_use(tmp_path, tiny):
    run = make_run(tmp_path, tiny, method="qlora")
    started = train(run)[1].started
    assert started.asked["training"]["optimizer"] == "auto"
    assert started.in_use["optimizer"] == "adamw"
    assert started.in_use["precision"] == "fp32"
    assert started.in_use["trainable_parameters"] < started.in_use["parameters"]
    assert started.versions["torch"]


def test_packed_rows_learn_what_padded_rows_learn(tmp_path, tiny):
    """One step over all rows: packed or padded, the same tokens are learned from."""
    whole = {"training__batch_size": 64, "training__epochs": 1, "data__split__validation": 0.0}
    padded = train(make_run(tmp_path / "a", tiny, **whole))[1]
    packed = train(make_run(tmp_path / "b", tiny, training__packing=True, **whole))[1]
    assert losses(packed) == pytest.approx(losses(padded), rel=1e-5)


def test_the_result_says_what_it_is(tmp_path, tiny):
    run = make_run(tmp_path, tiny, "classify", "full")
    train(run)
    about = json.loads((run.result / "studio.json").read_text(encoding="utf-8"))
    assert about["task"] == "classify"
    assert about["labels"] == ["n", "p"]


def test_samples_come_before_and_after(tmp_path, tiny):
    run = make_run(tmp_path, tiny, evaluation__prompts=["숫자 3에 하나를 더하면?"])
    samples = train(run)[1].samples
    assert samples[0].step == 0
    assert samples[-1].step == state_of(run).step


def test_a_4_bit_model_learns_the_same_whether_it_was_measured_before_or_not(tmp_path, tiny):
    """Evaluating must not change the layout that gradients need."""
    measured = train(make_run(tmp_path / "a", tiny, "text", "qlora"))[1]
    never = make_run(tmp_path / "b", tiny, "text", "qlora", evaluation__every=1000)
    unmeasured = train(never)[1]
    assert losses(measured) == losses(unmeasured)


def test_steps_told_late_are_told_whole_and_before_what_follows_them(tmp_path, tiny, monkeypatch):
    """As on a GPU, where a step's figures are read when the next step is on its way."""
    changes = {"training__max_steps": 5, "evaluation__every": 2, "checkpoints__every": 4}
    at_once = make_run(tmp_path / "at-once", tiny, **changes)
    assert train(at_once)[0] == 0
    monkeypatch.setattr("finetune_studio.engine.callback.steps_behind", lambda _: 1)
    late = make_run(tmp_path / "late", tiny, **changes)
    assert train(late)[0] == 0
    told, expected = state_of(late), state_of(at_once)
    assert losses(told) == losses(expected)
    events = [
        (each.kind, each.step)
        for each in EventReader(late.events).read()
        if each.kind in ("metrics", "evaluated", "checkpoint") and each.step
    ]
    metrics = [step for kind, step in events if kind == "metrics"]
    assert metrics == [1, 2, 3, 4, 5]
    for kind, step in events:
        assert events.index(("metrics", step)) <= events.index((kind, step))


def test_a_measurement_that_is_no_number_is_never_the_best(tmp_path, tiny, monkeypatch):
    measured = iter([3.0, math.nan, 2.0, 2.5])
    monkeypatch.setattr(training, "evaluate", lambda *_: {"loss": next(measured)})
    run = make_run(tmp_path, tiny, training__max_steps=6, evaluation__every=2)
    code, state = train(run)
    assert code == 0
    assert state.best.step == 4


def test_a_gradient_that_is_no_number_ends_the_run_before_it_is_saved(tmp_path, tiny, monkeypatch):
    """Its step's loss is still one; the weights after it are not."""
    steps = itertools.count(1)

    def spoiled(self, model, batch, counted=None):
        loss = healthy(self, model, batch, counted)
        return loss + (loss * 0).sqrt() if next(steps) == 4 else loss

    healthy = Loss.__call__
    monkeypatch.setattr(Loss, "__call__", spoiled)
    run = make_run(tmp_path, tiny, checkpoints__every=2)
    code, state = train(run)
    assert code == 1
    assert state.outcome.title == "The gradient is no longer a number."
    assert math.isfinite(state.metrics[-1].loss)
    assert [checkpoints.step_of(each) for each in checkpoints.sealed(run.checkpoints)] == [2]


def test_the_best_is_found_anew_where_its_checkpoint_is_gone(tmp_path, tiny):
    options = {"evaluation__every": 3, "checkpoints__every": 3, "checkpoints__keep": 100}
    run = make_run(tmp_path, tiny, training__max_steps=6, **options)
    train(run)
    shutil.rmtree(run.result)
    start = checkpoints.sealed(run.checkpoints)[-1]
    checkpoints.seal(start, 6, {"best": [0.0, 3], "waited": 1})
    shutil.rmtree(run.checkpoints / "checkpoint-3")
    longer = store.with_changes(store.load(run.recipe), {"training.max_steps": 9})
    store.save(longer, run.recipe)
    code, state = train(run, resume=True)
    assert code == 0
    assert state.best.step == 9
    assert not state.notices


def test_rows_that_hold_nothing_to_learn_are_not_counted_as_learned(tmp_path, tiny):
    run = make_run(tmp_path, tiny, training__max_steps=1, data__split__validation=0)
    file = tmp_path / "rows.jsonl"
    long = {"질문": "오늘 날씨가 어때? " * 80, "답변": "좋아요."}
    file.write_text(file.read_text(encoding="utf-8") + json.dumps(long) + "\n", encoding="utf-8")
    _, state = train(run)
    assert [each.values["count"] for each in state.notices] == [1]
    assert state.started.in_use["rows"] == 40
