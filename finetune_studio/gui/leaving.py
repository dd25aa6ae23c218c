"""What the window asks of a project: which to open, where to save, what is lost by leaving."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.widgets.dialog import Answer, Ask

if TYPE_CHECKING:
    from finetune_studio.gui.wizard import Wizard


ENDING: dict[str, tuple[Words, Words]] = {
    "saving": (
        lambda: tr("The result is still being saved"),
        lambda: tr("It ends when you leave the project, and nothing half-written stays."),
    ),
    "uploading": (
        lambda: tr("The result is still being uploaded"),
        lambda: tr(
            "It ends when you leave the project; the next upload goes on with what is missing."
        ),
    ),
    "measuring": (
        lambda: tr("The result is still being measured"),
        lambda: tr("It ends when you leave the project; what was measured before stays."),
    ),
}
"""By what goes on: what is asked, and what becomes of it."""


def ask_to_save(window: QWidget) -> str:
    """What becomes of changes that are in no file: "stay", "drop" or "save"."""
    return Ask(
        window,
        lambda: tr("Save the changes to the recipe?"),
        lambda: tr("They are in no file yet."),
        Answer("stay", lambda: tr("Go on editing")),
        [
            Answer("drop", lambda: tr("Do not save")),
            Answer("save", lambda: tr("Save"), "primary"),
        ],
    ).ask()


def ask_to_close(window: QWidget) -> str:
    """What becomes of a run when the window goes: "stay", "stop" or "leave"."""
    return Ask(
        window,
        lambda: tr("The training still runs"),
        lambda: tr(
            "It goes on without the window. When you open the project again, you see it as it "
            "stands then."
        ),
        Answer("stay", lambda: tr("Keep the window open")),
        [
            Answer("stop", lambda: tr("Stop and save")),
            Answer("leave", lambda: tr("Close and keep training"), "primary"),
        ],
    ).ask()


def may_end_work(window: QWidget, wizard: "Wizard | None") -> bool:
    """Whether what goes on for a project and ends with it may be given up."""
    if wizard is None or not wizard.unfinished:
        return True
    asked = Ask(
        window,
        *ENDING[wizard.unfinished],
        Answer("stay", lambda: tr("Wait for it")),
        [Answer("leave", lambda: tr("End it and leave"), "danger")],
    )
    return asked.ask() == "leave"


def ask_what_to_open(window: QWidget) -> Path | None:
    """A recipe, or the folder of a run; None where the person chose none."""
    from finetune_studio.gui.project import folder

    start = str(folder() if folder().is_dir() else Path.home())
    name, _ = QFileDialog.getOpenFileName(
        window,
        tr("Open a recipe or a run"),
        start,
        tr("Recipes and runs (*.yaml *.yml run.json)"),
    )
    if not name:
        return None
    path = Path(name)
    return path.parent if path.name == "run.json" else path


def ask_where_to_save(window: QWidget) -> Path | None:
    """Where the recipe is to be saved; None where the person thought better of it."""
    name, _ = QFileDialog.getSaveFileName(
        window, tr("Save the recipe"), str(Path.home() / "recipe.yaml"), "YAML (*.yaml)"
    )
    return Path(name) if name else None
