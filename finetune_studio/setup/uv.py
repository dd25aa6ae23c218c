"""Runs uv as a child: what it is told of the person's network, how it is heard, how it ends.

Knows neither packages nor steps. Standard library only.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from finetune_studio import installed
from finetune_studio.errors import StudioError
from finetune_studio.i18n import tr
from finetune_studio.setup import faults

PLATFORMS = {
    "linux": "x86_64-manylinux_2_34",
    "windows": "x86_64-pc-windows-msvc",
    "macos": "aarch64-apple-darwin",
}
"""How uv calls the platforms that the program is made for."""
TRIES = 3
"""Runs while another program holds a file."""
WAIT = 1.5
"""Seconds between them."""
LEAVING = 5.0
"""Seconds that it gets to end after it was asked to."""

Hear = Callable[[str], None]


def find() -> Path:
    """The uv of the installed program, or the one on the path.

    Raises:
        StudioError: There is none.
    """
    program = installed.program()
    if program is not None and program.uv.is_file():
        return program.uv
    if found := shutil.which("uv"):
        return Path(found)
    raise StudioError(
        tr("The program that installs packages (uv) is missing."),
        str(program.folder) if program else "",
        tr("Install Finetune Studio again, or run: pip install 'finetune-studio[train]'"),
    )


class Uv:
    """uv, with one cache and one log. `cancel` ends what runs, from another thread."""

    def __init__(self, program: Path, cache: Path, log: Path) -> None:
        self._program, self._cache, self._log = program, cache, log
        self._child: subprocess.Popen[str] | None = None
        self._cancelled = threading.Event()

    def run(self, *arguments: str, hear: Hear = lambda _: None, offline: bool = False) -> str:
        """Run it to its end and return what it said.

        Args:
            arguments: Its command line.
            hear: Is called with each line as it comes.
            offline: Whether it must not use the network.

        Raises:
            StudioError: It failed, in a sentence; or it was cancelled.
        """
        for attempt in range(1, TRIES + 1):
            code, said = self._once([*arguments, *(["--offline"] if offline else [])], hear)
            if self._cancelled.is_set():
                raise StudioError(tr("The set-up was cancelled."))
            if code == 0:
                return said
            if attempt == TRIES or not re.search(faults.HELD, said):
                raise faults.of_words(said)
            time.sleep(WAIT)
        raise AssertionError("unreachable")

    def cancel(self) -> None:
        """End what runs, and let nothing start any more."""
        self._cancelled.set()
        child = self._child
        if child is not None and child.poll() is None:
            child.terminate()

    def _once(self, arguments: Sequence[str], hear: Hear) -> tuple[int, str]:
        if self._cancelled.is_set():
            return 1, ""
        command = [str(self._program), *arguments, "--no-progress", "--color=never"]
        self._log.parent.mkdir(parents=True, exist_ok=True)
        said = []
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n")
            self._child = child = _start(command, environment(self._cache))
            assert child.stdout is not None
            with child.stdout as stream:
                for line in stream:
                    said.append(line)
                    log.write(faults.SECRETS.sub("", line))
                    log.flush()
                    hear(line.rstrip())
            code = self._ended(child)
            log.write(f"[{code}]\n")
        return code, "".join(said)

    @staticmethod
    def _ended(child: "subprocess.Popen[str]") -> int:
        try:
            return child.wait(LEAVING)
        except subprocess.TimeoutExpired:
            child.kill()
            return child.wait()


def _start(command: Sequence[str], env: Mapping[str, str]) -> "subprocess.Popen[str]":
    hidden: dict[str, Any] = {}
    if sys.platform == "win32":
        hidden["creationflags"] = subprocess.CREATE_NO_WINDOW
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=env,
            **hidden,
        )
    except OSError as error:
        raise StudioError(
            tr("The program that installs packages (uv) cannot be run."),
            f"{command[0]}: {error.strerror or error}",
            tr("Install Finetune Studio again."),
        ) from error


def environment(cache: Path) -> dict[str, str]:
    """This process's environment with what uv needs: proxies and indexes stay as they are.

    The system's certificates are trusted, which are a company's too. A project's or person's
    settings for uv are for other work, and a foreign Python's variables would mislead ours.
    """
    foreign = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT")
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    ours = {
        "UV_CACHE_DIR": str(cache),
        "UV_NO_CONFIG": "1",
        "UV_PYTHON_INSTALL_DIR": str(installed.window_environment().parent / "python"),
        "UV_PYTHON_INSTALL_REGISTRY": "0",
        "UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "1"),
        "UV_NO_ENV_FILE": "1",
        "UV_HTTP_RETRIES": os.environ.get("UV_HTTP_RETRIES", "3"),
    }
    return kept | ours
