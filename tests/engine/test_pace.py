"""The time left, by the latest steps."""

from finetune_studio.engine.pace import FEWEST, Pace


def test_nothing_is_known_before_the_first_step():
    pace = Pace(10)
    assert pace.left(5) is None
    pace.begin(100.0)
    assert pace.left(5) is None


def test_slow_first_steps_are_forgotten():
    pace = Pace(1)
    pace.begin(0.0)
    pace.step(60.0)
    assert pace.left(10) == 600.0
    for turn in range(FEWEST):
        pace.step(61.0 + turn)
    assert pace.left(10) == 10.0


def test_the_window_holds_an_evaluation():
    pace = Pace(30)
    pace.begin(0.0)
    for turn in range(1, 31):
        pace.step(turn + (30.0 if turn == 30 else 0.0))
    assert pace.left(30) == 60.0


def test_a_pause_does_not_count():
    pace = Pace(10)
    pace.begin(0.0)
    pace.step(2.0)
    pace.rested(3600.0)
    pace.step(3604.0)
    assert pace.left(10) == 20.0
