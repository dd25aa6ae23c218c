"""The bar over a project: its name, whether it is saved, its recipe, language and theme."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QWidget
from typing_extensions import override

from finetune_studio.gui import language
from finetune_studio.gui.language import NAMES, Code, tr
from finetune_studio.gui.theme import font, theme
from finetune_studio.gui.tokens import Size, Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.dialog import Over
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import Pane, column, row
from finetune_studio.gui.widgets.line import Line
from finetune_studio.gui.widgets.text import OneLine, Text

if TYPE_CHECKING:
    from finetune_studio.gui.project import Project


class Looks(QWidget):
    """The two buttons for language and theme, on every page of the window.

    Attributes:
        language_asked: Another language was chosen, by its code.
        theme_asked: Another theme was chosen.
    """

    language_asked = Signal(str)
    theme_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        # The other language is called by its own name: it is for who cannot read this one.
        self._language = Button(lambda: NAMES[self._other()], "quiet", "globe")
        self._language.clicked.connect(lambda: self.language_asked.emit(self._other()))
        self._theme = Button(name=self._theme_name, kind="quiet", glyph="moon")
        self._theme.clicked.connect(
            lambda: self.theme_asked.emit("light" if theme.dark else "dark")
        )
        theme.changed.connect(self._show_theme)
        self.setLayout(row(self._language, self._theme, gap=6))
        self._show_theme()

    @staticmethod
    def _other() -> Code:
        return "en" if language.current() == "ko" else "ko"

    @staticmethod
    def _theme_name() -> str:
        return tr("Light colours") if theme.dark else tr("Dark colours")

    def _show_theme(self) -> None:
        self._theme.show_glyph("sun" if theme.dark else "moon")
        self._theme.say("", name=self._theme_name)


class Header(Pane):
    """The bar over the page.

    Attributes:
        save_asked: The person wants the recipe saved now.
    """

    save_asked = Signal()

    def __init__(self, project: "Project") -> None:
        super().__init__(None, "surface", "b")
        self._project = project
        self.looks = Looks()
        self._name = OneLine("", "section")
        self._field = Line()
        self._field.setFixedWidth(280)
        self._field.hide()
        self._field.edited.connect(self._rename)
        self._field.editingFinished.connect(lambda: self._edit_name(False))
        self._pencil = Button(name=lambda: tr("Rename"), kind="quiet", glyph="pencil")
        self._pencil.clicked.connect(lambda: self._edit_name(True))
        self._sign, self._saved = Glyph("check", "text3", 14), Text("", "caption", "text3")
        self._save = Button(lambda: tr("Save"), "quiet", "save")
        self._save.clicked.connect(self.save_asked)
        self._undo = Button(name=lambda: tr("Undo"), kind="quiet", glyph="undo-2")
        self._undo.clicked.connect(project.session.undo)
        self._redo = Button(name=lambda: tr("Redo"), kind="quiet", glyph="redo-2")
        self._redo.clicked.connect(project.session.redo)
        self._recipe = Button(lambda: tr("Recipe"), "quiet", "file-text")
        self._recipe.clicked.connect(lambda: RecipeDialog(self, project).exec())
        self.setLayout(self._line())
        self.setFixedHeight(Size.header)
        project.session.file_changed.connect(self.refresh)
        self.refresh()

    def _line(self) -> QHBoxLayout:
        return row(
            self._name,
            self._field,
            self._pencil,
            self._sign,
            self._saved,
            self._save,
            None,
            self._undo,
            self._redo,
            self._recipe,
            self.looks,
            gap=6,
            pad=(28, 0, 12, 0),
        )

    def refresh(self) -> None:
        """Show the name and whether it is saved."""
        session = self._project.session
        self._name.say(self._project.name or (lambda: tr("Untitled")))
        self._undo.setEnabled(session.can_undo)
        self._redo.setEnabled(session.can_redo)
        waits = not session.saves_itself and (session.modified or session.path is None)
        self._save.setVisible(waits)
        self._sign.setVisible(not waits)
        self._saved.setVisible(not waits)
        self._saved.say(lambda: tr("Saving …") if session.modified else tr("Saved"))

    def _edit_name(self, editing: bool) -> None:
        self._name.setVisible(not editing)
        self._pencil.setVisible(not editing)
        self._field.setVisible(editing)
        if editing:
            self._field.show_value(self._project.name)
            self._field.setAccessibleName(tr("Name of the project"))
            self._field.setFocus()
            self._field.selectAll()

    def _rename(self, name: object) -> None:
        self._project.session.change({"name": str(name).strip()})


class RecipeDialog(Over):
    """The recipe as it stands in its file, to read and to copy."""

    def __init__(self, parent: QWidget, project: "Project") -> None:
        super().__init__(parent, tr("Recipe"))
        from finetune_studio.recipe import store

        text = QPlainTextEdit(store.dump(project.session.recipe))
        text.setReadOnly(True)
        text.setFont(font("mono"))
        text.setProperty("well", True)
        text.setAccessibleName(tr("Recipe"))
        copy = Button(lambda: tr("Copy"), "quiet", "copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text.toPlainText()))
        close = Button(lambda: tr("Close"), "primary")
        close.clicked.connect(self.accept)
        close.setDefault(True)
        path = project.session.path
        where = Text(str(path) if path else tr("It has no file yet."), "caption", "text3")
        self.setLayout(
            column(
                Text(lambda: tr("Everything that is decided, as a file"), "section"),
                where,
                text,
                row(copy, None, close),
                gap=Space.m,
                pad=Space.xl,
            )
        )
        self.resize(640, 640)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
