"""Getting llama.cpp: how far it is, and that whoever gives it up leaves no process and no file."""

import subprocess
import sys
import tempfile
import threading
import time

import psutil
import pytest

from finetune_studio.errors import StudioError
from finetune_studio.export import fetching, llama
from finetune_studio.export.fetching import Course, GivenUpError

PIP = """#!{python}
import os, subprocess, sys, time
if "--version" in sys.argv:
    print("pip 23.2 from somewhere")
    sys.exit()
if "raw" in sys.argv:
    sys.exit("ERROR: invalid choice: 'raw'")
print("Collecting it", flush=True)
print("Progress 25 of 100", flush=True)
print("  [3/4] Building CXX object", flush=True)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(os.environ["TMPDIR"] + "/here", "w").write(str(child.pid))
open({told!r}, "w").write(str(child.pid))
time.sleep(600)
"""
BROKEN = """#!{python}
import sys
if "--version" in sys.argv:
    print("pip 26.0 from somewhere")
    sys.exit()
print("  [ 50%] Building", flush=True)
sys.exit("ERROR: CMake Error: CMAKE_CXX_COMPILER not set")
"""


@pytest.fixture
def place(monkeypatch, tmp_path):
    """Everything of it lies in the test's folder."""
    monkeypatch.setenv(llama.PLACE, str(tmp_path / "llama"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def script(place, text):
    """A program that stands where Python is asked for."""
    made = place / "python"
    made.write_text(text.format(python=sys.executable, told=str(place / "told")))
    made.chmod(0o755)
    return str(made)


def left(place):
    return list(place.glob(f"{fetching.PASSING}*"))


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
def test_given_up_it_leaves_no_process_and_no_file(place):
    far, told = [], []
    course = Course(told.append, far.append)
    python, ends = script(place, PIP), []

    def work():
        try:
            fetching.fetch(python, course)
        except StudioError as error:
            ends.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    until = time.monotonic() + 60
    while not (place / "told").is_file() or not (place / "told").read_text():
        assert time.monotonic() < until
        time.sleep(0.02)
    compiler = psutil.Process(int((place / "told").read_text()))
    assert left(place)
    course.given_up.set()
    thread.join(20)
    assert not thread.is_alive()
    assert isinstance(ends[0], GivenUpError)
    assert not compiler.is_running() or compiler.status() == psutil.STATUS_ZOMBIE
    assert left(place) == []
    assert far == [0.25, 0.75]
    assert told[0].startswith("Downloading")


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
def test_what_is_lacking_is_named(place):
    far = []
    with pytest.raises(StudioError, match="pip could not get") as told:
        fetching.fetch(script(place, BROKEN), Course(lambda _: None, far.append))
    assert "compiler" in told.value.hint
    assert "CMAKE_CXX_COMPILER" in told.value.detail
    assert far == [0.5]
    assert left(place) == []


def test_what_a_dead_program_left_goes_and_what_a_live_one_has_stays(place):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for number in (gone.pid, psutil.Process().pid):
        (place / f"{fetching.PASSING}{number}-x").mkdir()
    fetching.clean()
    assert [each.name for each in left(place)] == [f"{fetching.PASSING}{psutil.Process().pid}-x"]
