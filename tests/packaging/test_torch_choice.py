"""Which build of PyTorch a machine gets."""

import pytest


@pytest.mark.parametrize(
    ("rows", "build"),
    [
        ("", "cpu"),
        ("580.95.05, 9.0\n", "cu130"),
        ("580.95.05, 7.5\n", "cu130"),
        ("580.95.05, 6.1\n", "cu126"),  # Pascal: CUDA 13 has no code for it
        ("570.124.06, 9.0\n", "cu126"),
        ("525.60.13, 8.6\n", "cu126"),
        ("470.82.01, 8.6\n", "cpu update 470"),
        ("570.124.06, 12.0\n", "cpu update 570"),  # Blackwell needs CUDA 13
        ("590.10, 12.0\n", "cu130"),
        ("580.95.05, 6.1\n580.95.05, 12.0\n", "cu130"),
        ("580.95.05, 8.9\n580.95.05, 7.0\n", "cu126"),
        ("580.95.05, unknown\n", "cu130"),
        ("550.54.15, unknown\n", "cu126"),
        ("580.95.05, [N/A]\n", "cu130"),
        ("No devices were found\n", "cpu"),
    ],
)
def test_the_build_fits_the_driver_and_the_oldest_gpu(checkout, rows, build):
    done = checkout.sh('printf "%s" "$ROWS" | torch_for_rows', ROWS=rows)
    assert done.stdout.strip() == build


def fake_nvidia_smi(folder, body):
    folder.mkdir()
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    tool.chmod(0o755)
    return folder


def choice(checkout, folder, code="", **env):
    path = f"{folder}:{checkout.env['PATH']}"
    whole = f"nvidia=$ROOT/proc; nvidia_device=$ROOT/proc/device\n{code}\nchoose_torch; echo $build"
    return checkout.sh(whole, PATH=path, FINETUNE_STUDIO_TORCH="", **env)


def test_nvidia_smi_is_asked(checkout, tmp_path):
    folder = fake_nvidia_smi(tmp_path / "bin", "echo '580.95.05, 9.0'")
    assert choice(checkout, folder, "uname() { echo Linux; }").stdout == "cu130\n"


def test_an_old_driver_gets_the_processor_and_a_sentence(checkout, tmp_path):
    folder = fake_nvidia_smi(tmp_path / "bin", "echo '470.82.01, 8.6'")
    done = choice(checkout, folder, "uname() { echo Linux; }")
    assert done.stdout == "cpu\n"
    assert "driver 470 is too old" in done.stderr
    assert "update of the driver to 580" in done.stderr


VERSION = (
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.124.06  Wed Feb 26 02:09:35 UTC 2025\n"
)
OPEN_VERSION = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build\n"


@pytest.mark.parametrize(("version", "build"), [(VERSION, "cu126"), (OPEN_VERSION, "cu130")])
def test_the_kernel_module_speaks_where_nvidia_smi_fails(checkout, tmp_path, version, build):
    folder = fake_nvidia_smi(tmp_path / "bin", "echo 'NVIDIA-SMI has failed'; exit 9")
    proc = checkout.root / "proc"
    proc.mkdir()
    (proc / "version").write_text(version, encoding="utf-8")
    linux = "uname() { echo Linux; }"
    assert choice(checkout, folder, linux).stdout == "cpu\n"  # no device: a container without GPU
    (proc / "device").touch()
    assert choice(checkout, folder, linux).stdout == f"{build}\n"


def test_macos_takes_the_registrys_own_build(checkout, tmp_path):
    folder = fake_nvidia_smi(tmp_path / "bin", "exit 9")
    assert choice(checkout, folder, "uname() { echo Darwin; }").stdout == "default\n"


def test_a_person_may_choose_and_a_typing_error_is_refused(checkout):
    assert checkout.sh("choose_torch; echo $build").stdout == "cpu\n"
    done = checkout.sh("choose_torch; echo $build", FINETUNE_STUDIO_TORCH="cuda")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "cpu, cu126 or cu130" in done.stderr
