"""Turns what a person wrote as the model into a folder that has been looked into.

`demo` is the embedded model, then folders are tried, then the Hub. Loads nothing.
"""

import difflib
import re
from pathlib import Path

from finetune_studio import paths
from finetune_studio.catalog.local import inspect_model
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import tr

DEMO = "demo"
HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?")


def resolve_model(source: str, revision: str = "", trust_remote_code: bool = False) -> Path:
    """The folder of a model that can be trained.

    Args:
        source: `demo`, a folder, or a Hub id, which is downloaded where it is not on the disk.
        revision: On the Hub: a branch, tag or commit; empty for main.
        trust_remote_code: Whether the person agreed to run code that the model brings.

    Raises:
        RefusedError: There is no such model, or it cannot be trained; the error says why.
        StudioError: The download failed, or the embedded model is missing.
    """
    folder = _embedded() if source == DEMO else _folder(source)
    if folder is None:
        from finetune_studio.catalog import hub  # a download's parts, which are seldom needed

        folder = hub.fetch(source, revision, trust_remote_code)
    inspect_model(folder, trust_remote_code)
    return folder


def resolve_without_weights(
    source: str, revision: str = "", trust_remote_code: bool = False
) -> Path:
    """As `resolve_model`, where configuration and tokenizer are enough: weights may be missing.

    Raises:
        RefusedError: As `resolve_model`.
        StudioError: As `resolve_model`.
    """
    folder = _embedded() if source == DEMO else _folder(source)
    if folder is None:
        from finetune_studio.catalog import hub

        return hub.fetch_small(source, revision, trust_remote_code)
    inspect_model(folder, trust_remote_code)
    return folder


def _embedded() -> Path:
    folder = paths.resources() / "models" / DEMO
    if not folder.is_dir():
        raise StudioError(
            tr("The embedded model is missing from this installation."),
            str(folder),
            tr("Install the program again."),
        )
    return folder


def _folder(source: str) -> Path | None:
    """The folder that the source names; None where it can only be a Hub id."""
    path = Path(source)
    try:
        path = path.expanduser()
        if path.exists():
            return path.resolve()
    except (OSError, ValueError, RuntimeError) as error:  # too long, a NUL, an unknown ~user
        raise _no_folder(path) from error
    if not HUB_ID.fullmatch(source):
        raise _no_folder(path)
    return None


def _no_folder(path: Path) -> RefusedError:
    near = _nearest(path)
    return RefusedError(
        tr("The folder “{path}” does not exist.").format(path=path),
        hint=tr("Did you mean “{near}”?").format(near=near)
        if near
        else tr("Check the path; a Hub id looks like maker/model."),
    )


def _nearest(path: Path) -> Path | None:
    try:
        names = [each.name for each in path.parent.iterdir() if each.is_dir()]
    except (OSError, ValueError):
        return None
    near = difflib.get_close_matches(path.name, names, n=1)
    return path.with_name(near[0]) if near else None
