"""What comes after the set-up: what there is, repair, another place, removal.

Knows folders and their sizes; never removes what a person made unless it was named.
"""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from finetune_studio import installed, paths
from finetune_studio.catalog import access
from finetune_studio.catalog.figures import cache_folder
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.hardware.torch_build import BUILDS, Build
from finetune_studio.i18n import mark, tr
from finetune_studio.setup import faults
from finetune_studio.setup.claim import NAME, claimed
from finetune_studio.setup.in_use import refuse_while_used
from finetune_studio.setup.proof import prove
from finetune_studio.setup.training import (
    WORK,
    Request,
    Tell,
    Training,
    lock_figure,
    patiently,
)


@dataclass(frozen=True)
class Part:
    """Something of the program's on the disk.

    Attributes:
        key: Its stable name.
        title: How it is called, to be translated.
        folders: Where it lies; all of them exist.
        personal: Whether a person would miss it.
    """

    key: str
    title: str
    folders: tuple[Path, ...]
    personal: bool

    @property
    def bytes(self) -> int:
        """What it takes on the disk."""
        return sum(size_of(folder) for folder in self.folders)


@dataclass(frozen=True)
class State:
    """How training is set up.

    Attributes:
        environment: Where.
        build: The build of PyTorch; empty where nothing is set up.
        proved: What computed when it was installed.
        outdated: Whether the program brings newer libraries than are there.
    """

    environment: Path
    build: str
    proved: str
    outdated: bool


def state() -> State:
    """How training is set up, read from the mark; nothing is started."""
    environment, program = installed.training_environment(), installed.program()
    told = installed.read_mark(environment)
    build = str(told.get("build", ""))
    if program is None or not program.folder.is_dir():  # a window may outlive its package
        return State(environment, build, str(told.get("proved", "")), outdated=False)
    outdated = bool(told) and told.get("lock") != lock_figure(program, build)
    return State(environment, build, str(told.get("proved", "")), outdated)


def repair(tell: Tell, *, force: bool = False) -> bool:
    """Let the environment compute, and make it again where it does not; whether it was made again.

    Raises:
        StudioError: It could not be made again; what is there is as it was.
    """
    now = state()
    build: Build | None = next((each for each in (*BUILDS, "default") if each == now.build), None)
    if build is not None and not force and not now.outdated:
        try:
            prove(installed.python_of(now.environment), build)
        except StudioError:
            pass  # that is what is to be mended
        else:
            return False
    job = Training(Request(installed.training_folder(), build))
    job.run(job.plan(), tell)
    return True


def move(folder: Path) -> Path:
    """Bring the training environment to another folder; returns its new place.

    Raises:
        RefusedError: Nothing is set up, it is in use, something lies there, or the folder cannot
            be written.
        StudioError: The disk is full, or what was moved does not compute; the old one is kept.
    """
    now = state()
    if not now.build:
        raise RefusedError(tr("Training is not set up yet."), hint=tr("Set it up there instead."))
    target = folder / "environment"
    if target.exists():
        raise RefusedError(
            tr("There is an environment in this folder already."),
            str(target),
            tr("Choose another folder."),
        )
    refuse_while_used(now.environment)
    build: Build = next(each for each in (*BUILDS, "default") if each == now.build)
    with claimed(folder):
        try:
            shutil.copytree(now.environment, target, symlinks=True)
            prove(installed.python_of(target), build)
            installed.choose_folder(folder)
        except BaseException as error:
            shutil.rmtree(target, ignore_errors=True)
            if isinstance(error, shutil.Error | OSError):
                raise _of_copying(error, folder) from error
            raise
    patiently(lambda: shutil.rmtree(now.environment))
    return target


def _of_copying(error: OSError, folder: Path) -> StudioError:
    """Copying a tree gathers what went wrong with each file into one error without a number."""
    text = str(error)
    return faults.of_system(error, str(folder)) if error.errno else faults.of_words(text)


def parts() -> list[Part]:
    """What there is of the program on this computer, in the person's own folders."""
    data, training = paths.data(), installed.training_folder()
    window = [
        *(data / each for each in ("window", "python", "setup-work-window", "cache")),
        *(data / each for each in ("setup.log", "last-error.txt", NAME)),
        paths.cache(),
    ]
    made = [
        *(training / each for each in ("environment", "environment.new", "environment.old")),
        *(training / each for each in (WORK, NAME)),
    ]
    own = ("preferences.json", installed.SETTINGS)
    models = cache_folder("any/model").parent
    found = (
        Part("training", mark("PyTorch and the training libraries"), _there(made), False),
        Part("gguf", mark("llama.cpp, which writes and runs GGUF"), _there([data / "llama"]),
             False),
        Part("window", mark("the window's environment and caches"), _there(window), False),
        Part("preferences", mark("preferences, and the Hub token in the system's keyring"),
             _there(data / each for each in own), True),
        Part("runs", mark("runs, with the models that were trained"),
             _there([paths.runs(), data / "exports.json"]), True),
        Part("projects", mark("projects"), _there([data / "projects"]), True),
        Part("models", mark("downloaded models, which other programs may use"), _there([models]),
             True),
    )  # fmt: skip
    return [each for each in found if each.folders]


def remove(chosen: Iterable[Part]) -> None:
    """Remove these parts, and the data folder where nothing is left in it.

    Raises:
        StudioError: A file is held open or may not be removed.
    """
    for part in chosen:
        if part.key == "preferences":
            access.leave_keyring()
        for folder in part.folders:
            try:
                if folder.is_dir() and not folder.is_symlink():
                    patiently(lambda folder=folder: shutil.rmtree(folder))  # type: ignore[misc]
                else:
                    folder.unlink(missing_ok=True)
            except OSError as error:
                raise faults.of_system(error, str(folder)) from error
    for folder in {paths.data(), installed.training_folder()}:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _there(folders: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(each for each in folders if each.exists()))


def size_of(folder: Path) -> int:
    """Bytes of a file or of everything in a folder; a file with several names counts once."""
    if not folder.is_dir():
        return folder.lstat().st_size if folder.exists() else 0
    seen: dict[tuple[int, int], int] = {}
    for root, _, names in os.walk(folder):
        for name in names:
            told = os.lstat(os.path.join(root, name))
            seen[told.st_dev, told.st_ino or len(seen)] = told.st_size
    return sum(seen.values())
