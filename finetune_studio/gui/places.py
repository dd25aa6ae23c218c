"""The pages beside the wizard, by name, and how one covers what is open.

A page joins the window by its line here.
"""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QWidget

from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.pages.place import Place
from finetune_studio.gui.preferred import Preferred
from finetune_studio.gui.turns import turns_of


def _history(preferred: Preferred, jobs: Jobs) -> Place:
    from finetune_studio.gui.pages.history import HistoryPage  # the curves are slow to import

    return HistoryPage(preferred, jobs)


def _preferences(preferred: Preferred, jobs: Jobs) -> Place:
    from finetune_studio.gui.pages.options import OptionsPage

    return OptionsPage(preferred)


def _help(preferred: Preferred, jobs: Jobs) -> Place:
    from finetune_studio.gui.pages.help import HelpPage

    return HelpPage()


def _setup(preferred: Preferred, jobs: Jobs) -> Place:
    from finetune_studio.gui.pages.setup import SetupPage

    return SetupPage(jobs)


PLACES: dict[str, Callable[[Preferred, Jobs], Place]] = {
    "history": _history,
    "preferences": _preferences,
    "help": _help,
    "setup": _setup,
}


class Pages(QStackedWidget):
    """What the window shows: one page, and now and then another over it.

    Attributes:
        cover_now: The page that lies over the other; None where none does.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cover_now: Place | None = None

    def show_page(self, page: QWidget) -> None:
        """Show a page in the place of the one before, which goes."""
        self.uncover()
        before = self.currentWidget()
        self._enter(page)
        if before is not None:
            self._drop(before)

    def cover(self, place: Place) -> None:
        """Lay a page over the one that is shown."""
        self.uncover()
        self.cover_now = place
        self._enter(place)

    def uncover(self) -> None:
        """Take away the page that lies over the other."""
        place, self.cover_now = self.cover_now, None
        if place is not None:
            self._drop(place)
            if below := self.currentWidget():
                below.setFocus()  # not whatever button comes next, perhaps one that ends a run

    def _enter(self, page: QWidget) -> None:
        """Show a page; it is painted in a turn of its own."""
        if self.isVisible() and self.updatesEnabled():
            self.setUpdatesEnabled(False)
            turns_of(self).end(self._paint, within=0)
        self.addWidget(page)
        self.setCurrentWidget(page)
        page.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        page.setFocus()  # the first Tab enters the page; nothing wears a ring before

    def _paint(self) -> None:
        self.setUpdatesEnabled(True)

    def _drop(self, page: QWidget) -> None:
        self.removeWidget(page)
        page.hide()
        turns_of(self).end(page.deleteLater, within=0)  # which takes a while
