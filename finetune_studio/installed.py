"""Where an installed program keeps its parts: what came with it, and the two environments it made.

An installer brings a folder with `uv`, this package's wheel, hash-locked requirements and
`start.py`. The first start makes the window's environment (`window` in the data folder) and leaves
a mark in it that names that folder; the set-up page makes the environment for training, which may
lie on another drive. A checkout and an installation by pip have no such mark: there, training runs
in the Python that the program itself runs in.

Only the standard library is used: the first start has nothing else.
"""

import importlib.util
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from finetune_studio import paths

MARK = "finetune-studio.json"
"""In an environment: what it was made from. Written last, so that half an environment has none."""
PROGRAM = "FINETUNE_STUDIO_PROGRAM"
SETTINGS = "setup.json"
TRAINING = ("torch", "transformers", "peft", "trl", "accelerate", "bitsandbytes", "liger-kernel")
"""Packages of the extras `train` and `speed`, the first first."""


class Program(NamedTuple):
    """The folder that an installer made.

    Attributes:
        folder: It holds everything else and is only read.
    """

    folder: Path

    @property
    def uv(self) -> Path:
        """The program that makes environments and installs into them."""
        return self.folder / ("uv.exe" if sys.platform == "win32" else "uv")

    @property
    def wheel(self) -> Path:
        """This package."""
        return next(self.folder.glob("finetune_studio-*.whl"))

    @property
    def wheels(self) -> Path:
        """A folder of wheels that no index has; it need not exist."""
        return self.folder / "wheels"

    @property
    def window_lock(self) -> Path:
        """What the window needs, each file by its hash."""
        return self.folder / "window.txt"

    @property
    def training_lock(self) -> Path:
        """What training needs beside PyTorch, each file by its hash."""
        return self.folder / "training.txt"

    def training_locks(self, build: str) -> tuple[Path, ...]:
        """The locks of a build; what only speeds GPUs up stays away from the processor."""
        speed = self.folder / "speed.txt"
        return (self.training_lock, *([speed] if build.startswith("cu") and speed.exists() else []))

    @property
    def torch_index(self) -> str:
        """The address of PyTorch's own index; the builds are its folders."""
        return (self.folder / "torch-index.txt").read_text(encoding="utf-8").strip()

    @property
    def id(self) -> str:
        """A figure that differs where any part differs."""
        return (self.folder / "id").read_text(encoding="utf-8").strip()


def training_packages() -> list[tuple[str, str]]:
    """What training needs, of what is in this Python: names and versions."""
    import importlib.metadata  # takes longer than all the rest here

    found = []
    for name in TRAINING:
        with suppress(importlib.metadata.PackageNotFoundError):
            found.append((name, importlib.metadata.version(name)))
    return found


def program() -> Program | None:
    """The installed program that this process belongs to; None in a checkout or after pip."""
    if chosen := os.environ.get(PROGRAM):
        return Program(Path(chosen).expanduser())
    if folder := read_mark(Path(sys.prefix)).get("program"):
        return Program(Path(folder))
    return None


def read_mark(environment: Path) -> dict[str, Any]:
    """What an environment was made from; nothing where it was not made whole."""
    return _read(environment / MARK)


def python_of(environment: Path) -> Path:
    """The Python of an environment."""
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def window_environment() -> Path:
    """The environment that the window runs in."""
    return paths.data() / "window"


def training_folder() -> Path:
    """The folder that holds the training environment: the data folder, or one that was chosen."""
    chosen = _read(paths.data() / SETTINGS).get("folder")
    return Path(chosen) if chosen else paths.data()


def training_environment() -> Path:
    """The environment that training runs in."""
    return training_folder() / "environment"


def choose_folder(folder: Path) -> None:
    """Remember where the training environment lies.

    Raises:
        OSError: The data folder cannot be written.
    """
    paths.data().mkdir(parents=True, exist_ok=True)
    part = paths.data() / f"{SETTINGS}.part"
    part.write_text(json.dumps({"folder": str(folder)}, ensure_ascii=False), encoding="utf-8")
    part.replace(paths.data() / SETTINGS)


def can_train() -> bool:
    """Whether what training needs is there, as far as is seen without starting it."""
    if program() is not None or getattr(sys, "frozen", False):
        environment = training_environment()
        return bool(read_mark(environment)) and python_of(environment).exists()
    return importlib.util.find_spec("torch") is not None


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
