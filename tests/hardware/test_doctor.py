"""The doctor against recorded machines: each fault is named, with its own remedy."""

import json
from dataclasses import replace

import pytest

from finetune_studio.hardware.desktop import Desktop
from finetune_studio.hardware.doctor import GIB, examine, examine_here
from finetune_studio.hardware.machine import Machine
from finetune_studio.hardware.nvml import GPU, GPUProcess
from finetune_studio.hardware.torch_facts import TorchFacts

CU130 = ("sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120", "compute_120")
CU126 = ("sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_86", "sm_90")
GOOD_TORCH = TorchFacts("2.13.0+cu130", "13.0", "", CU130, True)
CPU_TORCH = TorchFacts("2.13.0+cpu")


def gpu(name="NVIDIA GeForce RTX 4090", gib=24, capability=(8, 9), free=None, driver="580.95.05"):
    total = gib * GIB
    return GPU(name, 0, total, total if free is None else int(free * GIB), capability, driver)


def machine(*gpus, cuda=(13, 0), **changes):
    whole = Machine(
        gpus=gpus,
        driver=gpus[0].driver if gpus else "",
        ram_total=64 * GIB,
        ram_free=48 * GIB,
        disk_free=500 * GIB,
        cores=16,
        os="Linux 6.8",
        nvidia_hardware=bool(gpus),
        cuda=cuda if gpus else None,
    )
    return replace(whole, **changes)


def found(machine, torch):
    return {check.name: check for check in examine(machine, torch) if check.status != "ok"}


def test_a_sound_machine_has_no_fault():
    checks = examine(machine(gpu()), GOOD_TORCH)
    assert [check.status for check in checks] == ["ok"] * len(checks)
    assert [check.name for check in checks] == [
        *("driver", "gpu-0", "torch", "ram", "disk", "fonts", "qt")
    ]


CASES = {
    "driver updated, not restarted": (
        machine(driver_error="version-mismatch", nvidia_hardware=True),
        GOOD_TORCH,
        {"driver": ("problem", "Restart")},
    ),
    "no rights on the driver": (
        machine(driver_error="no-permission"),
        GOOD_TORCH,
        {"driver": ("problem", "groups video")},
    ),
    "GPU without a driver": (
        machine(driver_error="library-missing", nvidia_hardware=True),
        CPU_TORCH,
        {"driver": ("problem", "Install the NVIDIA driver")},
    ),
    "driver not loaded": (
        machine(driver_error="not-loaded", nvidia_hardware=True),
        CPU_TORCH,
        {"driver": ("problem", "Install the NVIDIA driver")},
    ),
    "a laptop without a GPU": (
        machine(driver_error="library-missing", nvidia_hardware=False),
        CPU_TORCH,
        {"driver": ("warning", "demo")},
    ),
    "torch not installed": (machine(gpu()), None, {"torch": ("problem", "set-up page")}),
    "torch broken": (
        machine(gpu()),
        TorchFacts(error="ImportError: libcudart.so.13"),
        {"torch": ("problem", "again")},
    ),
    "CPU-only torch beside a GPU": (machine(gpu()), CPU_TORCH, {"torch": ("problem", "cu130")}),
    "CPU-only torch beside a GPU, driver 550": (
        machine(gpu(driver="550.90.07"), cuda=(12, 4)),
        CPU_TORCH,
        {"torch": ("problem", "cu126")},
    ),
    "CPU-only torch beside an RTX 50, driver 570": (
        machine(gpu("RTX 5090", 32, (12, 0), driver="570.86"), cuda=(12, 8)),
        CPU_TORCH,
        {"torch": ("problem", "580.65.06")},
    ),
    "driver too old for the build": (
        machine(gpu(driver="550.90.07"), cuda=(12, 4)),
        replace(GOOD_TORCH, cuda_available=False),
        {"torch-driver": ("problem", "580.65.06")},
    ),
    "driver too old, Windows, CUDA version not told": (
        machine(gpu(driver="552.22"), cuda=None, os="Windows 11"),
        replace(GOOD_TORCH, cuda_available=False),
        {"torch-driver": ("problem", "580.88")},
    ),
    "Pascal and a build for CUDA 13": (
        machine(gpu("GTX 1080", 8, (6, 1))),
        GOOD_TORCH,
        {"gpu-0": ("warning", "newer GPU"), "torch-architecture": ("problem", "cu126")},
    ),
    "Blackwell and a build for CUDA 12.6": (
        machine(gpu("RTX 5090", 32, (12, 0))),
        TorchFacts("2.13.0+cu126", "12.6", "", CU126, True),
        {"torch-architecture": ("problem", "cu130")},
    ),
    "GPUs hidden by the environment": (
        machine(gpu()),
        replace(GOOD_TORCH, cuda_available=False, visible_devices=""),
        {"torch": ("problem", "CUDA_VISIBLE_DEVICES")},
    ),
    "torch sees nothing, cause unknown": (
        machine(gpu()),
        replace(GOOD_TORCH, cuda_available=False),
        {"torch": ("problem", "Restart")},
    ),
    "little disk": (machine(gpu(), disk_free=12 * GIB), GOOD_TORCH, {"disk": ("warning", "Free")}),
    "no disk": (machine(gpu(), disk_free=GIB), GOOD_TORCH, {"disk": ("problem", "Free")}),
    "unreadable disk": (
        machine(gpu(), disk_free=None),
        GOOD_TORCH,
        {"disk": ("warning", "folder")},
    ),
    "little disk for models, which is another one": (
        machine(gpu(), models_free=12 * GIB),
        GOOD_TORCH,
        {"disk-models": ("warning", "HF_HOME")},
    ),
    "no disk for models": (
        machine(gpu(), models_free=GIB),
        GOOD_TORCH,
        {"disk-models": ("problem", "models remove")},
    ),
    "little RAM": (machine(gpu(), ram_free=8 * GIB), GOOD_TORCH, {"ram": ("warning", "Close")}),
    "no RAM": (machine(gpu(), ram_free=2 * GIB), GOOD_TORCH, {"ram": ("problem", "Close")}),
    "no Hangul": (
        machine(gpu(), desktop=Desktop(korean_font=False)),
        GOOD_TORCH,
        {"fonts": ("warning", "fonts-noto-cjk")},
    ),
    "no screen": (
        machine(gpu(), desktop=Desktop(display=False)),
        GOOD_TORCH,
        {"qt": ("warning", "ssh")},
    ),
    "Qt library missing": (
        machine(gpu(), desktop=Desktop(missing=("libxcb-cursor.so.0",))),
        GOOD_TORCH,
        {"qt": ("problem", "sudo apt install libxcb-cursor0")},
    ),
}


@pytest.mark.parametrize(("facts", "torch", "expected"), CASES.values(), ids=CASES.keys())
def test_each_fault_is_named_with_its_remedy(facts, torch, expected):
    faults = found(facts, torch)
    assert {name: check.status for name, check in faults.items()} == {
        name: status for name, (status, _) in expected.items()
    }
    for name, (_, words) in expected.items():
        assert words in faults[name].remedy


def test_a_program_that_holds_memory_is_named():
    holder = GPUProcess(4711, "ollama", 9 * GIB)
    busy = replace(gpu(free=14), processes=(holder,))
    check = found(machine(busy), GOOD_TORCH)["gpu-0-held"]
    assert "10.0 GiB" in check.text
    assert "ollama (process 4711)" in check.text


def test_memory_held_by_a_nameless_program_is_still_said():
    check = found(machine(gpu(free=14)), GOOD_TORCH)["gpu-0-held"]
    assert "does not name" in check.text


def test_turing_is_told_that_it_has_no_bf16():
    texts = {
        check.name: check.text for check in examine(machine(gpu("T4", 16, (7, 5))), GOOD_TORCH)
    }
    assert "no bf16" in texts["gpu-0"]


def test_two_gpus_get_the_build_that_runs_both():
    old = replace(gpu("GTX 1080", 8, (6, 1)), index=1)
    faults = found(machine(gpu(), old), GOOD_TORCH)
    assert "cu126" in faults["torch-architecture"].remedy


def test_two_gpus_that_no_build_runs_both_point_to_the_other():
    old = replace(gpu("GTX 1080", 8, (6, 1)), index=1)
    faults = found(machine(gpu("RTX 5090", 32, (12, 0)), old), GOOD_TORCH)
    assert "another GPU" in faults["torch-architecture"].remedy


def test_this_machine_is_examined_whole_and_sums_up(tmp_path):
    from tests.helpers.command import call

    names = [check.name for check in examine_here(tmp_path / "not" / "there" / "yet")]
    assert {"driver", "torch", "ram", "disk", "fonts", "qt"} <= set(names)
    done = call("doctor", "--json")
    checks = json.loads(done.stdout)["checks"]
    assert [check["name"] for check in checks] == names
    assert done.returncode == int(any(check["status"] == "problem" for check in checks))
    assert all(check["remedy"] for check in checks if check["status"] != "ok")
