"""`finetune-studio gui`: open the window, on a recipe or a run where one is named."""

import argparse
import importlib.util
import os
from pathlib import Path

from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import tr


def add_options(parser: argparse.ArgumentParser) -> None:
    """What to open."""
    parser.add_argument(
        "what", nargs="?", type=Path, metavar="RECIPE-or-RUN", help=tr("what to open in it")
    )
    parser.set_defaults(run=gui)


def gui(options: argparse.Namespace) -> int:
    """Open the window and return when it is closed."""
    what = getattr(options, "what", None)
    if what is not None and not what.exists():
        raise RefusedError(
            tr("There is no recipe and no run at {path}.").format(path=what),
            hint=tr("Check the path, or open the window without one."),
        )
    if importlib.util.find_spec("PySide6") is None:
        raise StudioError(
            tr("The window's libraries are not installed."),
            hint=tr("Install Finetune Studio again; it brings PySide6."),
        )
    _refuse_without_screen()
    from finetune_studio.gui.app import start

    return start(str(what.absolute()) if what else "")


def _refuse_without_screen() -> None:
    """Say what Qt, which ends the process where it cannot draw, would not."""
    from finetune_studio.hardware.desktop import packages, read_desktop

    desktop = read_desktop()
    if desktop.missing:
        raise StudioError(
            tr("The window cannot open: {names} is missing.").format(
                names=", ".join(desktop.missing)
            ),
            hint=tr("Run: sudo apt install {packages}").format(packages=packages(desktop.missing)),
        )
    if not desktop.display and not os.environ.get("QT_QPA_PLATFORM"):
        raise StudioError(
            tr("There is no screen here, so the window cannot open; the command line works."),
            hint=tr("Sign in on a desktop, or use ssh -X."),
        )
