"""Imports what a project needs while the person still looks at the start page.

Imported when a project is opened, it would hold the window still for a quarter of a second. In a
thread it lets the window go on. Knows no page.
"""

from importlib import import_module

from PySide6.QtCore import QObject, QTimer

from finetune_studio.errors import StudioError
from finetune_studio.gui.jobs import Jobs

RESTS = 300  # milliseconds: the first window is drawn before
NEEDED = (
    "finetune_studio.gui.project",
    "finetune_studio.gui.wizard",
    "finetune_studio.gui.work_strip",
    "finetune_studio.gui.drafts",
    "finetune_studio.runs.process",
    "numpy.ma",  # which numpy itself imports at the first call of some functions
)


class Ahead(QObject):
    """Imports in a thread, a moment after it is made; never, where its owner goes before."""

    def __init__(self, parent: QObject, jobs: Jobs) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._rest = QTimer(self, singleShot=True, interval=RESTS)
        self._rest.timeout.connect(self._go)
        jobs.closing.connect(self._rest.stop)
        self._rest.start()

    def _go(self) -> None:
        self._jobs.run("ahead", import_needed, self._done, self._fail)

    def _done(self, _: None) -> None:
        """Nothing waits for it: whoever needs a module imports it, or waits for this one."""

    def _fail(self, error: StudioError) -> None:
        """Who needs the module will say so."""


def import_needed() -> None:
    """Import every module that opening a project takes."""
    for name in NEEDED:
        import_module(name)
