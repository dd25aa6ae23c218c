"""What a device computes in, and what it refuses. GPUs are simulated: torch is asked, not used."""

import pytest
import torch

from finetune_studio.engine.device import find_device
from finetune_studio.errors import RefusedError
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe


def recipe(**changes):
    return store.with_changes(Recipe(), {f"method.{n}": v for n, v in changes.items()})


@pytest.fixture(params=["T4", "A100"])
def gpu(request, monkeypatch):
    """An older GPU without bf16, and a newer one."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: request.param == "A100"
    )
    return request.param


def test_a_gpu_computes_in_the_best_it_has(gpu):
    assert find_device(Recipe()).precision == {"T4": "fp16", "A100": "bf16"}[gpu]


def test_bf16_is_refused_where_it_would_be_emulated(gpu):
    asked = recipe(base_precision="bf16")
    if gpu == "A100":
        assert find_device(asked).dtype is torch.bfloat16
    else:
        with pytest.raises(RefusedError, match="does not compute in bf16"):
            find_device(asked)


def test_fp16_weights_alone_are_not_trained(gpu):
    asked = {"kind": "full", "base_precision": "fp16"}
    assert find_device(recipe(**asked)).precision == "fp16"
    with pytest.raises(RefusedError, match="vanish"):
        find_device(recipe(**asked, master_weights=False))


@pytest.mark.usefixtures("gpu")
def test_one_process_has_one_gpu(monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert (find_device(Recipe()).kind, find_device(Recipe()).index) == ("cuda", 1)


def test_a_processor_computes_in_fp32_unless_asked(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert find_device(Recipe()).precision == "fp32"
    assert find_device(recipe(base_precision="bf16")).precision == "bf16"
    with pytest.raises(RefusedError, match="does not train in fp16"):
        find_device(recipe(base_precision="fp16"))
