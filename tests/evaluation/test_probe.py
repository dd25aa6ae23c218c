from collections import Counter

import numpy as np
import pytest

from finetune_studio.evaluation import probe, summary
from finetune_studio.evaluation.result import Change


def test_there_are_sixty_questions_in_each_language_with_four_ends_each():
    questions = probe.questions()
    assert Counter(each.language for each in questions) == {"ko": 60, "en": 60}
    for each in questions:
        assert len(set(each.ends)) == 4
        assert all(end.strip() == end and end for end in each.ends)
    assert len({(each.stem, each.language) for each in questions}) == 120
    assert Counter(each.language for each in probe.texts()) == {"ko": 10, "en": 10}


def test_the_right_end_is_not_told_by_its_length():
    """The longest or the shortest end is right about as often as chance has it."""
    sizes = [[len(end.encode()) for end in each.ends] for each in probe.questions()]
    for pick in (max, min):
        share = np.mean([each[0] == pick(each) for each in sizes])
        assert share < 0.6


def made(right, losses):
    return probe.Scores(np.array([right] * 120), np.array([losses] * 20, float), np.full(20, 10.0))


def test_the_same_model_has_forgotten_nothing():
    found = probe.forgetting(made(True, 30), made(True, 30), 0)
    assert found.verdict == "kept"
    assert found.questions == 120
    assert found.base["accuracy"] == 1
    assert found.base["perplexity_ko"] == pytest.approx(np.exp(3))
    assert found.changes["accuracy"].value == 0


@pytest.mark.parametrize(
    ("losses", "right", "verdict"),
    [(30.5, True, "kept"), (32, True, "some"), (36, True, "much"), (30, False, "much")],
)
def test_a_rise_of_perplexity_or_a_loss_of_answers_is_forgetting(losses, right, verdict):
    assert probe.forgetting(made(True, 30), made(right, losses), 0).verdict == verdict


def test_a_fall_that_may_be_chance_is_none():
    same = {f"perplexity_{code}": 10.0 for code in probe.LANGUAGES}
    doubtful = {"accuracy": Change(value=-0.2, low=-0.5, high=0.1)}
    assert probe.verdict(same, same, doubtful) == "kept"
    risen = same | {"perplexity_ko": 20.0}
    unsure = doubtful | {"perplexity_ko": Change(value=10.0, low=-1.0, high=21.0)}
    sure = doubtful | {"perplexity_ko": Change(value=10.0, low=1.0, high=19.0)}
    assert probe.verdict(same, risen, unsure) == "kept"
    assert probe.verdict(same, risen, sure) == "much"


@pytest.mark.parametrize(
    ("losses", "right", "name"),
    [(30, True, "accuracy"), (36, True, "perplexity_ko"), (36, False, "accuracy")],
)
def test_the_verdict_is_told_by_what_it_rests_on(losses, right, name):
    found = probe.forgetting(made(True, 30), made(right, losses), 0)
    assert probe.weightiest(found) == name
    told = summary.forgotten(found)
    assert ("right before" in told) == (name == "accuracy")
    if name != "accuracy":
        assert told.endswith("Perplexity of Korean texts: 20 before, 37 now.")
