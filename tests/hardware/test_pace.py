"""What a processor can train in bearable time: the same answer wherever it is asked."""

from dataclasses import replace

import pytest

from finetune_studio.hardware.duration import CPU_TFLOPS
from finetune_studio.hardware.pace import BEARABLE, job_seconds, largest, too_slow

HALF, TWO = 494_000_000, 2_300_000_000


@pytest.mark.parametrize("cores", [1, 2, 4, 16, 64])
def test_the_largest_is_bearable_and_what_is_a_good_deal_larger_is_not(cores):
    tflops = CPU_TFLOPS * cores
    assert not too_slow(largest(cores), tflops)
    assert too_slow(largest(cores) * 2 + 10**8, tflops)


def test_two_cores_train_half_a_billion_and_not_two():
    tflops = 2 * CPU_TFLOPS
    assert largest(2) == 500_000_000
    assert not too_slow(HALF, tflops)
    assert job_seconds(TWO, tflops) > 3 * BEARABLE


def test_doctor_and_the_table_of_models_agree():
    from finetune_studio.gui.pages.model_rows import Row, arrange, placed
    from finetune_studio.hardware.doctor import on_processor
    from finetune_studio.hardware.target import Target

    assert "up to about 0.5B" in on_processor(2)
    here = Target("", 64 * 2**30, 64 * 2**30, None, 2 * CPU_TFLOPS)
    small, large = (placed(Row(f"{n}", f"{n}", parameters=n), here) for n in (HALF, TWO))
    assert not small.slow
    assert large.slow == pytest.approx(job_seconds(TWO, here.tflops))
    fits = {"full": "fits", "lora": "fits", "qlora": "fits"}
    small, large = (replace(each, fits=fits) for each in (small, large))
    assert small.trains
    assert not large.trains
    assert arrange([large, small], "suits", descending=True) == [small, large]
    assert arrange([large, small], "fits", descending=True) == [small, large]
    on_gpu = placed(large, replace(here, capability=(8, 0), tflops=60.0))
    assert not on_gpu.slow
