"""Where data comes from: files, a folder, the Hub, a sample; asked of the person by a menu."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from finetune_studio import paths
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.hub_dialog import HubDialog
from finetune_studio.gui.project import Project

KINDS = (
    "*.csv *.tsv *.tab *.json *.jsonl *.ndjson *.parquet *.arrow *.feather *.xlsx *.txt *.md "
    "*.zip *.gz *.zst"
)
SAMPLES = ("korean_qa.csv", "korean_sentiment.csv", "korean_text.txt", "english_qa.jsonl")
Use = Callable[[list[str]], None]


class Sources:
    """Asks for data; what is chosen goes to the caller."""

    def __init__(self, page: QWidget, project: Project) -> None:
        self._page, self._project = page, project

    def offer(self, button: QWidget, use: Use) -> None:
        """Open the menu of all sources under a button."""
        menu = QMenu(self._page)
        for words, ask in (
            (tr("Files …"), self.files),
            (tr("A folder …"), self.folder),
            (tr("A dataset of the Hub …"), self.hub),
        ):
            menu.addAction(words).triggered.connect(lambda _=False, ask=ask: ask(use))
        menu.addSeparator()
        self._add_samples(menu, use)
        _popup(menu, button)

    def samples(self, button: QWidget, use: Use) -> None:
        """Open the menu of the samples under a button."""
        menu = QMenu(self._page)
        self._add_samples(menu, use)
        _popup(menu, button)

    def files(self, use: Use) -> None:
        """Ask for files."""
        names, _ = QFileDialog.getOpenFileNames(
            self._page,
            tr("Choose files"),
            self._start(),
            f"{tr('Data')} ({KINDS});;{tr('All files')} (*)",
        )
        if names:
            use(names)

    def folder(self, use: Use) -> None:
        """Ask for a folder, of which every readable file is taken."""
        name = QFileDialog.getExistingDirectory(
            self._page, tr("Choose a folder of data"), self._start()
        )
        if name:
            use([name])

    def hub(self, use: Use) -> None:
        """Ask for a dataset of the Hub."""
        dialog = HubDialog(self._page, self._project.jobs)
        if dialog.exec():
            use([dialog.name])
        dialog.deleteLater()

    def _add_samples(self, menu: QMenu, use: Use) -> None:
        for name in SAMPLES:
            path = str(paths.resources() / "samples" / name)
            action = menu.addAction(_sample_words(name))
            action.triggered.connect(lambda _=False, path=path: use([path]))

    def _start(self) -> str:
        before = [Path(each) for each in self._project.session.recipe.data.files]
        place = next((each.parent for each in before if each.parent.is_dir()), Path.home())
        return str(place)


def _popup(menu: QMenu, button: QWidget) -> None:
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(button.mapToGlobal(QPoint(0, button.height() + 4)))


def _sample_words(name: str) -> str:
    return {
        "korean_qa.csv": tr("Korean questions and answers (1,500 rows)"),
        "korean_sentiment.csv": tr("Korean film reviews with labels (3,000 rows)"),
        "korean_text.txt": tr("Korean text (400 lines)"),
        "english_qa.jsonl": tr("English questions and answers (153 rows)"),
    }[name]
