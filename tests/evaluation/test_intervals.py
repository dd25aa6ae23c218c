import math

import numpy as np
import pytest
from sklearn.metrics import f1_score

from finetune_studio.evaluation import intervals

CHANCE = np.random.default_rng(7)


def test_a_ratio_is_of_sums_not_of_rows():
    found = intervals.ratio(np.array([1.0, 9.0]), np.array([1.0, 3.0]))
    assert found(np.ones((1, 2)))[0] == pytest.approx(2.5)
    assert found(np.array([[2.0, 0.0]]))[0] == pytest.approx(1.0)


def test_perplexity_is_e_to_the_loss_and_never_overflows():
    loss = intervals.mean(np.array([2.0, 4.0]))
    assert intervals.exponential(loss)(np.ones((1, 2)))[0] == pytest.approx(math.exp(3))
    assert math.isfinite(intervals.exponential(intervals.mean(np.array([1e6])))(np.ones((1, 1)))[0])


def test_macro_f1_is_scikit_learns():
    truth, guess = CHANCE.integers(0, 4, 60), CHANCE.integers(0, 4, 60)
    found = intervals.macro_f1(truth, guess, 6)(np.ones((1, 60)))[0]
    assert found == pytest.approx(f1_score(truth, guess, average="macro"))


def test_draws_take_as_many_rows_as_there_are_the_same_for_a_seed():
    first = np.concatenate(list(intervals.draws(13, 1)))
    assert first.shape == (intervals.TIMES, 13)
    assert (first.sum(1) == 13).all()
    assert (first == np.concatenate(list(intervals.draws(13, 1)))).all()
    assert (first != np.concatenate(list(intervals.draws(13, 2)))).any()


def test_many_rows_are_drawn_in_parts(monkeypatch):
    whole = np.concatenate(list(intervals.draws(50, 3)))
    monkeypatch.setattr(intervals, "AT_ONCE", 500)
    parts = list(intervals.draws(50, 3))
    assert len(parts) == 100
    assert (np.concatenate(parts).sum(1) == 50).all()
    assert whole.shape == (intervals.TIMES, 50)


def test_the_interval_of_a_mean_is_the_textbooks():
    values = CHANCE.normal(5, 2, 400)
    metric = {"m": intervals.mean(values)}
    found = intervals.compare(metric, metric, 400, 0).base_intervals["m"]
    half = 1.96 * values.std(ddof=1) / math.sqrt(400)
    assert found.low == pytest.approx(values.mean() - half, abs=0.05)
    assert found.high == pytest.approx(values.mean() + half, abs=0.05)


def test_pairing_sees_what_two_intervals_hide():
    """Rows differ much, and each gets a little better: sure, though the intervals overlap."""
    base = CHANCE.normal(5, 2, 200)
    tuned = base - 0.2 + CHANCE.normal(0, 0.1, 200)
    found = intervals.compare(
        {"m": intervals.mean(base)}, {"m": intervals.mean(tuned)}, rows=200, seed=0
    )
    assert found.base_intervals["m"].low < found.tuned["m"] < found.base["m"]
    assert found.changes["m"].sure
    assert found.changes["m"].value == pytest.approx(-0.2, abs=0.03)


def test_no_change_is_never_sure():
    metric = {"m": intervals.mean(CHANCE.normal(0, 1, 30))}
    change = intervals.compare(metric, metric, 30, 0).changes["m"]
    assert (change.low, change.value, change.high) == (0, 0, 0)
    assert not change.sure


def test_the_interval_holds_the_truth_as_often_as_it_says():
    held = 0
    for seed in range(200):
        values = np.random.default_rng(seed).normal(1.0, 1.0, 60)
        metric = {"m": intervals.mean(values)}
        found = intervals.compare(metric, metric, 60, seed).base_intervals["m"]
        held += found.low <= 1.0 <= found.high
    assert 0.90 <= held / 200 <= 0.99
