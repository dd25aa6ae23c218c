"""The pages beside the wizard, by name. A page joins the window by its line here."""

from collections.abc import Callable

from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.pages.place import Place
from finetune_studio.gui.preferred import Preferred


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
