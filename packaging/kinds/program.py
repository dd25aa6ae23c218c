"""The folder that every installer brings: uv, the wheel, the locks, the start."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from finetune_studio.setup.uv import PLATFORMS

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "packaging" / "locks"
SOURCE_ONLY = ("rouge-score",)
"""Packages whose makers publish no wheel: it is made here, so that nobody's machine builds code."""


@dataclass(frozen=True)
class Made:
    """What was made before the installers: the wheel, a folder to work in, the time of all."""

    wheel: Path
    work: Path
    epoch: int

    @property
    def version(self) -> str:
        """The program's version."""
        return self.wheel.name.split("-")[1]

    def folder(self, platform: str) -> Path:
        """The program's folder for one platform, every file of the same time."""
        folder = self.work / platform / "program"
        if not folder.exists():
            _fill(folder, platform, self)
            settle(folder, self.epoch)
        return folder


def make_wheel(out: Path) -> Path:
    """The package as a wheel, its translations compiled."""
    import translations

    translations.release()
    for old in out.glob("finetune_studio-*.whl"):
        old.unlink()
    run("uv", "build", "--wheel", "--quiet", "--out-dir", str(out), str(ROOT))
    return next(out.glob("finetune_studio-*.whl"))


def _fill(folder: Path, platform: str, made: Made) -> None:
    folder.mkdir(parents=True)
    shutil.copy(made.wheel, folder)
    for name in ("window.txt", "training.txt", "speed.txt"):
        shutil.copy(LOCKS / name, folder)
    for path in ("packaging/torch-index.txt", "packaging/start.py", "LICENSE"):
        shutil.copy(ROOT / path, folder)
    _bring_uv(folder, platform, made.work)
    _bring_built(folder, made.work / "built")
    (folder / "id").write_text(figure(folder), encoding="utf-8")


def _bring_uv(folder: Path, platform: str, work: Path) -> None:
    """Bring uv for that platform, from its own wheel, by its hash."""
    place = work / platform / "uv"
    run(
        *("uv", "pip", "install", "--quiet", "--no-config", "--no-deps", "--require-hashes"),
        *("--target", str(place), "--python-platform", PLATFORMS[platform]),
        *("--only-binary", ":all:", "--python", sys.executable, "-r", str(LOCKS / "uv.txt")),
    )
    names = ("uv.exe", "uvw.exe") if platform == "windows" else ("uv",)
    for name in names:
        shutil.copy(place / "bin" / name, folder / name)
    for licence in place.rglob("LICENSE-*"):
        shutil.copy(licence, folder / f"uv-{licence.name}")


def _bring_built(folder: Path, built: Path) -> None:
    """Wheels of what comes as source alone, and their hashes in the lock."""
    lock = folder / "training.txt"
    text = lock.read_text(encoding="utf-8")
    found = re.split(r"(?m)^(?=[A-Za-z0-9])", text)
    for index, block in enumerate(found):
        name = block.partition("==")[0]
        if name in SOURCE_ONLY:
            wheel = _built(block, built)
            (folder / "wheels").mkdir(exist_ok=True)
            shutil.copy(wheel, folder / "wheels")
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            found[index] = f"{block.rstrip()} \\\n    --hash=sha256:{digest}\n"
    lock.write_text("".join(found), encoding="utf-8")


def _built(block: str, place: Path) -> Path:
    """The wheel of one locked package; its source is held against the lock's hash."""
    name = block.partition("==")[0]
    known = list(place.glob(f"{name.replace('-', '_')}-*.whl"))
    if not known:
        place.mkdir(exist_ok=True)
        asked = place / f"{name}.txt"
        asked.write_text(block, encoding="utf-8")
        run(
            *("uv", "run", "--no-project", "--quiet", "--with", "pip", "--python", sys.executable),
            *("python", "-m", "pip", "wheel", "--quiet", "--no-deps", "--require-hashes"),
            *("--no-binary", name, "--wheel-dir", str(place), "-r", str(asked)),
        )
        known = list(place.glob(f"{name.replace('-', '_')}-*.whl"))
    return known[0]


def figure(folder: Path) -> str:
    """A figure that differs where any file does."""
    made = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        made.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return made.hexdigest()


def settle(folder: Path, epoch: int) -> None:
    """Give every file the same time and the usual rights."""
    programs = ("uv", "finetune-studio", "postrm")
    for path in [*folder.rglob("*"), folder]:
        runs = path.is_dir() or path.name in programs or path.suffix == ".sh"
        path.chmod(0o755 if runs else 0o644)
        os.utime(path, (epoch, epoch))


def fill_in(path: Path, target: Path, **values: str) -> None:
    """Copy a text with its @NAMES@ replaced."""
    text = path.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name.upper()}@", value)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def run(*command: str, cwd: Path | None = None) -> None:
    """Run a tool; what it says is shown only where it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:3])} failed:\n{done.stdout}{done.stderr}")
