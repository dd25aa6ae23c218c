"""Deletes a run, and nothing else: no folder that is not a run, no run that goes on."""

import shutil

from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import tr
from finetune_studio.runs.claim import claimed
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.liveness import is_alive


def refuse_undeletable(folder: RunFolder) -> None:
    """Say why a run must stay.

    Raises:
        RefusedError: It is no run, a link to one, or it is running.
    """
    folder.info()
    if folder.path.is_symlink():
        raise RefusedError(
            tr("This is a link to a run, not the run."),
            str(folder.path),
            tr("Delete the folder that it points to: {path}.").format(path=folder.path.resolve()),
        )
    if is_alive(folder):
        raise RefusedError(
            tr("This run is running."), str(folder.path), tr("Stop it first, then delete it.")
        )


def delete(folder: RunFolder) -> None:
    """Delete a run with everything in its folder.

    Its `run.json` goes first, under the lock that starting needs: from then on it is no run.

    Raises:
        RefusedError: It is no run, a link to one, or it is running.
        StudioError: Something in it cannot be deleted; the error names it.
    """
    refuse_undeletable(folder)
    with claimed(folder):
        refuse_undeletable(folder)
        try:
            folder.info_file.unlink()
        except OSError as error:
            raise _cannot(folder, error) from error
    try:
        shutil.rmtree(folder.path)
    except OSError as error:
        raise _cannot(folder, error) from error


def _cannot(folder: RunFolder, error: OSError) -> StudioError:
    return StudioError(
        tr("A part of the run could not be deleted."),
        f"{error.filename or folder.path}: {error.strerror or error}",
        tr("Close what uses it, then delete the folder {path} by hand.").format(path=folder.path),
    )
