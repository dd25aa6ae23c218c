"""What loads swiftly leaves Python as it was."""

import gc

import pytest

from finetune_studio.loading import swiftly


def test_the_collector_rests_meanwhile_and_works_again():
    with swiftly():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count()
    gc.unfreeze()


def test_it_works_again_after_a_failure():
    with pytest.raises(ValueError, match="odd"), swiftly():
        raise ValueError("odd")
    assert gc.isenabled()
    gc.unfreeze()
