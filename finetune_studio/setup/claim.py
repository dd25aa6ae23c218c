"""Lets one program at a time set up in a folder.

Standard library only.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from finetune_studio import lockfile
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.setup import faults

NAME = ".setting-up"


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold the right to set up in this folder, which is made where it is not there.

    Raises:
        RefusedError: Another program sets up there now, or the folder cannot be written.
        StudioError: The disk is full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = lockfile.take(folder / NAME)
    except lockfile.TakenError as error:
        raise RefusedError(
            tr("Another copy of the program is setting up in this folder."),
            str(folder),
            tr("Wait until it is done, or close it."),
        ) from error
    except OSError as error:
        raise faults.of_system(error, str(folder)) from error
    try:
        yield
    finally:
        os.close(handle)
