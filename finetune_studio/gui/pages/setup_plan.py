"""What a set-up would do, as a card: the build and why, the folder and its disk, the sizes."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QGridLayout, QLayout, QWidget

from finetune_studio.gui import amounts
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.pages.setup_words import BUILDS, GROUPS, build_name, groups, own_folder
from finetune_studio.gui.setting_up import SettingUp
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.choice import Segmented
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import Rule, box, clear, column, row
from finetune_studio.gui.widgets.meter import Track
from finetune_studio.gui.widgets.text import Text

LABEL = 132


class SetupPlan(Card):
    """What will be installed, and what can be chosen of it.

    Attributes:
        start_asked: Do it.
    """

    start_asked = Signal()

    def __init__(self, job: SettingUp) -> None:
        super().__init__(name=lambda: tr("Plan"))
        self._job = job
        self._build = Segmented([(key, words) for key, words in BUILDS.items()])
        self._build.setObjectName("build")
        self._build.edited.connect(self._choose_build)
        self._why = Text(self._reason, "caption", "text3", wrap=True)
        self._remedy = column(gap=0)
        self._where = Text(lambda: str(job.folder), "body", "text2", wrap=True)
        self._folder = Button(lambda: tr("Choose …"), glyph="folder-open")
        self._folder.setObjectName("folder")
        self._folder.clicked.connect(self._choose_folder)
        self._disk = Track(height=6)
        self._room = Text(self._room_words, "caption", "text3")
        self._sizes = QGridLayout()
        self._sizes.setVerticalSpacing(6)
        self._sizes.setColumnStretch(0, 1)
        self._start = Button(self._start_words, "primary", "package")
        self._start.setObjectName("start")
        self._start.clicked.connect(self.start_asked)
        self._bundle = Button(self._bundle_words, "link")
        self._bundle.setObjectName("bundle")
        self._bundle.clicked.connect(self._choose_bundle)
        self.hold(self._laid())
        job.moved.connect(self.refresh)
        self.refresh()

    def _laid(self) -> QLayout:
        build = column(row(self._build, None), self._why, self._remedy, gap=Space.xs)
        place = column(
            row(self._where, self._folder, gap=Space.m), self._disk, self._room, gap=Space.xs
        )
        place.itemAt(0).layout().setStretch(0, 1)  # type: ignore[union-attr]
        return column(
            _part(lambda: tr("Build of PyTorch"), build),
            Rule(),
            _part(lambda: tr("Folder"), place),
            Rule(),
            _part(lambda: tr("To download"), self._sizes),
            Space.xs,
            row(self._start, self._bundle, None, gap=Space.l),
            gap=Space.m,
            pad=(20, 18, 20, 18),
        )

    def refresh(self) -> None:
        """Show what is known now."""
        job, plan = self._job, self._job.plan
        self._build.show_value(job.build or "")
        for each in (self._why, self._where, self._room):
            each.refresh()
        clear(self._remedy)
        remedy = plan.choice.remedy if plan else ""
        if plan and remedy:
            self._remedy.addWidget(FindingBox("warning", plan.choice.reason, remedy))
        self._disk.show_part(plan.disk / max(1, plan.free) if plan else 0.0)
        self._disk.setAccessibleName(self._room.plain)
        self._room.set_tone("bad" if plan and not plan.fits else "text3")
        self._tabulate()
        busy = job.phase == "looking"
        self._start.setEnabled(bool(plan and plan.fits) and not busy)
        self._start.say(self._start_words)
        self._bundle.say(self._bundle_words)
        for control in (self._build, self._folder, self._bundle):
            control.setEnabled(not busy)

    def _tabulate(self) -> None:
        clear(self._sizes)
        plan = self._job.plan
        if plan is None:
            words = (lambda: tr("Asking what there is …")) if self._job.phase == "looking" else "–"
            self._sizes.addWidget(Text(words, "body", "text3"), 0, 0)
            return
        lines: list[tuple[Words, str]] = [
            (GROUPS[key], amounts.size(size)) for key, size in groups(plan.wheels).items()
        ]
        come = sum(wheel.size for wheel in plan.wheels) - plan.download
        if come > 0:
            lines.append((lambda: tr("Already here"), f"− {amounts.size(come)}"))
        lines.append((lambda: tr("Together"), amounts.size(plan.download)))
        for index, (words, value) in enumerate(lines):
            role = "strong" if index == len(lines) - 1 else "body"
            number = Text(value, role)
            self._sizes.addWidget(Text(words, role, "text" if role == "strong" else "text2"),
                                  index, 0)  # fmt: skip
            self._sizes.addWidget(number, index, 1, Qt.AlignmentFlag.AlignRight)

    def _reason(self) -> str:
        plan = self._job.plan
        if plan is None:
            return tr("The build must suit the NVIDIA driver and the GPU.")
        if plan.choice.remedy:
            return tr("For now: {build}").format(build=build_name(plan.choice.build))
        if not plan.choice.reason:
            return tr("Chosen by you. The other choice is made from the driver and the GPU.")
        return f"{build_name(plan.choice.build)}: {plan.choice.reason}"

    def _room_words(self) -> str:
        plan = self._job.plan
        if plan is None:
            return " "
        need, free = amounts.size(plan.disk), amounts.size(plan.free)
        if plan.fits:
            stays = amounts.size(plan.stays)
            text = tr("Needs {need} while it works, {stays} in the end; {free} are free.")
            return text.format(need=need, stays=stays, free=free)
        return tr("Too little room: {need} are needed, {free} are free.").format(
            need=need, free=free
        )

    def _start_words(self) -> str:
        plan = self._job.plan
        if plan is None:
            return tr("Install")
        if not plan.download:
            return tr("Install what is here")
        return tr("Install ({size})").format(size=amounts.size(plan.download))

    def _bundle_words(self) -> str:
        bundle = self._job.bundle
        if bundle is None:
            return tr("No internet? Use an offline bundle …")
        return tr("From the bundle {name}; use the internet instead").format(name=bundle.name)

    def _choose_build(self, key: object) -> None:
        chosen = next((each for each in ("cpu", "cu126", "cu130") if each == key), None)
        self._job.choose(build=chosen, bundle=self._job.bundle)

    def _choose_folder(self) -> None:
        title = tr("Where should it be installed?")
        found = QFileDialog.getExistingDirectory(self, title, str(self._job.folder))
        if found:
            self.use_folder(Path(found))

    def use_folder(self, chosen: Path) -> None:
        """Install into this folder."""
        folder = own_folder(chosen)
        self._job.choose(folder=folder, build=self._job.build, bundle=self._job.bundle)

    def _choose_bundle(self) -> None:
        if self._job.bundle is not None:
            self._job.choose(build=self._job.build)
            return
        found = QFileDialog.getExistingDirectory(self, tr("The folder of the offline bundle"))
        if found:
            self._job.choose(build=self._job.build, bundle=Path(found))


def _part(label: Words, right: QLayout) -> QWidget:
    words = Text(label, "label", "text2")
    words.setFixedWidth(LABEL)
    words.setContentsMargins(0, 7, 0, 0)
    line = row(words, box(right), gap=Space.m)
    line.setAlignment(words, Qt.AlignmentFlag.AlignTop)
    line.setStretch(1, 1)
    return box(line)
