import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from finetune_studio.evaluation.guesses import classes, guesses

CHANCE = np.random.default_rng(3)


def shares(count, labels):
    found = CHANCE.random((count, labels))
    return found / found.sum(1, keepdims=True)


def test_the_confusion_is_scikit_learns():
    truth, given = CHANCE.integers(0, 3, 50), shares(50, 3)
    found = np.array(guesses(truth, given).confusion)
    assert (found == confusion_matrix(truth, given.argmax(1), labels=[0, 1, 2])).all()


def test_confidence_that_is_right_as_often_as_it_says_has_no_error():
    given = np.array([[0.8, 0.2]] * 10)
    found = guesses(np.array([0] * 8 + [1] * 2), given)
    assert found.calibration_error == pytest.approx(0, abs=1e-9)
    assert sum(each.rows for each in found.bins) == 10


def test_full_confidence_that_is_always_wrong_has_the_greatest_error():
    found = guesses(np.zeros(4, int), np.array([[0.0, 1.0]] * 4))
    assert found.calibration_error == pytest.approx(1)
    assert [each.rows for each in found.bins] == [0] * 9 + [4]


def test_every_guess_is_in_one_bin():
    found = guesses(CHANCE.integers(0, 5, 300), shares(300, 5))
    assert sum(each.rows for each in found.bins) == 300
    for each in found.bins:
        assert not each.rows or each.low - 1e-9 <= each.confidence <= each.high + 1e-9


def test_the_majority_is_what_a_parrot_would_get():
    truth = np.array([0, 0, 0, 1])
    assert classes(["a", "b"], truth, shares(4, 2), shares(4, 2)).majority == 0.75
