"""What is asked before a project or the window is left, so that nothing is lost. Knows no page."""

from PySide6.QtWidgets import QWidget

from finetune_studio.gui.language import tr
from finetune_studio.gui.widgets.dialog import Answer, Ask


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
        Answer("stay", lambda: tr("Stay here")),
        [
            Answer("stop", lambda: tr("Stop and save")),
            Answer("leave", lambda: tr("Keep training"), "primary"),
        ],
    ).ask()
