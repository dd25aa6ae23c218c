"""Where things lie: the person's data and runs, the cache, the bundled resources.

Knows the three ways the program is installed (checkout, wheel, frozen) and nothing else.
"""

import os
import sys
from pathlib import Path

APP = "finetune-studio"
PACKAGE = Path(__file__).resolve().parent


def resources() -> Path:
    """The bundled resources: beside the package in a checkout, inside it in a wheel."""
    return PACKAGE.parent / "resources" if in_checkout() else PACKAGE / "_resources"


def in_checkout() -> bool:
    """Whether the program runs from its source, whose files may change under it."""
    return not (PACKAGE / "_resources").is_dir()


def data() -> Path:
    """The person's own data for this program; `FINETUNE_STUDIO_HOME` overrides it."""
    if home := os.environ.get("FINETUNE_STUDIO_HOME"):
        return Path(home).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", "~/AppData/Local")).expanduser() / APP
    if sys.platform == "darwin":
        return Path("~/Library/Application Support").expanduser() / APP
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / APP


def runs() -> Path:
    """The folder that holds the runs."""
    return data() / "runs"


def cache() -> Path:
    """What can be made again: tokenised data."""
    if os.environ.get("FINETUNE_STUDIO_HOME") or sys.platform in ("win32", "darwin"):
        return data() / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / APP
