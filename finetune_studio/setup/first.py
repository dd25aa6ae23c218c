"""The first start: makes the window's environment, brings it up to date, and starts the program.

Runs from the wheel that the installer brought, in whatever Python uv found: only the standard
library is there. Within seconds the window is open; the set-up page does the rest.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from finetune_studio import installed, paths
from finetune_studio.errors import StudioError
from finetune_studio.i18n import tr
from finetune_studio.setup import faults, telling, words
from finetune_studio.setup.claim import claimed
from finetune_studio.setup.uv import Uv

ID = "finetune-studio.id"
"""In the window's environment: the program's figure, which the launcher compares."""
WHOLE = """\
from importlib.util import find_spec
raise SystemExit(not all(map(find_spec, ("finetune_studio", "PySide6", "pydantic", "datasets"))))
"""
"""Whether the window's packages are there, as launchers look, too; imports would take seconds."""
BUSY = """\
import sys
from pathlib import Path
from finetune_studio.setup.in_use import users_of
raise SystemExit(3 if users_of([Path(sys.argv[1])]) else 0)
"""
"""Ends with 3 where processes run from an environment; the window's packages can tell."""
NOBODY, SOMEBODY = 0, 3  # how BUSY ends; any other end tells nothing
PREPARE = "--prepare"
"""Make the environment and end, as an installer does that shows its own progress."""


def main(folder: Path, arguments: list[str]) -> int:
    """Make what is missing, then run the program with these arguments; its exit code."""
    words.speak(folder)
    program = installed.Program(folder)
    asked = [each for each in arguments if each != PREPARE]
    try:
        if not is_ready(program):
            with telling.shown(tr("Finetune Studio is getting ready …")) as tell:
                prepare(program, tell)
    except StudioError as error:
        telling.complain(error)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if PREPARE in arguments else _start(asked)


def is_ready(program: installed.Program) -> bool:
    """Whether the window's environment was made from this program and can run."""
    environment = installed.window_environment()
    try:
        same = (environment / ID).read_text(encoding="utf-8").strip() == program.id
    except OSError:
        return False
    return same and _runs(installed.python_of(environment), WHOLE)


def prepare(program: installed.Program, tell: Callable[[str], None]) -> None:
    """Make the window's environment, or change in it what changed.

    Raises:
        StudioError: The network, the disk or another program is in the way.
    """
    with claimed(paths.data()):
        work = paths.data() / "setup-work-window"
        uv = Uv(program.uv, work / "cache", paths.data() / "setup.log")
        try:
            _prepare(program, uv, tell)
        except OSError as error:
            raise faults.of_system(error, str(paths.data())) from error
        shutil.rmtree(work, ignore_errors=True)


def _prepare(program: installed.Program, uv: Uv, tell: Callable[[str], None]) -> None:
    environment = installed.window_environment()
    python = installed.python_of(environment)
    (environment / ID).unlink(missing_ok=True)
    before = installed.read_mark(environment)
    if not before or not _runs(python):
        tell(tr("Making a private Python environment …"))
        uv.run("venv", "--clear", "--python", _base(), str(environment))
    window = _figure(program.window_lock)
    whole = _runs(python, WHOLE)
    if before.get("window") != window or not whole:
        tell(tr("Installing the window …"))
        again = ("--reinstall",) if before and not whole else ()  # uv believes what is noted there
        uv.run(
            *("pip", "install", "--python", str(python), "--no-deps", "--require-hashes"),
            *("--exact", *again, "-r", str(program.window_lock)),
            hear=lambda line: tell(line.strip()),
        )
    tell(tr("Installing Finetune Studio …"))
    install_wheel(uv, python, program.wheel)
    mark = {"program": str(program.folder), "window": window}
    (environment / installed.MARK).write_text(json.dumps(mark), encoding="utf-8")
    if why := _bring_training_along(program, uv):
        tell(why)
    else:
        (environment / ID).write_text(program.id, encoding="utf-8")


def install_wheel(uv: Uv, python: Path, wheel: Path) -> None:
    """Put this version of the program into an environment, in place of any other."""
    uv.run(
        *("pip", "install", "--python", str(python), "--no-deps", "--no-index"),
        *("--reinstall", str(wheel)),
        offline=True,
    )


def _bring_training_along(program: installed.Program, uv: Uv) -> str:
    """The trainer must be of the window's version; its libraries stay as they are.

    A training that runs is not disturbed: it would find other modules than those it began with.
    Returns why the trainer keeps its version; nothing where it is of this one, or there is none.
    """
    environment = installed.training_environment()
    mark, python = installed.read_mark(environment), installed.python_of(environment)
    if mark and mark.get("id") != program.id and _runs(python):
        window = installed.python_of(installed.window_environment())
        found = _ends(window, BUSY, str(environment))
        if found == SOMEBODY:
            return tr("A training is running; it keeps its version until a later start.")
        if found != NOBODY:
            return tr(
                "Whether a training is running could not be seen; the trainer keeps its version"
                " until a later start."
            )
        install_wheel(uv, python, program.wheel)
        told = mark | {"id": program.id, "program": str(program.folder)}
        (environment / installed.MARK).write_text(json.dumps(told), encoding="utf-8")
    return ""


def _runs(python: Path, code: str = "") -> bool:
    return _ends(python, code) == 0


def _ends(python: Path, code: str, *arguments: str) -> int | None:
    """The exit code of some code; None where that Python cannot be run."""
    command = [str(python), "-I", "-c", code, *arguments]
    try:
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode
    except (OSError, subprocess.SubprocessError):
        return None


def _figure(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def _base() -> str:
    """The Python that runs this, not the throw-away environment that uv may have put around it."""
    return str(getattr(sys, "_base_executable", sys.executable))


def _start(arguments: list[str]) -> int:
    python = str(installed.python_of(installed.window_environment()))
    command = [python, "-P", "-m", "finetune_studio", *arguments]
    for foreign in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"):
        os.environ.pop(foreign, None)
    if sys.platform != "win32":
        os.execv(python, command)
    return subprocess.run(command, check=False).returncode
