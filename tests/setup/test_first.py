"""The first start from the installer's folder: real uv, the real start script, small wheels."""

import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import psutil
import pytest

from finetune_studio import i18n, installed
from finetune_studio.setup import words
from finetune_studio.setup.claim import claimed
from finetune_studio.setup.training import Request, Training
from tests.conftest import ROOT
from tests.helpers.wheels import make_wheel

WINDOW = ("PySide6", "pydantic", "datasets")


@pytest.fixture
def program(kit, monkeypatch):
    """The kit with a window, and this package's own first start in its wheel."""
    for name in WINDOW:
        make_wheel(kit.wheels, name, "1.0")
    kit.lock(*WINDOW, file="window.txt")
    shutil.copy(ROOT / "packaging" / "start.py", kit.folder)
    add_first_start(kit)
    monkeypatch.delenv(installed.PROGRAM)
    return kit


def add_first_start(kit):
    """What the first start needs of the real package; the program itself stays a line."""
    names = ("errors", "i18n", "installed", "korean", "lockfile", "paths", "qm", "speech")
    needed = [f"{name}.py" for name in names]
    needed += [f"setup/{each.name}" for each in (ROOT / "finetune_studio/setup").glob("*.py")]
    with zipfile.ZipFile(kit.program.wheel, "a") as archive:
        for name in needed:
            archive.write(ROOT / "finetune_studio" / name, f"finetune_studio/{name}")
        korean = ROOT / "resources" / "i18n" / "studio_ko.ts"
        archive.write(korean, words.FILE)


def add_psutil(home):
    """What the window looks for running trainings with; its wheels are not small."""
    packages = next((home / "window").rglob("site-packages"))
    shutil.copytree(Path(psutil.__file__).parent, packages / "psutil")


def set_training_up(kit, home):
    """The window and the trainer, both of the kit's version."""
    start(kit, "--prepare")
    os.environ[installed.PROGRAM] = str(kit.folder)  # the fixture of the kit takes it back
    job = Training(Request(home, "cpu"))
    job.run(job.plan(), lambda _: None)


def version_in(environment):
    """The program's version there."""
    found = environment.rglob("finetune_studio-*.dist-info")
    return [each.name.removeprefix("finetune_studio-").split(".dist")[0] for each in found]


def start(kit, *arguments, **env):
    return subprocess.run(
        [sys.executable, "-I", str(kit.folder / "start.py"), *arguments],
        env={**os.environ, "LANG": "C.UTF-8", **env},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_the_first_start_makes_the_window_and_the_next_only_starts(program, home):
    done = start(program, "gui", "a b.yaml")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "started ['gui', 'a b.yaml']\n"
    assert "Installing the window" in done.stderr
    assert installed.read_mark(home / "window")["program"] == str(program.folder)
    assert (home / "window" / "finetune-studio.id").read_text() == program.program.id
    assert not (home / "setup-work-window").exists()
    again = start(program, "doctor")
    assert again.stdout == "started ['doctor']\n"
    assert again.stderr == ""


def test_it_needs_nothing_but_pythons_own_library(program, tmp_path):
    """The system's Python starts it, which has no packages."""
    with zipfile.ZipFile(program.program.wheel) as archive:
        archive.extractall(tmp_path)
    modules = ["errors", "i18n", "installed", "korean", "lockfile", "paths", "qm", "speech"]
    modules += ["setup.first"]
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    code += "".join(f"import finetune_studio.{name}\n" for name in modules)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_an_installer_prepares_without_starting(program, home):
    done = start(program, "--prepare")
    assert (done.returncode, done.stdout) == (0, "")
    assert installed.read_mark(home / "window")


def test_an_update_changes_only_the_program_and_brings_the_trainer_along(program, home):
    set_training_up(program, home)
    add_psutil(home)
    program.index.asked.clear()
    program.make_program("2.0")
    add_first_start(program)
    done = start(program, "--prepare")
    assert done.returncode == 0, done.stderr
    assert not program.index.asked
    assert version_in(home / "window") == version_in(home / "environment") == ["2.0"]
    assert installed.read_mark(home / "environment")["id"] == program.program.id


def test_an_update_leaves_a_training_that_runs_its_version(program, home):
    set_training_up(program, home)
    add_psutil(home)
    program.make_program("2.0")
    add_first_start(program)
    python = installed.python_of(home / "environment")
    with subprocess.Popen([python, "-c", "import time; time.sleep(60)"]) as training:
        done = start(program, "gui")
        assert done.stdout == "started ['gui']\n", done.stderr
        assert "keeps its version" in done.stderr
        assert version_in(home / "window") == ["2.0"]
        assert version_in(home / "environment") == ["1.0"]
        training.kill()
    start(program, "gui")
    assert version_in(home / "environment") == ["2.0"]
    assert start(program, "gui").stderr == ""


@pytest.mark.parametrize("harm", ["missing", "broken", "killed"])
def test_a_trainer_stays_as_it_is_where_nobody_can_see_whether_it_runs(program, home, harm):
    set_training_up(program, home)
    packages = next((home / "window").rglob("site-packages"))
    if harm != "missing":
        code = {"broken": "raise RuntimeError\n", "killed": "import os; os.abort()\n"}[harm]
        (packages / "psutil.py").write_text(code)
    program.make_program("2.0")
    add_first_start(program)
    done = start(program, "gui")
    assert (done.returncode, done.stdout) == (0, "started ['gui']\n"), done.stderr
    assert done.stderr.strip().splitlines()[-1] == (
        "Whether a training is running could not be seen; the trainer keeps its version until a"
        " later start."
    )
    assert version_in(home / "window") == ["2.0"]
    assert version_in(home / "environment") == ["1.0"]
    korean = start(program, "gui", FINETUNE_STUDIO_LANGUAGE="ko")
    assert "알 수 없" in korean.stderr
    assert "Whether" not in korean.stderr
    (packages / "psutil.py").unlink(missing_ok=True)
    add_psutil(home)
    start(program, "gui")
    assert version_in(home / "environment") == ["2.0"]
    assert start(program, "gui").stderr == ""


@pytest.mark.parametrize("harm", ["python", "package", "package and mark", "mark"])
def test_a_broken_environment_mends_itself(program, home, harm):
    start(program, "--prepare")
    window = home / "window"
    if harm == "python":
        installed.python_of(window).unlink()
    elif harm.startswith("package"):
        shutil.rmtree(next(window.rglob("PySide6")))
        if harm != "package":
            (window / "finetune-studio.id").unlink()
    else:
        (window / installed.MARK).write_text("{half")
        (window / "finetune-studio.id").unlink()
    done = start(program, "demo")
    assert done.stdout == "started ['demo']\n", done.stderr
    assert next(window.rglob("PySide6/__init__.py"))


def test_without_a_network_the_sentence_is_one(program, home):
    done = start(program, UV_DEFAULT_INDEX="http://127.0.0.1:9/simple")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("finetune-studio: The network")
    assert "Traceback" not in done.stderr
    assert start(program, "gui").stdout == "started ['gui']\n"


def test_a_cut_while_the_windows_packages_come(program, home):
    """As after a pulled cable: said in a sentence, and the next start has it all."""
    make_wheel(program.wheels, "PySide6", "1.0", size=200_000)
    program.lock(*WINDOW, file="window.txt")
    program.index.cut = 70_000
    done = start(program)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("finetune-studio: ")
    assert "Traceback" not in done.stderr
    assert not (home / "window" / "finetune-studio.id").exists()
    program.index.cut = None
    assert start(program, "gui").stdout == "started ['gui']\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs_posix: a group of processes")
def test_a_first_start_that_was_killed_goes_on(program, home):
    program.index.slow.clear()
    command = [sys.executable, "-I", str(program.folder / "start.py")]
    child = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    until = time.monotonic() + 60
    while not program.index.asked:
        assert time.monotonic() < until
        time.sleep(0.05)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    program.index.slow.set()
    assert start(program, "gui").stdout == "started ['gui']\n"
    assert not (home / "setup-work-window").exists()


@pytest.mark.parametrize(
    ("options", "said"), [("size=2m", "disk became full"), ("ro", "cannot be written")]
)
def test_a_disk_that_is_full_or_may_only_be_read(program, disk, options, said):
    make_wheel(program.wheels, "PySide6", "1.0", size=3_000_000)
    program.lock(*WINDOW, file="window.txt")
    done = start(program, FINETUNE_STUDIO_HOME=str(disk(options)))
    assert done.returncode == 1
    assert said in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_korean_systems_are_spoken_to_in_korean(program, home):
    done = start(
        program,
        FINETUNE_STUDIO_LANGUAGE="",
        LC_ALL="ko_KR.UTF-8",
        UV_DEFAULT_INDEX="http://127.0.0.1:9/simple",
    )
    assert "인터넷" in done.stderr
    i18n.install(None)


def test_a_second_first_start_is_refused(program, home):
    with claimed(home):
        done = start(program)
    assert done.returncode == 1
    assert "Another copy" in done.stderr


def test_a_changed_lock_is_refused_where_the_hash_differs(program, home):
    make_wheel(program.wheels, "datasets", "1.0", size=50, seed=3)
    done = start(program)
    assert done.returncode == 1
    assert "refused" in done.stderr
    assert not (home / "window" / "finetune-studio.id").exists()
