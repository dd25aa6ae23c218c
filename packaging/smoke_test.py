"""Installs what was built on this system, starts it, trains the demo, updates and removes it.

python packaging/smoke_test.py dist [--no-training]

For machines that are thrown away afterwards: on Linux it installs the .deb with apt where it may,
else the .run; on Windows the .exe, silently. Prints what it saw and how long it took; ends with 1
where something is not as it should be.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_WINDOW = 30.0  # seconds from the end of the installation, with a mirror that is near
UPDATE = 5.0  # seconds of an update that changes only the program


def main() -> int:
    """Every step in turn; the first that fails ends it."""
    asked = parser().parse_args()
    system = Windows(asked.dist) if sys.platform == "win32" else Linux(asked.dist)
    steps: list[tuple[str, Callable[[], None]]] = [
        ("install", system.install),
        ("first start", lambda: first_start(system)),
        ("window", lambda: window(system)),
    ]
    if not asked.no_training:
        steps += [
            ("set up training", lambda: system.studio("setup", "install")),
            ("ready", lambda: ready(system)),
            ("demo", lambda: demo(system)),
        ]
    steps += [("update", lambda: update(system)), ("remove", lambda: remove(system))]
    for name, act in steps:
        start = time.monotonic()
        act()
        print(f"{name}: {time.monotonic() - start:.1f} s", flush=True)
    return 0


class Linux:
    """A .deb where apt may be used, else the .run."""

    def __init__(self, dist: Path) -> None:
        self.home = Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser()
        self.data = self.home / "finetune-studio"
        self._root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        self._deb = next(dist.glob("*_amd64.deb")) if shutil.which("apt-get") else None
        self._run = next(dist.glob("*.run"))

    @property
    def program(self) -> Path:
        """The installer's folder."""
        return Path("/opt/finetune-studio") if self._deb else self.home / "finetune-studio-program"

    def install(self) -> None:
        """As a person would, without questions."""
        if self._deb:
            apt = ("apt-get", "install", "-y", "--no-install-recommends", str(self._deb.absolute()))
            call(*self._root, *apt)
        else:
            call(str(self._run.absolute()))

    def studio(self, *arguments: str) -> str:
        """Run a command of the program."""
        name = "finetune-studio"
        return call(name if self._deb else str(Path.home() / ".local/bin" / name), *arguments)

    def update(self) -> None:
        """An update that changes only the program, up to its first answer."""
        call(*self._root, "sh", "-c", f"echo another >{self.program / 'id'}")
        self.studio("--version")

    def uninstall(self) -> None:
        """Take the program away; what a person made stays."""
        if self._deb:
            self.studio("setup", "remove", "--yes")
            call(*self._root, "apt-get", "purge", "-y", "finetune-studio")
        else:
            call("sh", str(self.program / "uninstall.sh"), "--yes")


class Windows:
    """The .exe, silently."""

    def __init__(self, dist: Path) -> None:
        local = Path(os.environ["LOCALAPPDATA"])
        self.data = local / "finetune-studio"
        self.program = local / "Programs" / "FinetuneStudio"
        self._exe = next(dist.glob("*.exe"))

    def install(self) -> None:
        """Silently; the environment of the window is made by it."""
        call(str(self._exe), "/S")

    def studio(self, *arguments: str) -> str:
        """Run a command of the program."""
        python = self.data / "window" / "Scripts" / "python.exe"
        return call(str(python), "-P", "-m", "finetune_studio", *arguments)

    def update(self) -> None:
        """An update is the next installer: the same one again, once it does not know itself."""
        (self.data / "window" / "finetune-studio.id").write_text("another")
        call(str(self._exe), "/S")
        self.studio("--version")

    def uninstall(self) -> None:
        """Silently; `_?=` lets it be waited for, and leaves the uninstaller itself."""
        call(str(self.program / "uninstall.exe"), "/S", f"_?={self.program}")
        shutil.rmtree(self.program, ignore_errors=True)


System = Linux | Windows


def first_start(system: System) -> None:
    """The window's environment, in the time in which the first window must be there."""
    start = time.monotonic()
    version = system.studio("--version").strip()
    took = time.monotonic() - start
    print(f"version {version}, environment ready after {took:.1f} s")
    expect(took < FIRST_WINDOW, f"the first start took {took:.1f} s")
    expect((system.data / "window").is_dir(), "there is no environment of the window")


def window(system: System) -> None:
    """The real window is opened on its set-up page and drawn."""
    environment = system.data / "window"
    inside = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
    if not os.environ.get("DISPLAY") and sys.platform.startswith("linux"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    picture = Path("smoke-window.png").absolute()
    call(str(environment / inside), "-P", "-c", OPEN, str(picture))
    expect(picture.stat().st_size > 10_000, "the window was not drawn")


OPEN = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from finetune_studio.gui import app
def look():
    window = QApplication.topLevelWidgets()[0]
    assert type(window.pages.cover_now).__name__ == "SetupPage", window.pages.cover_now
    window.grab().save(sys.argv[1])
    window.close()
start = QApplication.exec
def run(*_):
    QTimer.singleShot(3000, look)
    return start()
QApplication.exec = staticmethod(run)
sys.exit(app.start())
"""


def ready(system: System) -> None:
    """It computed, and says so."""
    told = json.loads(system.studio("setup", "show", "--json"))
    print(f"build {told['build']}, computed on {told['proved']}")
    expect(told["ready"], "training is not ready")


def demo(system: System) -> None:
    """The whole job on the embedded model."""
    out = Path("smoke-run").absolute()
    shutil.rmtree(out, ignore_errors=True)
    print(system.studio("demo", "--out", str(out)))
    expect((out / "run.json").exists(), "the demo left no run")


def update(system: System) -> None:
    """An update that changes only the program."""
    start = time.monotonic()
    system.update()
    took = time.monotonic() - start
    expect(took < UPDATE, f"the update took {took:.1f} s")


def remove(system: System) -> None:
    """Nothing stays but what a person made."""
    kept = system.data / "runs" / "mine"
    kept.mkdir(parents=True, exist_ok=True)
    system.uninstall()
    expect(not system.program.exists(), f"{system.program} stays")
    left = {each.name for each in system.data.iterdir()}
    personal = {"runs", "exports.json", "preferences.json", "setup.json", "projects"}
    expect(left <= personal, f"these stay: {left - personal}")
    expect(kept.is_dir(), "a person's run was removed")


def call(*command: str) -> str:
    """Run a command; what it printed on stdout."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}")
    return done.stdout


def expect(true: bool, otherwise: str) -> None:
    """End with a sentence where something is not so."""
    if not true:
        raise SystemExit(f"smoke test: {otherwise}")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("dist", type=Path, help="the folder that build.py wrote")
    made.add_argument("--no-training", action="store_true", help="the window alone")
    return made


if __name__ == "__main__":
    sys.exit(main())
