"""Lets one process at a time start a run.

Who trains in a folder for hours is another matter: `run.json` names the trainer by its number and
the time it began, see liveness.py.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from finetune_studio import lockfile
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import tr
from finetune_studio.runs.folder import RunFolder

NAME = ".starting"


@contextmanager
def claimed(folder: RunFolder) -> Iterator[None]:
    """Hold the right to start this run.

    Raises:
        RefusedError: Another process is starting it now.
        StudioError: The disk refuses the lock.
    """
    try:
        handle = lockfile.take(folder.path / NAME)
    except lockfile.TakenError as error:
        raise training_already(folder) from error
    except OSError as error:
        raise StudioError(
            tr("The trainer cannot be started."),
            f"{folder.path}: {error.strerror or error}",
            tr("Check that the folder can be written to, or keep runs on another disk."),
        ) from error
    try:
        yield
    finally:
        os.close(handle)


def training_already(folder: RunFolder) -> RefusedError:
    """The refusal of a second trainer in one folder."""
    return RefusedError(
        tr("This run is training already."),
        str(folder.path),
        tr("Follow it, or stop it first."),
    )
