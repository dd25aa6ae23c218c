"""The folder of a run: what lies in it, and who trains in it. Knows nothing of what events say.

```
RUN/recipe.yaml   what the person decided        RUN/events.jsonl   what the trainer says
RUN/run.json      name, process, host            RUN/orders.jsonl   what the trainer is told
RUN/checkpoints/  to go on from                  RUN/trainer.log    its stdout and stderr
RUN/result/       the adapter or model             RUN/evaluation.json  how good it is
RUN/reference.safetensors  what the result said, for comparing exports; may be deleted
```
"""

import re
import shutil
import time
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import mark, told, tr
from finetune_studio.runs.info import RunInfo, parse
from finetune_studio.runs.writing import write_atomically

NAME_LENGTH = 60  # characters; with the date it stays under 255 bytes in Hangul too
NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')  # what Windows refuses


@dataclass(frozen=True)
class RunFolder:
    """A run's folder, by its path."""

    path: Path

    @property
    def recipe(self) -> Path:
        """The recipe, as it was when the run was made."""
        return self.path / "recipe.yaml"

    @property
    def events(self) -> Path:
        """What the trainer says, an event a line."""
        return self.path / "events.jsonl"

    @property
    def orders(self) -> Path:
        """What the trainer is told, an order a line."""
        return self.path / "orders.jsonl"

    @property
    def log(self) -> Path:
        """The trainer's stdout and stderr."""
        return self.path / "trainer.log"

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def result(self) -> Path:
        """The folder of the finished adapter or model."""
        return self.path / "result"

    @property
    def evaluation(self) -> Path:
        """How good the result is, as `finetune_studio.evaluation.result` reads it."""
        return self.path / "evaluation.json"

    @property
    def reference(self) -> Path:
        """What the result said to held-out rows; large, and made again where it is missing."""
        return self.path / "reference.safetensors"

    @property
    def info_file(self) -> Path:
        """`run.json`."""
        return self.path / "run.json"

    @classmethod
    def create(cls, path: Path, name: str = "") -> Self:
        """Make the folder of a new run.

        Raises:
            RefusedError: Something is there already.
            StudioError: The folder cannot be made.
        """
        folder = cls(path)
        if path.is_symlink() or (path.exists() and not _is_empty_folder(path)):
            raise _occupied(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
            folder.write_info(RunInfo(name=name or path.name))
        except OSError as error:
            raise StudioError(
                tr("The run's folder cannot be made."),
                f"{path}: {error.strerror or error}",
                tr("Choose another folder, or free space on the disk."),
            ) from error
        except KeyboardInterrupt:
            shutil.rmtree(path, ignore_errors=True)  # it was empty, or was not there
            raise
        return folder

    @classmethod
    def create_in(cls, root: Path, name: str) -> Self:
        """Make the folder of a new run under `root`, named by the local time and its name.

        Raises:
            StudioError: The folder cannot be made.
        """
        stem = f"{time.strftime('%Y-%m-%d %H%M')} {_file_name(name)}".strip()
        tries = (stem if n == 1 else f"{stem} ({n})" for n in range(1, 1_000_000))
        free = next(root / each for each in tries if not (root / each).exists())
        return cls.create(free, name)

    @classmethod
    def open(cls, path: Path) -> Self:
        """The folder of a run that exists.

        Raises:
            RefusedError: There is no run there, or its `run.json` is broken.
        """
        folder = cls(path)
        folder.info()
        return folder

    def info(self) -> RunInfo:
        """What `run.json` says.

        Raises:
            RefusedError: It is missing or broken.
        """
        try:
            return parse(self.info_file.read_bytes())
        except (OSError, ValueError) as error:
            raise RefusedError(
                tr("This is not a run, or its run.json is broken."),
                f"{self.path}: {getattr(error, 'strerror', None) or error}.",
                tr("Choose a folder that this program made for a run."),
            ) from error

    def write_info(self, info: RunInfo) -> None:
        """Replace `run.json` in one step.

        Raises:
            OSError: The disk is full or gone.
        """
        write_atomically(self.info_file, info.to_json())

    def note(self, **changes: Any) -> RunInfo:
        """Change some fields of `run.json`.

        Raises:
            RefusedError: It is missing or broken.
            OSError: The disk is full or gone.
        """
        info = replace(self.info(), **changes)
        self.write_info(info)
        return info


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _occupied(path: Path) -> RefusedError:
    return RefusedError(
        tr("There is something in this place already."),
        str(path),
        tr("Choose an empty or a new folder; a run that exists is resumed instead."),
    )


def _file_name(name: str) -> str:
    plain = NOT_IN_NAMES.sub(" ", unicodedata.normalize("NFC", name))
    return " ".join(plain.split())[:NAME_LENGTH].rstrip(" .")


def gone(folder: RunFolder) -> StudioError:
    """What is said where a run's folder went away while the run went on."""
    return StudioError(
        told(mark("The run's folder is gone.")),
        str(folder.path),
        told(mark("It was moved or deleted while the run went on. Put it back, or train again.")),
    )
