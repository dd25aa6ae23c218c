"""Curves and their arithmetic: schedules, thinning, ticks, what the coach says."""

import math

import numpy as np
import pytest

from finetune_studio.gui.coach import remark
from finetune_studio.gui.schedule import rate, warmup_steps
from finetune_studio.gui.series import SMOOTH, Series, averaged, thin
from finetune_studio.gui.widgets.ticks import nice, open_end, steps_axis, values_axis
from finetune_studio.recipe.schema import Recipe
from finetune_studio.recipe.steps import count_steps
from finetune_studio.recipe.store import with_changes
from finetune_studio.runs.events import Metrics


def metrics(step, loss):
    return Metrics(step=step, loss=loss, learning_rate=1e-4, grad_norm=None, tokens_per_second=5.0)


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant", "warmup-stable-decay"])
@pytest.mark.parametrize("ratio", [0.0, 0.03, 0.5])
def test_the_drawn_rate_is_the_trainers(schedule, ratio):
    torch = pytest.importorskip("torch", reason="needs_train: the extra `train` is not installed")
    pytest.importorskip("transformers", reason="needs_train: the extra `train` is not installed")
    from transformers import get_scheduler

    from finetune_studio.engine.arguments import SCHEDULES, _schedule_extra

    recipe = with_changes(Recipe(), {"training.schedule": schedule, "training.warmup_ratio": ratio})
    steps = count_steps(recipe, 640)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2e-4)
    made = get_scheduler(
        SCHEDULES[schedule],
        optimizer,
        warmup_steps(ratio, steps.total),
        steps.total,
        scheduler_specific_kwargs=_schedule_extra(recipe, steps),
    )
    asked = []
    for _ in range(steps.total):
        asked.append(made.get_last_lr()[0])
        optimizer.step()
        made.step()
    drawn = rate(schedule, 2e-4, ratio, steps.total, np.arange(steps.total, dtype=float))
    assert drawn == pytest.approx(asked, abs=1e-10)


def test_thinning_keeps_every_spike():
    x = np.arange(100_000, dtype=float)
    y = np.sin(x / 900)
    y[50_123], y[77] = 9.0, -9.0
    few_x, few_y = thin(x, y, 500)
    assert len(few_x) <= 1000 + 200
    assert few_y.max() == 9.0
    assert few_y.min() == -9.0
    assert (np.diff(few_x) > 0).all()
    assert np.isin(few_x, x).all()


def test_thinning_leaves_short_curves_and_drops_gaps():
    x, y = thin(np.arange(4.0), np.array([1, np.nan, 3, 4]), 100)
    assert x.tolist() == [0, 2, 3]
    assert y.tolist() == [1, 3, 4]
    assert thin(np.array([]), np.array([]), 10)[0].size == 0


def test_of_the_smoothed_loss_each_column_has_its_mean():
    x, y = averaged(np.arange(1.0, 8.0), np.array([1, 3, np.nan, 4, 6, 9, 11]), 3)
    assert x.tolist() == [2, 5, 7]
    assert y.tolist() == [2, 5, 10]
    assert averaged(np.array([]), np.array([]), 10)[0].size == 0


def test_a_long_line_has_two_points_a_column_and_the_newest_of_all():
    series = Series()
    for step in range(1, 10_001):
        series.add(metrics(step, 2.0 + (step % 7) / 10))
        if step % 97 == 0 or step == 10_000:
            for name in ("loss", SMOOTH):
                x, y = series.line(name, 100)
                assert (np.diff(x) > 0).all()
                assert len(x) <= 2 * 100 + 3
                assert (x[-1], y[-1]) == (step, series.last(name))
    assert y.min() == pytest.approx(y.max(), abs=0.05)  # of the smoothed one, waves of 7 steps
    assert series.line("loss", 100)[1].max() == 2.6


def test_series_grow_and_go_back():
    series = Series()
    for step in range(1, 3001):
        series.add(metrics(step, 3.0 - step / 1000))
    assert len(series) == 3000
    series.add(metrics(2001, 7.0))
    assert len(series) == 2001
    assert series.last("loss") == 7.0
    assert series.last("grad_norm") is None
    names, rows = series.table()
    assert rows.shape == (2001, len(names))


def test_the_smoothed_loss_starts_at_the_loss_and_follows_slowly():
    series = Series()
    series.add(metrics(1, 4.0))
    assert series.last("smooth") == pytest.approx(4.0)
    for step in range(2, 200):
        series.add(metrics(step, 2.0))
    assert series.last("smooth") == pytest.approx(2.0, abs=0.01)
    series.add(metrics(200, None))
    assert series.last("smooth") == pytest.approx(2.0, abs=0.01)


def test_the_smoothed_loss_does_not_lag_in_a_short_run():
    series = Series()
    for step in range(1, 46):
        series.add(metrics(step, 6.0 * 0.8**step))
    assert series.last("smooth") < 0.05  # with 20 steps of the past it would be over 0.5
    long = Series()
    for step in range(1, 2001):
        long.add(metrics(step, 2.0 + (step % 2)))
    assert long.last("smooth") == pytest.approx(2.5, abs=0.05)
    before = long.last("smooth")
    long.add(metrics(2001, 2.0))
    long.add(metrics(2001, 2.0))  # again, after it went back by one step
    assert long.last("smooth") == pytest.approx(before - 0.05 * (before - 2.0), abs=0.01)


def test_axes_hold_what_is_drawn():
    axis = steps_axis(1170, 4)
    assert axis.marks[0] == (0, "0")
    assert axis.marks[-1] == (1170, "1,170")
    assert all(b - a > 200 for (a, _), (b, _) in zip(axis.marks, axis.marks[1:], strict=False))
    for low, high in ((0.7, 2.6), (0, 0), (5, 5), (math.nan, math.nan), (-1, 3e5)):
        found = values_axis(low, high)
        assert found.low < found.high
        assert len(found.marks) <= 9
        if math.isfinite(low):
            assert found.low <= low
            assert found.high >= high
    assert [nice(value) for value in (0.7, 1.0, 13, 3e-5)] == [1, 1, 20, 5e-5]


def test_an_axis_without_an_end_stands_still():
    assert [open_end(step) for step in (7, 99, 100, 101, 1234, 100_001)] == [
        7,
        99,
        100,
        110,
        1300,
        110_000,
    ]
    ends = {open_end(step) for step in range(10_000, 20_001)}
    assert len(ends) == 11


STEPS = list(range(1, 101))
FALLING = [3.0 / (1 + step / 20) for step in STEPS]


def test_the_coach_keeps_quiet_at_first():
    assert remark([], [], []) is None
    assert remark(STEPS[:5], FALLING[:5], [(1, 3.0)]) is None


def test_the_coach_sees_overfitting_and_names_the_best_step():
    held = [(10, 2.0), (20, 1.5), (30, 1.2), (40, 1.3), (50, 1.4)]
    found = remark(STEPS, FALLING, held)
    assert (found.kind, found.step) == ("overfits", 30)
    assert remark(STEPS, FALLING, held[:4]).kind == "near"
    assert remark(STEPS, FALLING, held[:3]).kind == "falls"


def test_the_coach_sees_a_loss_that_runs_away():
    rising = FALLING[:50] + [FALLING[49] * (1 + n / 20) for n in range(50)]
    assert remark(STEPS, rising, []).kind == "diverges"
    assert remark(STEPS, [*FALLING[:99], math.nan], []).kind == "diverges"
    assert remark(STEPS, FALLING, []) is None


def test_the_coach_sees_a_plateau():
    held = [(10, 2.0), (20, 1.5), (30, 1.499), (40, 1.5), (50, 1.4985)]
    assert (remark(STEPS, FALLING, held).kind, remark(STEPS, FALLING, held).step) == ("flat", 20)


def test_the_coach_sees_that_only_the_training_loss_still_falls():
    held = [(10, 2.0), (40, 1.4), (100, 1.39)]
    found = remark(STEPS, FALLING, held)
    assert (found.kind, found.step, found.value) == ("slows", 100, 1.39)
    level = [2.0] * len(STEPS)
    assert remark(STEPS, level, held).kind == "falls"  # the training loss does not run ahead
    assert remark([], [], held).kind == "falls"
    assert remark(STEPS, FALLING, [(0, 2.0), (40, 1.4), (100, 1.2)]).kind == "falls"


def test_steps_are_marked_at_round_places():
    assert [place for place, _ in steps_axis(255, 5).marks] == [0, 50, 100, 150, 200, 255]
    assert [place for place, _ in steps_axis(12, 2).marks] == [0, 5, 12]
    for total in (1, 2, 7, 99, 100, 12_345, 10**6):
        for count in (2, 4, 5):
            places = [place for place, _ in steps_axis(total, count).marks]
            assert places[-1] == total
            assert len(places) <= 2 * count
