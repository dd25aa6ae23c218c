"""Which build of PyTorch a machine gets, and what it is told."""

import subprocess
import sys

import pytest

from finetune_studio.hardware import torch_build
from finetune_studio.hardware.machine import Machine
from finetune_studio.hardware.nvml import GPU
from finetune_studio.hardware.torch_build import cards, choose, from_kernel
from finetune_studio.hardware.torch_checks import advised_build
from tests.conftest import ROOT
from tests.hardware.recorded_gpus import RECORDED


@pytest.mark.parametrize(("rows", "build"), RECORDED.values(), ids=RECORDED)
def test_the_build_has_code_for_the_gpus(rows, build):
    chosen = choose(cards(rows), "linux")
    assert chosen.build == build
    assert chosen.reason.endswith(".")
    assert chosen.requirement == f"torch=={torch_build.TORCH}+{build}"


@pytest.mark.parametrize(("rows", "build"), RECORDED.values(), ids=RECORDED)
def test_the_doctor_advises_the_same_build(rows, build):
    gpus = tuple(_gpu(index, card) for index, card in enumerate(cards(rows)))
    machine = Machine(
        gpus=gpus,
        driver=gpus[0].driver if gpus else "",
        ram_total=1,
        ram_free=1,
        disk_free=1,
        cores=1,
        os="Linux",
    )
    assert advised_build(machine) == (build if build.startswith("cu") else "")


def _gpu(index, card):
    told = card.capability
    capability = None if told is None else tuple(int(part) for part in str(told).split("."))
    return GPU("GPU", index, 1, 1, capability, f"{card.driver}.1")


@pytest.mark.skipif(sys.platform == "win32", reason="needs_posix: a shell script")
def test_the_shell_says_the_same():
    """All recordings in one shell, which answers a line each."""
    script = '. "$1/packaging/studio/torch.sh"; echo "$TORCH"; shift\n'
    script += 'for rows; do printf "%s" "$rows" | torch_for_rows; done'
    given = [rows for rows, _ in RECORDED.values()]
    done = subprocess.run(
        ["sh", "-c", script, "sh", str(ROOT), *given], capture_output=True, text=True, check=True
    )
    version, *builds = done.stdout.splitlines()
    assert version == torch_build.TORCH
    assert [each.split()[0] for each in builds] == [build for _, build in RECORDED.values()]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("470.82.01, 8.6", "driver 470 is too old"),
        ("580.95.05, 6.1", "capability 6.1 is older"),
        ("550.54.15, 8.6", "Driver 550 runs CUDA 12"),
        ("", "No NVIDIA GPU"),
    ],
)
def test_the_reason_is_said(rows, words):
    assert words in choose(cards(rows), "linux").reason


def test_only_a_driver_that_is_too_old_has_a_remedy():
    assert "580" in choose(cards("570.86.10, 12.0"), "linux").remedy
    assert not choose(cards("570.86.10, 9.0"), "linux").remedy


def test_macos_takes_the_registrys_own_build():
    chosen = choose([], "darwin")
    assert (chosen.build, chosen.requirement) == ("default", f"torch=={torch_build.TORCH}")


@pytest.mark.parametrize(
    "line",
    [
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.124.06  Wed Feb 26 02:09:35 UTC 2025",
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.95.05  Release Build",
    ],
)
def test_the_kernel_module_speaks_where_its_device_is_here(tmp_path, line):
    version, device = tmp_path / "version", tmp_path / "nvidiactl"
    version.write_text(line + "\nGCC version: gcc 13\n")
    assert from_kernel(version, device) == ""
    device.touch()
    assert choose(cards(from_kernel(version, device)), "linux").build == "cu126"


@pytest.mark.skipif(sys.platform == "win32", reason="needs_posix: a shell script stands in")
def test_the_real_tool_is_asked(tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text('#!/bin/sh\ntest "$1" = "--query-gpu=driver_version,compute_cap" || exit 2\n'
                    "echo 580.95.05, 9.0\n")  # fmt: skip
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    if sys.platform.startswith("linux"):
        assert torch_build.choose_here().build == "cu130"
    tool.write_text("#!/bin/sh\necho 580.95.05, 9.0\nexit 9\n")
    monkeypatch.setattr(torch_build, "PROC", tmp_path / "none")
    assert torch_build.ask() == ""
