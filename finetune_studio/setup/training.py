"""Sets training up: looks what fits this machine, fetches, installs beside what is there, proves.

The new environment is made under another name and takes the old one's place only once it has
computed: whatever happens before leaves a working one as it was. What was fetched stays until the
end, so that a set-up that was cut goes on from there.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from finetune_studio import installed
from finetune_studio.catalog.progress import Cancelled, Control, Progress
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.hardware.torch_build import Build, Choice, choose_here
from finetune_studio.i18n import tr
from finetune_studio.setup import faults, fetch
from finetune_studio.setup.claim import claimed
from finetune_studio.setup.in_use import refuse_while_used
from finetune_studio.setup.proof import prove
from finetune_studio.setup.resolve import Wheel, resolve
from finetune_studio.setup.uv import Uv, find

StepName = Literal["look", "fetch", "install", "prove"]
STEPS: tuple[StepName, ...] = ("look", "fetch", "install", "prove")
WORK = "setup-work"
"""The folder beside the environment that holds downloads, uv's cache and the log."""
SPARE = 500_000_000
"""Bytes of the disk that a set-up leaves free."""
HELD_FOR = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds between attempts while another program holds a file."""


@dataclass(frozen=True)
class Told:
    """How far the set-up is.

    Attributes:
        step: What is being done.
        fetched: How far the download is, in that step.
        note: What was found, in the last step: a device that computed.
    """

    step: StepName
    fetched: Progress | None = None
    note: str = ""


Tell = Callable[[Told], None]


@dataclass(frozen=True)
class Request:
    """What the person asked for.

    Attributes:
        folder: Where the environment is made; it need not exist.
        build: The build of PyTorch; None for the one that suits the machine.
        bundle: A folder made by `bundle.py`, for a computer without a network.
    """

    folder: Path
    build: Build | None = None
    bundle: Path | None = None


@dataclass(frozen=True)
class Plan:
    """What a set-up will do.

    Attributes:
        request: What it was asked for.
        choice: The build of PyTorch, and why.
        wheels: The files.
        download: Bytes still to come.
        disk: Bytes that it needs on the disk until it is done.
        stays: Bytes that stay.
        free: Bytes free there.
    """

    request: Request
    choice: Choice
    wheels: tuple[Wheel, ...] = field(repr=False)
    download: int
    disk: int
    stays: int
    free: int

    @property
    def fits(self) -> bool:
        """Whether the disk has room."""
        return self.disk + SPARE <= self.free


class Training:
    """One set-up. `cancel` ends it from another thread; what was fetched stays."""

    def __init__(self, request: Request) -> None:
        self.control = Control()
        self._request = request
        self._program = _installed()
        self._work = request.folder / WORK
        self._uv = Uv(
            self._program.uv if self._program.uv.exists() else find(),
            self._work / "cache",
            self.log,
        )

    @property
    def log(self) -> Path:
        """What uv said."""
        return self._work / "setup.log"

    def plan(self) -> Plan:
        """Find out what is to be done; fetches nothing but the indexes' answers.

        Raises:
            StudioError: The machine or the network is not as it must be.
        """
        with claimed(self._request.folder):
            return self._plan()

    def run(self, plan: Plan, tell: Tell) -> None:
        """Do it; the environment is in place when this returns.

        Raises:
            RefusedError: The disk is too small, another program is at it, or what is there is used.
            StudioError: A step failed, or it was cancelled; a working environment is as it was.
        """
        if not plan.fits:
            raise too_small(plan)
        refuse_while_used(self._place)
        with claimed(self._request.folder):
            try:
                self._all(plan, tell)
            except Cancelled:
                raise StudioError(tr("The set-up was cancelled.")) from None
            except OSError as error:
                raise faults.of_system(error, str(self._request.folder)) from error

    def cancel(self) -> None:
        """End it; what was fetched stays for another time."""
        self.control.cancel(keep=True)
        self._uv.cancel()

    def _plan(self) -> Plan:
        request = self._request
        choice = choose_here() if request.build is None else Choice(request.build, "")
        wheels = resolve(
            self._uv,
            locks=self._program.training_locks(choice.build),
            build=choice.build,
            torch_index=self._program.torch_index,
            work=self._work,
            python=_base_python(),
            extra=(*own_wheels(self._program), *_from_bundle(request.bundle)),
        )
        wheels = fetch.measure(wheels)
        download = fetch.missing(wheels, self._downloads)
        stays = sum(wheel.unpacked for wheel in wheels)
        free = shutil.disk_usage(_existing(request.folder)).free
        return Plan(request, choice, tuple(wheels), download, download + stays, stays, free)

    @property
    def _downloads(self) -> Path:
        return self._work / "downloads"

    @property
    def _new(self) -> Path:
        return self._request.folder / "environment.new"

    def _all(self, plan: Plan, tell: Tell) -> None:
        def fetched(progress: Progress) -> None:
            tell(Told("fetch", progress))

        tell(Told("fetch"))
        fetch.fetch(plan.wheels, self._downloads, fetched, self.control)
        tell(Told("install"))
        self._make(plan)
        tell(Told("prove"))
        note = prove(installed.python_of(self._new), plan.choice.build)
        self._mark(plan, note)
        self._take_place()
        installed.choose_folder(self._request.folder)
        shutil.rmtree(self._work, ignore_errors=True)
        tell(Told("prove", note=note))

    def _make(self, plan: Plan) -> None:
        """The environment, from the files that were fetched and from nothing else."""
        self.control.wait()
        _remove(self._new)
        exact = self._work / "exact.txt"
        exact.write_text("\n".join(wheel.requirement for wheel in plan.wheels), encoding="utf-8")
        self._uv.run(
            *("venv", "--relocatable", "--python", _base_python(), str(self._new)), offline=True
        )
        place = ("--python", str(installed.python_of(self._new)), "--no-index", "--no-deps")
        self._uv.run(
            *("pip", "install", *place, "--require-hashes", "-r", str(exact)),
            *("--find-links", str(self._downloads)),
            offline=True,
        )
        self.control.wait()
        self._uv.run("pip", "install", *place, str(self._program.wheel), offline=True)

    def _mark(self, plan: Plan, note: str) -> None:
        told = {
            "program": str(self._program.folder),
            "id": self._program.id,
            "lock": lock_figure(self._program, plan.choice.build),
            "build": plan.choice.build,
            "proved": note,
        }
        text = json.dumps(told, ensure_ascii=False, indent=1)
        (self._new / installed.MARK).write_text(text, encoding="utf-8")

    @property
    def _place(self) -> Path:
        return self._request.folder / "environment"

    def _take_place(self) -> None:
        old, place = self._request.folder / "environment.old", self._place
        refuse_while_used(place)  # a training may have begun meanwhile
        _remove(old)
        if place.exists():
            patiently(lambda: place.rename(old))
        try:
            patiently(lambda: self._new.rename(place))
        except OSError:
            if old.exists():
                old.rename(place)
            raise
        _remove(old)


def too_small(plan: Plan) -> RefusedError:
    """The refusal where the disk has too little room."""
    text = tr("The set-up needs {need:.1f} GB on this disk, and {free:.1f} GB are free.")
    return RefusedError(
        tr("The disk has too little room."),
        text.format(need=(plan.disk + SPARE) / 1e9, free=plan.free / 1e9),
        tr("Free some space, or choose a folder on another drive."),
    )


def lock_figure(program: installed.Program, build: str) -> str:
    """A figure that differs where a build's libraries for training do."""
    import hashlib

    texts = (path.read_bytes() for path in program.training_locks(build))
    return hashlib.sha256(b"".join(texts)).hexdigest()


def patiently(act: Callable[[], object]) -> None:
    """Do it, again where another program, such as a virus scanner, still holds a file.

    Raises:
        OSError: It still holds it after seconds.
    """
    for pause in HELD_FOR:
        with suppress(PermissionError):
            act()
            return
        time.sleep(pause)
    act()


def _remove(folder: Path) -> None:
    if folder.exists():
        patiently(lambda: shutil.rmtree(folder))


def _installed() -> installed.Program:
    program = installed.program()
    if program is None:
        raise RefusedError(
            tr("This copy of the program was not put here by its installer."),
            hint=tr("Install what training needs with: pip install 'finetune-studio[train]'"),
        )
    if not program.folder.is_dir():
        raise RefusedError(
            tr("The installed program is gone."),
            str(program.folder),
            tr("Install Finetune Studio again."),
        )
    return program


def _base_python() -> str:
    """The Python that this environment was made from; the new one is made from the same."""
    return str(getattr(sys, "_base_executable", sys.executable))


def own_wheels(program: installed.Program) -> tuple[str, ...]:
    """What lets uv find the wheels that came with the program, beside those it was told of."""
    if not program.wheels.is_dir():
        return ()
    told = os.environ.get("UV_FIND_LINKS", "").split(",")  # an option takes the variable's place
    places = [str(program.wheels), *filter(None, told)]
    return tuple(word for place in places for word in ("--find-links", place))


def _from_bundle(bundle: Path | None) -> tuple[str, ...]:
    if bundle is None:
        return ()
    wheels = bundle / "wheels"
    if not wheels.is_dir():
        raise RefusedError(
            tr("This folder is no offline bundle."),
            tr("There is no folder “wheels” in {path}.").format(path=bundle),
            tr("Choose the folder that `finetune-studio setup bundle` wrote."),
        )
    return ("--no-index", "--offline", "--find-links", str(wheels))


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.exists())
