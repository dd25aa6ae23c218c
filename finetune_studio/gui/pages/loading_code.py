"""The code that loads the result of a run in Python, to read and to copy."""

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QWidget

from finetune_studio.export.facts import read_json
from finetune_studio.export.loading import python_code
from finetune_studio.gui.language import tr
from finetune_studio.gui.theme import font
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.layout import column, row
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.methods import Full
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.folder import RunFolder


def loading_code(run: RunFolder, recipe: Recipe) -> str:
    """The lines of Python for this run's result and task."""
    form = "merged" if isinstance(recipe.method, Full) else "adapter"
    labels = read_json(run.result / "studio.json").get("labels") or ()
    return python_code(form, recipe.task.kind, str(run.result), labels=labels)


class CodeDialog(QDialog):
    """The code, and a button that copies it."""

    def __init__(self, parent: QWidget, run: RunFolder, recipe: Recipe) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Loading code"))
        text = QPlainTextEdit(loading_code(run, recipe))
        text.setReadOnly(True)
        text.setFont(font("mono"))
        text.setProperty("well", True)
        text.setAccessibleName(tr("Loading code"))
        copy = Button(lambda: tr("Copy"), "quiet", "copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text.toPlainText()))
        close = Button(lambda: tr("Close"), "primary")
        close.clicked.connect(self.accept)
        close.setDefault(True)
        self.setLayout(
            column(
                Text(lambda: tr("Load the result in Python"), "section"),
                text,
                row(copy, None, close),
                gap=Space.m,
                pad=Space.xl,
            )
        )
        self.resize(720, 420)
