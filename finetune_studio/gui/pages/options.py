"""What the person prefers of the program itself: language, colours, folders, how much is shown."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QFileDialog, QLayout, QVBoxLayout, QWidget

from finetune_studio import __version__, paths
from finetune_studio.gui.language import NAMES, Words, say, tr
from finetune_studio.gui.opening import open_outside
from finetune_studio.gui.pages.place import Place
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.choice import Segmented, Switch
from finetune_studio.gui.widgets.layout import Rule, box, column, row
from finetune_studio.gui.widgets.text import Text

LABEL = 200
WIDEST = 760


class OptionsPage(Place):
    """The page of the preferences; each counts at once."""

    def __init__(self, preferred: Preferred) -> None:
        super().__init__()
        self._preferred = preferred
        self._language = Segmented(
            [
                ("system", lambda: tr("As the system")),
                *((code, NAMES[code]) for code in NAMES),
            ]
        )
        self._language.edited.connect(lambda code: self.language_asked.emit(str(code)))
        self._theme = Segmented(
            [
                ("system", lambda: tr("As the system")),
                ("light", lambda: tr("Light")),
                ("dark", lambda: tr("Dark")),
            ]
        )
        self._theme.edited.connect(lambda mode: self.theme_asked.emit(str(mode)))
        self._advanced = Switch()
        self._advanced.edited.connect(lambda on: preferred.change(advanced=bool(on)))
        self._folder = Text(self._where, "body", "text2", wrap=True)
        self._choose = Button(lambda: tr("Choose …"), glyph="folder-open")
        self._choose.clicked.connect(self._choose_folder)
        self._usual = Button(lambda: tr("The usual place"), "link")
        self._usual.clicked.connect(lambda: preferred.change(runs_folder=""))
        self._lay()
        preferred.changed.connect(self._show)
        self._show()

    def _lay(self) -> None:
        self.lay(
            lambda: tr("How would you like it?"),
            lambda: tr("Every choice counts at once."),
            column(Card(self._looks()), Card(self._folders()), *self._foot(), gap=Space.m),
            widest=WIDEST,
        )
        for widget, words in (
            (self._language, tr("Language")),
            (self._theme, tr("Colours")),
            (self._advanced, tr("Show every setting")),
        ):
            widget.setAccessibleName(words)

    def _looks(self) -> QVBoxLayout:
        return column(
            _line(lambda: tr("Language"), self._language),
            Rule(),
            _line(lambda: tr("Colours"), self._theme),
            Rule(),
            _line(
                lambda: tr("Show every setting"),
                self._advanced,
                lambda: tr("Forms open with the advanced settings too."),
            ),
            gap=Space.m,
        )

    def _folders(self) -> QVBoxLayout:
        place = box(column(self._folder, row(self._choose, self._usual, None), gap=Space.xs))
        training = Button(lambda: tr("Look at the set-up …"), glyph="package")
        training.setObjectName("setup")
        training.clicked.connect(lambda: self.place_asked.emit("setup"))
        return column(
            _line(
                lambda: tr("New runs go to"),
                place,
                lambda: tr("A run holds its checkpoints, which may need many GB."),
            ),
            Rule(),
            _line(lambda: tr("PyTorch for training"), box(row(training, None))),
            gap=Space.m,
        )

    def _foot(self) -> tuple[QLayout, None, QLayout]:
        home = Button(lambda: tr("Open the data folder"), "quiet", "folder-open")
        home.clicked.connect(lambda: open_outside(self, QUrl.fromLocalFile(str(paths.data()))))
        private = Text(
            lambda: tr("Nothing is sent anywhere: no statistics, no error reports."),
            "caption",
            "text3",
        )
        version = Text(f"Finetune Studio {__version__}", "caption", "text3")
        return row(home, None), None, row(private, None, version)

    def _show(self) -> None:
        value = self._preferred.value
        self._language.show_value(value.language)
        self._theme.show_value(value.theme)
        self._advanced.show_value(value.advanced)
        self._folder.say(self._where)
        self._usual.setVisible(bool(value.runs_folder))

    def _where(self) -> str:
        chosen = self._preferred.value.runs_folder
        return str(Path(chosen) if chosen else paths.runs())

    def _choose_folder(self) -> None:
        found = QFileDialog.getExistingDirectory(self, tr("New runs go to"), self._where())
        if found:
            self._preferred.change(runs_folder=found)


def _line(label: Words, control: QWidget, note: Words = "") -> QWidget:
    words = Text(label, "body")
    words.setFixedWidth(LABEL)
    words.setBuddy(control)
    small = isinstance(control, Segmented | Switch)
    right = column(row(control, None) if small else control, gap=Space.xs)
    if say(note):
        right.addWidget(Text(note, "caption", "text3", wrap=True))
    line = row(words, box(right), gap=Space.m)
    line.setAlignment(words, Qt.AlignmentFlag.AlignTop)
    words.setContentsMargins(0, 7, 0, 0)
    line.setStretch(1, 1)
    return box(line)
