"""The set-up: once, whole or not at all, and one sentence where it cannot be."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.helpers.wheels import make_wheel
from tests.packaging.conftest import make_checkout


def packages(checkout):
    return {each.name for each in checkout.root.glob(".venv/lib/python*/site-packages/*.dist-info")}


def refused(done, status, words):
    assert done.returncode == status, done.stderr
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_the_environment_is_whole_and_stdout_stays_clean(ready):
    assert {"torch-2.13.0+cpu.dist-info", "finetune_studio-1.dist-info"} <= packages(ready)
    done = ready.run("runs", "list", "a b")
    assert done.stdout == "started with ['runs', 'list', 'a b']\n"
    assert done.stderr == ""


def test_a_later_start_is_quick(ready):
    before = os.times()
    done = ready.run("setup")
    after = os.times()
    assert sum(after[2:4]) - sum(before[2:4]) < 1  # of the processor, whoever else uses it
    assert done.stderr == "Set up.\n"


def test_the_script_works_from_any_folder_and_a_module_there_does_no_harm(ready):
    (ready.root.parent / "finetune_studio.py").write_text("raise SystemExit(9)", encoding="utf-8")
    assert ready.run("demo").stdout == "started with ['demo']\n"


def test_a_changed_project_is_installed_again_into_the_same_environment(ready):
    mark = ready.root / ".venv" / "kept"
    mark.touch()
    with (ready.root / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert "Installing Finetune Studio" in ready.run("setup").stderr
    assert mark.exists()
    assert ready.run("setup").stderr == "Set up.\n"


def test_help_sets_nothing_up(checkout):
    done = checkout.run("--help")
    assert done.returncode == 0
    assert "demo" in done.stdout
    assert not (checkout.root / ".venv").exists()


def test_an_interrupted_set_up_begins_again(checkout):
    hook = checkout.root / "backend.py"
    backend = hook.read_text(encoding="utf-8")
    hook.write_text("import time\ntime.sleep(60)\n", encoding="utf-8")
    child = subprocess.Popen(
        checkout.command("setup"), env=checkout.env, start_new_session=True, stderr=subprocess.PIPE
    )
    while not list(checkout.root.glob(".venv/lib/python*/site-packages/torch-*")):
        assert child.poll() is None
        time.sleep(0.1)
    second = checkout.run("setup")
    refused(second, 2, f"process {child.pid}")
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()

    hook.write_text(backend, encoding="utf-8")
    mark = checkout.root / ".venv" / "half-made"
    mark.touch()
    done = checkout.run("demo")
    assert done.stdout == "started with ['demo']\n"
    assert not mark.exists()


def test_another_choice_of_pytorch_makes_the_environment_again(checkout):
    make_wheel(checkout.wheels, "torch", "2.13.0+cu126")
    assert checkout.run("setup").returncode == 0
    assert checkout.run("setup", FINETUNE_STUDIO_TORCH="cu126").returncode == 0
    assert "torch-2.13.0+cu126.dist-info" in packages(checkout)
    assert "torch-2.13.0+cpu.dist-info" not in packages(checkout)


def test_pytorchs_own_index_is_asked_where_the_machine_has_no_such_build(checkout):
    page = checkout.root.parent / "index" / "cpu" / "torch"
    page.mkdir(parents=True)
    wheel = next(checkout.wheels.glob("torch-*"))
    shutil.move(wheel, page / wheel.name)
    (page / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>', encoding="utf-8")
    empty = checkout.root.parent / "empty"
    empty.mkdir()
    index = checkout.root / "packaging" / "torch-index.txt"
    index.write_text((checkout.root.parent / "index").as_uri() + "\n", encoding="utf-8")
    done = checkout.run("setup", PIP_NO_INDEX="0", PIP_INDEX_URL=empty.as_uri())
    assert done.returncode == 0, done.stderr
    assert "torch-2.13.0+cpu.dist-info" in packages(checkout)


def test_a_build_without_cuda_that_brings_cuda_is_not_taken(checkout):
    make_wheel(checkout.wheels, "torch", "2.13.0+cpu", ("nvidia-cublas", "nvidia-ml-py"))
    make_wheel(checkout.wheels, "nvidia-cublas", "13.0")
    make_wheel(checkout.wheels, "nvidia-ml-py", "13.0")
    refused(checkout.run("setup"), 1, "(nvidia-cublas)")
    assert checkout.run("demo").stdout == ""


def test_without_network(checkout):
    next(checkout.wheels.glob("torch-*")).unlink()
    (checkout.root / "packaging" / "torch-index.txt").write_text("http://127.0.0.1:9\n")
    offline = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": "http://127.0.0.1:9", "PIP_RETRIES": "0"}
    refused(checkout.run("setup", **offline), 1, "connect to the network")
    make_wheel(checkout.wheels, "torch", "2.13.0+cpu")
    assert checkout.run("setup").returncode == 0


def test_too_little_disk(checkout):
    tools = checkout.root.parent / "bin"
    tools.mkdir()
    df = tools / "df"
    df.write_text("#!/bin/sh\necho Head\necho 'my disk 9 8 1048576 99% /a b'\n", encoding="utf-8")
    df.chmod(0o755)
    done = checkout.run("setup", PATH=f"{tools}:{checkout.env['PATH']}")
    refused(done, 2, "1 GB are free")
    assert not (checkout.root / ".venv").exists()


def test_an_environment_of_someone_else_is_left_alone(checkout):
    (checkout.root / ".venv").mkdir()
    (checkout.root / ".venv" / "mine").touch()
    refused(checkout.run("setup"), 2, "was not made by this script")
    assert (checkout.root / ".venv" / "mine").exists()


@pytest.mark.parametrize("name", ["/no/such/python", "false"])
def test_a_python_that_does_not_suit(checkout, name):
    refused(checkout.run("setup", PYTHON=name), 2, f"PYTHON={name}")


def test_a_checkout_that_cannot_be_written_to():
    folder = Path(tempfile.mkdtemp())
    try:
        checkout = make_checkout(folder)
        folder.chmod(0o755)
        checkout.root.chmod(0o555)
        other = {"user": 65534, "group": 65534} if os.getuid() == 0 else {}
        done = subprocess.run(
            checkout.command("setup"),
            env={**checkout.env, "PYTHON": "/usr/bin/python3"},
            capture_output=True,
            text=True,
            check=False,
            **other,
        )
        refused(done, 2, "cannot be written to")
    finally:
        checkout.root.chmod(0o755)
        shutil.rmtree(folder)
