"""Setting training up with real uv: from nothing to a proved environment, through every cut."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from finetune_studio import installed
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.setup.claim import claimed
from finetune_studio.setup.proof import prove
from finetune_studio.setup.training import Request, Training, patiently
from tests.conftest import ROOT
from tests.helpers.wheels import make_wheel


def quiet(told):
    assert told.step


def set_up(folder, tell=quiet, **asked):
    job = Training(Request(folder, "cpu", **asked))
    plan = job.plan()
    job.run(plan, tell)
    return plan


def packages(environment):
    return {each.name.split("-")[0] for each in environment.rglob("*.dist-info")}


def refused(words, act):
    with pytest.raises(StudioError) as caught:
        act()
    assert words in str(caught.value)
    assert caught.value.hint
    return caught.value


def test_from_nothing_to_an_environment_that_computes(kit, home):
    assert not installed.can_train()
    told = []
    plan = set_up(home, told.append)
    assert [wheel.name for wheel in plan.wheels] == ["peft", "sympy", "torch"]
    assert plan.download == sum(w.size for w in plan.wheels) > 400_000
    assert installed.can_train()
    environment = installed.training_environment()
    assert packages(environment) >= {"peft", "sympy", "torch", "finetune_studio"}
    mark = installed.read_mark(environment)
    assert (mark["build"], mark["proved"]) == ("cpu", "the processor")
    assert [each.step for each in told if each.fetched is None] == [
        *("fetch", "install", "prove", "prove")
    ]
    last = [each.fetched for each in told if each.fetched][-1]
    assert last.done == last.total
    left = {each.name for each in home.iterdir()}
    assert left == {"environment", "setup.json", ".setting-up"}


def test_torch_comes_from_its_own_index_alone(kit, home):
    set_up(home)
    assert {name.split("-")[0] for name, _ in kit.torch_index.asked} == {"torch"}
    assert "torch" not in {name.split("-")[0] for name, _ in kit.index.asked}


def test_a_wheel_that_no_index_has_comes_with_the_program(kit, home, tmp_path, monkeypatch):
    made = make_wheel(kit.wheels, "rouge-score", "0.1.2")
    kit.lock("peft", "rouge-score")
    kit.program.wheels.mkdir()
    made.rename(kit.program.wheels / made.name)
    elsewhere = tmp_path / "elsewhere"  # a folder that the person told uv of counts as before
    elsewhere.mkdir()
    for wheel in kit.torch.glob("*.whl"):
        wheel.rename(elsewhere / wheel.name)
    monkeypatch.setenv("UV_FIND_LINKS", str(elsewhere))
    set_up(home)
    assert {"rouge_score", "torch"} <= packages(installed.training_environment())
    assert not kit.torch_index.asked


def test_what_speeds_gpus_up_stays_away_from_the_processor(kit, home):
    make_wheel(kit.wheels, "liger-kernel", "0.8.5")
    kit.lock("liger-kernel", file="speed.txt")
    assert "liger-kernel" not in {wheel.name for wheel in set_up(home).wheels}
    other = kit.torch.parent / "cu126"
    make_wheel(other, "torch", "2.13.0+cu126", ("sympy",))
    kit.torch_index.wheels = other
    plan = Training(Request(home, "cu126")).plan()
    assert "liger-kernel" in {wheel.name for wheel in plan.wheels}


def test_another_folder_with_hangul_and_spaces(kit, home, tmp_path):
    other = tmp_path / "큰 드라이브" / "내 폴더"
    set_up(other)
    assert installed.training_environment() == other / "environment"
    assert installed.can_train()


def test_a_cut_inside_a_file_goes_on_where_it_was(kit, home):
    job = Training(Request(home, "cpu"))
    plan = job.plan()
    kit.torch_index.cut = 70_000
    job.run(plan, quiet)
    ranges = [asked for name, asked in kit.torch_index.asked if name.startswith("torch")]
    assert ranges[0] == ""
    assert ranges[1] == "bytes=70000-"
    assert len(ranges) >= 3
    assert installed.can_train()


def test_no_network_at_all_then_again(kit, home, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    refused("network cannot be reached", lambda: set_up(home))
    assert not installed.can_train()
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{kit.index.url}/simple")
    set_up(home)
    assert installed.can_train()


def test_a_network_that_dies_between_the_look_and_the_download(kit, home):
    job = Training(Request(home, "cpu"))
    plan = job.plan()
    kit.index.close()
    refused("network cannot be reached", lambda: job.run(plan, quiet))
    part = home / "setup-work" / "downloads"
    assert any(part.glob("torch-*.whl"))  # what came is kept
    assert not installed.can_train()


def test_a_server_that_is_ill(kit, home):
    kit.index.status = 503
    refused("error 503", lambda: set_up(home))


def test_a_package_whose_hash_differs_from_the_lock_is_refused(kit, home):
    make_wheel(kit.wheels, "peft", "0.21.2", size=1000, seed=1)
    refused("refused", lambda: set_up(home))
    assert not installed.can_train()
    assert not (home / "setup-work" / "downloads").exists()


def test_a_file_that_is_changed_on_the_way_is_refused_and_fetched_again(kit, home):
    job = Training(Request(home, "cpu"))
    plan = job.plan()
    right = (kit.wheels / "peft-0.21.2-py3-none-any.whl").read_bytes()
    wrong = bytearray(right)
    wrong[1000] ^= 1
    (kit.wheels / "peft-0.21.2-py3-none-any.whl").write_bytes(wrong)
    refused("hash of peft", lambda: job.run(plan, quiet))
    assert not list((home / "setup-work" / "downloads").glob("peft*"))
    (kit.wheels / "peft-0.21.2-py3-none-any.whl").write_bytes(right)
    set_up(home)
    assert installed.can_train()


def test_a_download_that_was_damaged_on_the_disk_is_fetched_again(kit, home):
    job = Training(Request(home, "cpu"))
    plan = job.plan()
    downloads = home / "setup-work" / "downloads"
    downloads.mkdir(parents=True)
    (downloads / "peft-0.21.2-py3-none-any.whl").write_bytes(b"half a wheel")
    job.run(plan, quiet)
    assert installed.can_train()


def test_a_build_that_is_nowhere(kit, home):
    (kit.torch / "torch-2.13.0+cpu-py3-none-any.whl").unlink()
    refused("not found", lambda: set_up(home))


def test_the_disk_is_looked_at_before(kit, home, monkeypatch):
    free = shutil.disk_usage(home)._replace(free=300_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    job = Training(Request(home, "cpu"))
    plan = job.plan()
    assert not plan.fits
    error = refused("too little room", lambda: job.run(plan, quiet))
    assert isinstance(error, RefusedError)
    assert not kit.torch_index.asked


def test_a_disk_that_becomes_full(kit, home, disk):
    make_wheel(kit.torch, "torch", "2.13.0+cpu", ("sympy",), size=3_000_000)
    place = disk("size=2m")
    job = Training(Request(place, "cpu"))
    plan = job.plan()
    roomy = plan.__class__(**{**plan.__dict__, "free": 10**12})  # another program took it since
    refused("disk became full", lambda: job.run(roomy, quiet))
    assert not (place / "environment").exists()


def test_a_disk_that_may_only_be_read(kit, disk):
    error = refused("cannot be written", Training(Request(disk("ro"), "cpu")).plan)
    assert isinstance(error, RefusedError)


def test_a_folder_that_cannot_be_written(kit, tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(StudioError):
        Training(Request(blocked / "in it", "cpu")).plan()


def test_a_second_copy_is_refused(kit, home):
    job = Training(Request(home, "cpu"))
    plan = job.plan()
    with claimed(home):
        error = refused("Another copy", lambda: job.run(plan, quiet))
    assert isinstance(error, RefusedError)


def test_an_environment_in_use_is_not_taken_away(kit, home):
    """A training begins while another build is being fetched, and before the next look."""
    set_up(home)
    python = installed.python_of(installed.training_environment())
    began = []

    def tell(told):
        if told.step == "install" and not began:
            began.append(subprocess.Popen([python, "-c", "import time; time.sleep(60)"]))

    job = Training(Request(home, "cpu"))
    plan = job.plan()
    before = installed.training_environment().stat().st_ino
    refused(r"chat or a server is running", lambda: job.run(plan, tell))
    refused(str(began[0].pid), lambda: set_up(home))
    assert installed.training_environment().stat().st_ino == before
    began[0].kill()
    began[0].wait()
    set_up(home)
    assert installed.training_environment().stat().st_ino != before


def test_pause_and_go_on(kit, home):
    kit.torch_index.slow.clear()
    job = Training(Request(home, "cpu"))
    plan = job.plan()
    phases = []
    ended = threading.Event()

    def work():
        job.run(plan, lambda told: told.fetched and phases.append(told.fetched.phase))
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    job.control.pause()
    kit.torch_index.slow.set()
    until = time.monotonic() + 20
    while "paused" not in phases and time.monotonic() < until:
        time.sleep(0.02)
    assert "paused" in phases
    assert not ended.wait(0.3)
    job.control.go_on()
    assert ended.wait(60)
    thread.join()
    assert installed.can_train()


def await_what_can_come(home, seconds=60):
    """Wait for the files of the one index; the other, which has torch, lets nothing go."""
    until = time.monotonic() + seconds
    downloads = home / "setup-work" / "downloads"
    while not all(any(downloads.glob(f"{name}*.whl")) for name in ("peft", "sympy")):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_cancel_keeps_what_came(kit, home):
    kit.torch_index.slow.clear()
    job = Training(Request(home, "cpu"))
    plan = job.plan()

    def cancel():
        await_what_can_come(home)
        job.cancel()
        kit.torch_index.slow.set()

    threading.Thread(target=cancel).start()
    refused_by = pytest.raises(StudioError, match="cancelled")
    with refused_by:
        job.run(plan, quiet)
    assert not installed.can_train()
    assert any((home / "setup-work" / "downloads").glob("peft*.whl"))
    kit.index.asked.clear()
    set_up(home)
    assert not kit.index.asked  # nothing was fetched twice


def test_a_killed_set_up_goes_on(kit, home):
    kit.torch_index.slow.clear()
    command = [sys.executable, "-m", "finetune_studio", "setup", "install", "--torch", "cpu"]
    child = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    await_what_can_come(home)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    kit.torch_index.slow.set()
    kit.index.asked.clear()
    set_up(home)
    assert not kit.index.asked
    assert installed.can_train()


def test_a_working_environment_stays_until_the_new_one_computes(kit, home):
    set_up(home)
    before = installed.read_mark(installed.training_environment())
    broken = {"finetune_studio/engine/prove.py": "raise SystemExit('libcudart.so.13: missing')"}
    next(kit.folder.glob("*.whl")).unlink()
    make_wheel(kit.folder, "finetune-studio", "2.0", code=broken)
    refused("libcudart", lambda: set_up(home))
    assert installed.read_mark(installed.training_environment()) == before
    assert installed.can_train()


def test_another_build_takes_the_old_ones_place(kit, home):
    set_up(home)
    other = kit.torch.parent / "cu126"
    make_wheel(other, "torch", "2.13.0+cu126", ("sympy",))
    kit.torch_index.wheels = other
    job = Training(Request(home, "cu126"))
    plan = job.plan()
    refused("sees no GPU", lambda: job.run(plan, quiet))  # there is none here
    assert installed.read_mark(installed.training_environment())["build"] == "cpu"


@pytest.mark.skipif(sys.platform == "win32", reason="needs_posix: a shell script")
def test_the_real_product_is_computed(tmp_path):
    pytest.importorskip("torch", reason="needs_train: the extra `train` is not installed")
    python = tmp_path / "python"  # an environment that holds this checkout
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    assert prove(python, "cpu")
    if not shutil.which("nvidia-smi"):
        refused("sees no GPU", lambda: prove(python, "cu130"))


def test_a_file_that_a_scanner_holds_is_tried_again(kit, home):
    """uv's words on Windows, said by a program in its place until the third attempt."""
    count = home / "count"
    real = kit.program.uv.resolve()
    kit.program.uv.unlink()
    kit.program.uv.write_text(
        f'#!/bin/sh\ncase "$*" in "pip install"*)\n  echo x >> "{count}"\n'
        f'  if [ $(wc -l < "{count}") -lt 3 ]; then\n'
        '    echo "error: failed to rename: being used by another process. (os error 32)"; exit 2\n'
        f'  fi;;\nesac\nexec "{real}" "$@"\n',
        encoding="utf-8",
    )
    kit.program.uv.chmod(0o755)
    set_up(home)
    assert len(count.read_text().splitlines()) >= 3
    assert installed.can_train()


def test_a_held_folder_is_tried_again(tmp_path):
    attempts = []

    def act():
        attempts.append(1)
        if len(attempts) < 3:
            raise PermissionError(13, "held")
        (tmp_path / "done").touch()

    patiently(act)
    assert len(attempts) == 3
    assert (tmp_path / "done").exists()


def test_from_an_offline_bundle(kit, home, tmp_path, monkeypatch):
    bundle = tmp_path / "bundle"
    shutil.copytree(kit.wheels, bundle / "wheels")
    for wheel in kit.torch.glob("*.whl"):
        shutil.copy(wheel, bundle / "wheels")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    set_up(home, bundle=bundle)
    assert installed.can_train()
    assert not kit.index.asked
    refused("no offline bundle", lambda: set_up(home, bundle=tmp_path / "torch"))


def test_the_command_line_sets_up_shows_and_checks(kit, home):
    from tests.helpers.command import call

    checked = call("setup", "install", "--torch", "cpu", "--check", "--json")
    facts = json.loads(checked.stdout)
    assert facts["build"] == "cpu"
    assert facts["fits"] is True
    assert {each["name"].split("-")[0] for each in facts["files"]} == {"peft", "sympy", "torch"}
    assert json.loads(call("setup", "show", "--json").stdout)["ready"] is False
    done = call("setup", "install", "--torch", "cpu")
    assert done.returncode == 0, done.stderr
    assert str(home / "environment") in done.stdout
    assert json.loads(call("setup", "show", "--json").stdout)["ready"] is True
