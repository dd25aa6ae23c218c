"""`studio.sh test`: everything runs, one failure fails the whole, skips are counted by mark."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

TESTS = """
import pytest

@pytest.mark.parametrize("n", [1, 2])
def test_gpu(n):
    pytest.skip("needs_gpu: no NVIDIA GPU here")

def test_shared():
    pytest.skip("needs_shared: no folder")

def test_plain():
    pytest.skip("a reason")

@pytest.mark.xfail(strict=True)
def test_known():
    raise AssertionError
"""


ILL = """
import faulthandler
import threading

import pytest

@pytest.fixture
def stands_still_at_the_end():
    yield
    threading.Event().wait()

def test_is_well():
    pass

def test_fails_first(stands_still_at_the_end):
    raise AssertionError

def test_breaks():
    faulthandler._sigsegv()
"""


def counted(report):
    script = ROOT / "packaging" / "studio" / "skipped.py"
    done = subprocess.run(
        [sys.executable, script, report], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_skips_are_counted_by_mark(tmp_path):
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    report = tmp_path / "report.xml"
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", "-c", "/dev/null", "."],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert counted(report) == "Skipped tests: needs_gpu 2, needs_shared 1, other 1\n"
    assert counted(tmp_path / "none.xml") == ""


def test_where_a_test_stands_still_or_breaks_is_told_at_last(checkout, tmp_path):
    hooks = (ROOT / "tests" / "helpers" / "standing.py").read_text(encoding="utf-8")
    (tmp_path / "conftest.py").write_text(hooks, encoding="utf-8")
    (tmp_path / "test_it.py").write_text(ILL, encoding="utf-8")
    traces = tmp_path / "traces"
    traces.mkdir()
    env = {"FINETUNE_STUDIO_TRACES": str(traces), "FINETUNE_STUDIO_TEST_LIMIT": "2"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "-c", "/dev/null", "test_it.py"],
        cwd=tmp_path,
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "3 failed, 1 passed" in done.stdout  # the one that fails first counts twice
    told = checkout.sh("show_traces", FINETUNE_STUDIO_TRACES=str(traces)).stderr
    assert "test_it.py::test_fails_first" in told
    assert "in stands_still_at_the_end" in told
    assert "Segmentation fault" in told
    assert "in test_breaks" in told
    assert "test_is_well" not in told


@pytest.mark.parametrize("broken", ["", "ruff", "mypy", "importlinter", "pytest"])
def test_every_check_runs_and_one_that_fails_is_named(checkout, broken):
    """The tools are replaced by one that writes down how it was called; the script is real."""
    folder = checkout.root / ".venv" / "bin"
    folder.mkdir(parents=True)
    tool = folder / "python"
    tool.write_text(
        '#!/bin/sh\necho "$*" >>"$CALLS"\n'
        '[ -z "$BROKEN" ] || case "$*" in *"$BROKEN"*) exit 3 ;; esac\n',
        encoding="utf-8",
    )
    tool.chmod(0o755)
    calls = checkout.root / "calls"
    done = checkout.sh("check_everything -k 'a b'", CALLS=str(calls), BROKEN=broken)
    told = calls.read_text(encoding="utf-8")
    for each in ("-m ruff check .", "-m ruff format --check .", "-m mypy", "-m pytest", "a b"):
        assert each in told
    assert done.returncode == (1 if broken else 0)
    assert ("Failed:" in done.stderr) == bool(broken)
