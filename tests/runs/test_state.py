"""The fold: what a run has come to, also after it went back and took another way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune_studio.runs import events
from finetune_studio.runs.lines import Unreadable
from finetune_studio.runs.state import RunState, fold


def started(time=0.0, **in_use):
    return events.Started(time=time, recipe_hash="h", asked={}, in_use=in_use, versions={})


def progress(step, steps=100):
    return events.Progress(time=step, step=step, steps=steps, epoch=step / 50, seconds_left=5.0)


def metrics(step, loss=1.0):
    return events.Metrics(
        time=step, step=step, loss=loss, learning_rate=1e-4, grad_norm=1.0, tokens_per_second=10.0
    )


def evaluated(step, **figures):
    return events.Evaluated(time=step, step=step, metrics=figures)


def checkpoint(step, best=False, time=None):
    path = f"checkpoints/{step}"
    return events.Checkpoint(time=time or step, step=step, path=path, best=best, sha256="s")


def steps_of(entries):
    return [each.step for each in entries]


def test_nothing_has_happened_yet():
    state = fold([])
    assert state == RunState()
    assert state.latest is None
    assert state.best is None


def test_a_run_from_start_to_end():
    state = fold(
        [
            started(time=100.0),
            events.Phase(time=101.0, name="training"),
            progress(50),
            metrics(50, loss=2.0),
            evaluated(50, loss=1.9),
            checkpoint(50, best=True),
            progress(100),
            metrics(100, loss=1.0),
            evaluated(100, loss=2.1, chrf=30.0),
            checkpoint(100),
            events.Sample(time=100.0, step=100, prompt="p", text="t"),
            events.Notice(time=100.0, level="advice", code="c", text="t"),
            events.Finished(time=160.0, step=100),
        ]
    )
    assert (state.step, state.steps, state.epoch) == (100, 100, 2.0)
    assert state.series("loss") == [(50, 2.0), (100, 1.0)]
    assert state.validation("loss") == [(50, 1.9), (100, 2.1)]
    assert state.validation("chrf") == [(100, 30.0)]
    assert state.latest.loss == 1.0
    assert state.best.step == 50
    assert steps_of(state.checkpoints) == [50, 100]
    assert len(state.samples) == len(state.notices) == 1
    assert state.outcome == events.Finished(time=160.0, step=100)
    assert state.phase == ""
    assert state.seconds_left is None


def test_the_phase_and_memory_are_the_latest_and_the_peak_stays():
    state = fold(
        [
            started(),
            events.Phase(name="loading"),
            events.Memory(used=7, total=10),
            events.Phase(name="training"),
            events.Memory(used=5, total=10, temperature=60),
        ]
    )
    assert state.phase == "training"
    assert state.memory.used == 5
    assert state.peak_memory == 7


FIRST = [
    started(),
    *(metrics(step) for step in (10, 20, 30)),
    evaluated(30, loss=1.0),
    checkpoint(20),
    checkpoint(30, best=True),
    progress(38),
    events.Sample(time=30, step=30, prompt="p", text="t"),
]


def test_a_resumed_run_forgets_what_came_after_its_checkpoint():
    state = fold([*FIRST, started(resumed_from_step=20)])
    assert state.launches == 2
    assert state.step == 20
    assert steps_of(state.metrics) == [10, 20]
    assert steps_of(state.checkpoints) == [20]
    assert state.evaluations == state.samples == []
    assert state.best is None
    state.apply(metrics(30, loss=0.5))
    assert state.series("loss") == [(10, 1.0), (20, 1.0), (30, 0.5)]


@pytest.mark.parametrize(
    ("first_word", "kept"),
    [
        (progress(20), [10, 20]),
        (progress(21), [10, 20]),
        (metrics(30, loss=0.5), [10, 20, 30]),
        (progress(0), []),
    ],
)
def test_where_a_trainer_resumed_is_learned_from_its_first_step(first_word, kept):
    state = fold([*FIRST, events.Failed(time=40, title="x"), started(), first_word])
    assert state.outcome is None
    assert steps_of(state.metrics) == kept
    assert state.step == first_word.step
    assert len(state.series("loss")) == len(set(steps_of(state.metrics)))


def test_a_finished_run_that_is_extended_loses_nothing():
    ended = [*FIRST, progress(40, steps=40), metrics(40), events.Finished(time=41, step=40)]
    state = fold([*ended, started(time=50, resumed_from_step=40), progress(41, steps=80)])
    assert steps_of(state.metrics) == [10, 20, 30, 40]
    assert (state.step, state.steps) == (41, 80)
    assert state.outcome is None


def test_a_checkpoint_written_again_stands_once_and_can_lose_its_crown():
    state = fold([started(), checkpoint(10, best=True), checkpoint(10, best=False, time=11)])
    assert steps_of(state.checkpoints) == [10]
    assert state.best is None


def test_time_between_two_launches_does_not_count():
    state = fold(
        [
            started(time=0.0),
            events.Stopped(time=10.0, step=5, reason="cancelled"),
            started(time=1000.0, resumed_from_step=5),
            events.Finished(time=1005.0, step=9),
        ]
    )
    assert state.seconds == 15.0


LOADING = ("loading", "tokenizing", "loading")


@pytest.mark.parametrize("end", [[], [events.Stopped(time=30.0, step=5, reason="cancelled")]])
def test_a_trainer_prepares_before_it_says_what_is_in_use(end):
    """Also one that was killed and left no last word: the night between does not count."""
    first = [events.Phase(time=t, name=name) for t, name in enumerate(LOADING)]
    again = [events.Phase(time=1000.0 + t, name=name) for t, name in enumerate(LOADING)]
    state = fold([*first, started(time=3.0), events.Phase(time=4.0, name="training"), metrics(5)])
    assert (state.seconds, state.launches) == (5.0, 1)
    for event in (*end, again[0]):
        state.apply(event)
    worked = 30.0 if end else 5.0
    assert (state.seconds, state.outcome, state.phase) == (worked, None, "loading")
    for event in (*again[1:], started(time=1003.0, resumed_from_step=5)):
        state.apply(event)
    assert (state.seconds, state.launches, state.step) == (worked + 3.0, 2, 5)


def test_a_last_word_without_steps_takes_none_away():
    state = fold([*FIRST, started(resumed_from_step=30)])
    state.apply(events.Stopped(time=60, step=0, reason="interrupted"))
    assert state.step == 30


def test_a_clock_that_was_set_back_takes_no_time_away():
    state = fold([started(time=100.0), events.Phase(time=90.0, name="training")])
    assert state.seconds == 0.0


def test_an_unreadable_line_becomes_a_notice():
    state = fold([started(time=3.0), Unreadable("{broken", "why")])
    (notice,) = state.notices
    assert notice.code == "unreadable-event"
    assert notice.values == {"line": "{broken", "why": "why"}
    assert notice.time == 3.0


ANY_STEPS = st.lists(
    st.one_of(
        st.integers(0, 30).map(metrics),
        st.integers(0, 30).map(progress),
        st.integers(0, 30).map(lambda step: evaluated(step, loss=1.0)),
        st.integers(0, 30).map(checkpoint),
        st.integers(0, 30).map(lambda step: started(resumed_from_step=step)),
        st.just(started()),
    )
)


@given(ANY_STEPS, st.integers(0, 30))
def test_after_going_back_nothing_lies_ahead(history, step):
    state = fold([*history, started(resumed_from_step=step)])
    for entries in (state.metrics, state.evaluations, state.checkpoints):
        assert all(each.step <= step for each in entries)
    assert state.step <= step


@given(ANY_STEPS)
def test_folding_in_two_halves_is_folding_at_once(history):
    state = fold(history[: len(history) // 2])
    for event in history[len(history) // 2 :]:
        state.apply(event)
    assert state == fold(history)
