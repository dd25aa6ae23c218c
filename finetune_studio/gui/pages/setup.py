"""The set-up page: PyTorch and what training needs, chosen, sized, installed, proved, kept well."""

import platform
import sys
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from finetune_studio import installed
from finetune_studio.gui.header import Looks
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.language import tr
from finetune_studio.gui.opening import open_outside
from finetune_studio.gui.pages.place import Place
from finetune_studio.gui.pages.setup_plan import SetupPlan
from finetune_studio.gui.pages.setup_progress import SetupProgress
from finetune_studio.gui.pages.setup_words import build_name, own_folder
from finetune_studio.gui.setting_up import SettingUp
from finetune_studio.gui.tokens import Size, Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import Rule, box, clear, column, row
from finetune_studio.gui.widgets.text import Text
from finetune_studio.setup.life import state

WIDEST = 1060
COMMAND = "pip install 'finetune-studio[train]'"


class SetupPage(Place):
    """Everything about what training runs in."""

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._job = SettingUp.of(jobs)
        self._ours = installed.program() is not None
        self._said = column(gap=Space.s)
        self._ready = column(gap=Space.m)
        self._plan, self._progress = SetupPlan(self._job), SetupProgress(self._job)
        self._plan.start_asked.connect(self._job.start)
        looks = Looks()
        looks.language_asked.connect(self.language_asked)
        looks.theme_asked.connect(self.theme_asked)
        main = box(column(self._said, self._ready, self._plan, self._progress, None, gap=Space.m))
        line = row(main, box(column(_aside(), None)), gap=Space.xl)
        line.setStretch(0, 1)
        self.lay(
            lambda: tr("Is this computer ready to train?"),
            lambda: tr(
                "PyTorch and the training libraries are installed once, in their own folder."
            ),
            column(line),
            beside=looks,
            widest=WIDEST,
        )
        self._job.moved.connect(self._refresh)
        if self._ours and self._job.phase in ("idle", "failed") and not installed.can_train():
            self._job.look()
        self._refresh()

    def _refresh(self) -> None:
        job = self._job
        ready = installed.can_train()
        self._progress.setVisible(job.running)
        self._plan.setVisible(self._ours and not job.running and (not ready or bool(job.plan))
                              and job.phase != "done")  # fmt: skip
        self._tell()
        self._show_ready(ready and not job.running)

    def _tell(self) -> None:
        clear(self._said)
        error = self._job.error
        if error is not None:
            detail = "\n".join(part for part in (error.detail, error.hint) if part)
            again = FindingBox("error", error.title, detail, lambda: tr("Try again"))
            again.fix_pressed.connect(self._again)
            self._said.addWidget(again)
        elif not self._ours and not installed.can_train():
            self._said.addWidget(_by_hand())

    def _again(self) -> None:
        if self._job.plan is not None:
            self._job.start()
        else:
            self._job.look()

    def _show_ready(self, ready: bool) -> None:
        clear(self._ready)
        if not ready:
            return
        self._ready.addWidget(self._good())
        if not self._ours:
            self._ready.addWidget(_own_python())
        elif self._job.plan is None:
            self._ready.addWidget(self._care())

    def _good(self) -> QWidget:
        now = state()
        if not self._ours:
            detail = tr("It runs in the Python that this program runs in.")
        else:
            text = tr("{build}, computed on: {devices}.")
            detail = text.format(build=build_name(now.build), devices=now.proved)
        title = (lambda: tr("Training is ready")) if not now.outdated else (
            lambda: tr("Training works, and newer libraries came with an update"))  # fmt: skip
        good = FindingBox(
            "good" if not now.outdated else "advice",
            title,
            detail,
            (lambda: tr("Go on")) if not now.outdated else (lambda: tr("Update")),
        )
        good.fix_pressed.connect(self._job.repair if now.outdated else self.left)
        return good

    def _care(self) -> QWidget:
        """What can be done with what is there."""
        place = Text(str(installed.training_environment()), "caption", "text3", wrap=True)
        repair = Button(lambda: tr("Check and repair"), glyph="rotate-ccw")
        repair.setObjectName("repair")
        repair.clicked.connect(self._job.repair)
        other = Button(lambda: tr("Change the build …"), glyph="sliders-horizontal")
        other.setObjectName("change")
        other.clicked.connect(self._job.look)
        move = Button(lambda: tr("Move …"), glyph="folder-open")
        move.setObjectName("move")
        move.clicked.connect(self._ask_where)
        log = Button(lambda: tr("Open the folder"), "quiet")
        log.clicked.connect(
            lambda: open_outside(self, QUrl.fromLocalFile(str(installed.training_folder())))
        )
        return Card(column(place, row(repair, other, move, None, log), gap=Space.m, pad=18))

    def _ask_where(self) -> None:
        title = tr("Where should it be moved?")
        found = QFileDialog.getExistingDirectory(self, title, str(installed.training_folder()))
        if found:
            self._job.move(own_folder(Path(found)))


def _aside() -> QWidget:
    """What is good to know before one presses the button."""
    lines = column(gap=Space.m)
    for glyph, words in (
        ("shield-check", lambda: tr("Every file is compared with a hash before it is used.")),
        ("gpu", lambda: tr("The build of PyTorch is chosen for your driver and GPU, and is tried "
                           "on them before it is used.")),
        ("rotate-ccw", lambda: tr("After an interruption or a full disk it goes on where it was.")),
        ("lock", lambda: tr("Nothing outside the folder is changed. No administrator is needed.")),
    ):  # fmt: skip
        sign = column(Glyph(glyph, "text2"), None, pad=(0, 2, 0, 0))
        line = row(sign, Text(words, "caption", "text2", wrap=True), gap=10)
        line.setStretch(1, 1)
        lines.addWidget(box(line))
    held = Card(lines, fill="canvas")
    held.setFixedWidth(Size.side + 20)
    return held


def _own_python() -> QWidget:
    """What trains in a Python of the person's own, which they keep themselves."""
    lines = column(Text(lambda: tr("What trains here"), "section"), gap=6, pad=18)
    python = ("Python", platform.python_version())
    for name, version in (python, *installed.training_packages()):
        told = Text(name, "body", "text2").explain(sys.executable if name == python[0] else "")
        lines.addLayout(row(told, None, Text(version, "mono"), gap=Space.m))
    lines.addWidget(Rule())
    keeps = Text(
        lambda: tr(
            "You keep this Python yourself, with pip. What an installer sets up can be repaired "
            "and moved from here."
        ),
        "caption",
        "text2",
        wrap=True,
    )
    lines.addWidget(keeps)
    return Card(lines)


def _by_hand() -> QWidget:
    words = column(
        Text(lambda: tr("This copy was not installed by an installer"), "strong", wrap=True),
        Text(
            lambda: tr("Install what training needs into its Python, then start it again:"),
            "caption",
            "text2",
            wrap=True,
        ),
        gap=Space.xs,
    )
    copy = Button(lambda: tr("Copy"), glyph="copy")
    copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(COMMAND))
    line = row(Text(COMMAND, "mono"), None, copy)
    return Card(column(words, line, gap=Space.m, pad=18))
