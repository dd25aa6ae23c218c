"""An offline bundle: everything that a set-up fetches, in one folder, for another computer.

Made where there is a network, for a chosen platform, Python and build of PyTorch.
"""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from finetune_studio import installed
from finetune_studio.catalog.progress import Control, Tell
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.hardware.torch_build import Build
from finetune_studio.i18n import tr
from finetune_studio.setup import faults, fetch
from finetune_studio.setup.claim import claimed
from finetune_studio.setup.resolve import Wheel, check, parse, resolve
from finetune_studio.setup.training import own_wheels
from finetune_studio.setup.uv import PLATFORMS, Uv


@dataclass(frozen=True)
class Target:
    """The computer that a bundle is for.

    Attributes:
        platform: One of uv.py's `PLATFORMS`.
        python: Such as `3.12`.
        build: The build of PyTorch.
    """

    platform: str
    python: str
    build: Build


def make(program: installed.Program, target: Target, out: Path, tell: Tell) -> list[Wheel]:
    """Write the bundle; one that was cut is completed.

    Raises:
        RefusedError: Something else lies in that folder.
        StudioError: A file is not to be found, or the network or disk is in the way.
    """
    _refuse_foreign(out)
    with claimed(out):
        uv = Uv(program.uv, out / "work" / "cache", out / "work" / "setup.log")
        for_target = (
            *("--python-platform", PLATFORMS[target.platform]),
            *("--python-version", target.python),
        )
        training = resolve(
            uv,
            locks=program.training_locks(target.build),
            build=target.build,
            torch_index=program.torch_index,
            work=out / "work",
            python=target.python,
            extra=(*own_wheels(program), *for_target),
        )
        wheels = {each.file: each for each in [*training, *_window(uv, program, out, for_target)]}
        measured = fetch.measure(list(wheels.values()))
        fetch.fetch(measured, out / "wheels", tell, Control())
        _write(program, target, measured, out)
    return measured


def _window(
    uv: Uv, program: installed.Program, out: Path, for_target: tuple[str, ...]
) -> list[Wheel]:
    lock = out / "work" / "pylock.window.toml"
    lock.unlink(missing_ok=True)
    uv.run(
        *("pip", "compile", str(program.window_lock), "--no-build", "--no-header", "--quiet"),
        *("--format", "pylock.toml", "--output-file", str(lock), *for_target),
    )
    return check(parse(lock.read_text(encoding="utf-8"), lock.parent), [program.window_lock])


def _write(program: installed.Program, target: Target, wheels: list[Wheel], out: Path) -> None:
    """The list of what is in it, and nothing else beside the wheels."""
    document = {
        "target": asdict(target),
        "program": program.id,
        "files": {each.file: each.sha256 for each in sorted(wheels, key=lambda each: each.file)},
    }
    try:
        text = json.dumps(document, indent=1)
        (out / "bundle.json").write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise faults.of_system(error, str(out)) from error
    shutil.rmtree(out / "work", ignore_errors=True)


def _refuse_foreign(out: Path) -> None:
    if out.is_dir():
        ours = {"work", "wheels", "bundle.json", ".setting-up"}
        if {each.name for each in out.iterdir()} - ours:
            raise RefusedError(
                tr("The folder holds something else."), str(out), tr("Name a new folder.")
            )
    elif out.exists():
        raise StudioError(tr("This is a file."), str(out), tr("Name a new folder."))
