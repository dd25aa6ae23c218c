"""The table of accelerators: every row, and finding one by name."""

import pytest

from finetune_studio.errors import RefusedError
from finetune_studio.hardware.gpus import accelerators, find_accelerator, match
from finetune_studio.hardware.nvml import GPU
from finetune_studio.hardware.target import target_of

GIB = 2**30


@pytest.mark.parametrize("each", accelerators(), ids=lambda each: each.name)
def test_every_row_is_whole(each):
    assert each.memory_bytes > 4 * GIB
    assert each.bandwidth > 0
    assert each.tflops >= 0
    assert (each.capability is None) == (each.kind != "nvidia")
    assert each.found_in
    if each.capability:
        assert each.tflops > 0
        assert each.bf16 == (each.capability >= (8, 0))
        assert each.fp8 == (each.capability >= (8, 9))


def test_names_are_unique_and_hold_what_a_guide_needs():
    names = [each.name for each in accelerators()]
    assert len(set(names)) == len(names)
    for wanted in ("T4", "L4", "A100", "TPU v2-8", "RTX 5090", "H200"):
        assert any(wanted in name for name in names)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("T4", "NVIDIA T4"),
        ("tesla t4", "NVIDIA T4"),
        ("rtx4090", "RTX 4090 24GB"),
        ("NVIDIA GeForce RTX 4090", "RTX 4090 24GB"),
        ("A100 80GB", "NVIDIA A100 80GB"),
        ("rtx pro 6000", "RTX PRO 6000 Blackwell 96GB"),
        ("h200", "NVIDIA H200 SXM"),
        ("L4", "NVIDIA L4"),
    ],
)
def test_a_gpu_is_found_however_it_is_written(asked, name):
    assert find_accelerator(asked).name == name


@pytest.mark.parametrize("asked", ["RTX 9999", "banana", "", "  ", "-"])
def test_a_name_that_nothing_has_is_refused_with_others(asked):
    with pytest.raises(RefusedError, match="Choose one such as"):
        find_accelerator(asked)


@pytest.mark.parametrize(
    ("shown", "gib", "name"),
    [
        ("NVIDIA GeForce RTX 4090", 24, "RTX 4090 24GB"),
        ("Tesla T4", 15, "NVIDIA T4"),
        ("NVIDIA A100-SXM4-80GB", 80, "NVIDIA A100 80GB"),
        ("NVIDIA A100-PCIE-40GB", 40, "NVIDIA A100 40GB"),
        ("NVIDIA H200", 140, "NVIDIA H200 SXM"),
        ("NVIDIA H100 80GB HBM3", 80, "NVIDIA H100 SXM"),
        ("NVIDIA L40S", 45, "NVIDIA L40S"),
        ("NVIDIA L4", 22, "NVIDIA L4"),
        ("NVIDIA RTX 6000 Ada Generation", 48, "RTX 6000 Ada 48GB"),
        ("NVIDIA GeForce RTX 4070 Ti SUPER", 16, "RTX 4070 Ti SUPER 16GB"),
        ("NVIDIA GeForce RTX 4070", 12, "RTX 4070 12GB"),
        ("Tesla V100-SXM2-16GB", 16, "NVIDIA V100 (SXM) 16GB"),
    ],
)
def test_a_gpu_in_the_machine_is_recognised_by_the_name_its_driver_shows(shown, gib, name):
    found = match(GPU(shown, 0, gib * GIB, gib * GIB, None, ""))
    assert found is not None
    assert found.name == name


def test_an_unknown_gpu_is_not_mistaken():
    assert match(GPU("NVIDIA Frobnicator 1", 0, GIB, GIB, None, "")) is None


def test_a_run_cannot_be_planned_for_what_the_trainer_does_not_run_on():
    with pytest.raises(RefusedError, match="does not run on TPU"):
        target_of("TPU v2-8")
    with pytest.raises(RefusedError, match="does not run on Apple"):
        target_of("Apple M4 Max")


def test_this_machine_is_a_target_with_what_it_has():
    here = target_of("")
    assert 0 < here.free <= here.total
    assert here.tflops > 0
    assert (here.capability is None) == (here.name == "")
