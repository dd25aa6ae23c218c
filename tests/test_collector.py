"""Python's cycle collector rests meanwhile, and is left as it was found."""

import gc

import pytest

from finetune_studio.collector import at_rest


def test_it_rests_within_and_goes_on_behind():
    with at_rest():
        assert not gc.isenabled()
        with at_rest():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    assert not gc.get_freeze_count()


@pytest.mark.parametrize("for_good", [False, True])
def test_it_goes_on_after_an_error(for_good):
    with pytest.raises(ValueError, match="of the work"), at_rest(for_good=for_good):
        raise ValueError("of the work")
    assert gc.isenabled()
    gc.unfreeze()


def test_who_had_stopped_it_finds_it_stopped():
    gc.disable()
    try:
        with at_rest(for_good=True):
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()


def test_what_stays_to_the_end_is_looked_over_no_more():
    with at_rest(for_good=True):
        made = [[] for _ in range(100)]
    assert gc.get_freeze_count() >= len(made)
    gc.unfreeze()
