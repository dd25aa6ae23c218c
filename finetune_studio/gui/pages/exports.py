"""Taking the model along: one line for each format, written and checked by the engine."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from finetune_studio.errors import StudioError
from finetune_studio.gui import amounts
from finetune_studio.gui.child import Child
from finetune_studio.gui.language import tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import Rule, box, clear, column, row
from finetune_studio.gui.widgets.text import Text

SAME, NEAR = 0.99, 0.95  # shares of equal likeliest tokens: as trained, and nearly so
CLOSE = 0.01  # nats; a larger mean divergence is no longer the same model
FILES = 12  # names that are shown; the rest are counted
GLYPHS = {"adapter": "layers", "merged": "package"}


def format_name(name: str) -> str:
    """What a format is called."""
    return {"adapter": tr("Adapter"), "merged": tr("Merged, 16-bit")}[name]


def format_detail(name: str) -> str:
    """What a format is for."""
    return {
        "adapter": tr("small; used with the base model"),
        "merged": tr("one whole model; loads anywhere"),
    }[name]


class ExportLine(QWidget):
    """One format: its button, how it goes, what was written."""

    def __init__(self, project: Project, name: str) -> None:
        super().__init__()
        self._project, self._format = project, name
        self._child = Child(self)
        self._child.said.connect(self._hear)
        self._child.ended.connect(self._end)
        project.closing.connect(self._child.close)
        self._report: dict[str, Any] | None = None
        self._badge = Badge("")
        self._badge.hide()
        self.save = Button(lambda: tr("Save"), glyph="save")
        self.save.setObjectName(f"export {name}")
        self.save.clicked.connect(self._ask_where)
        self._stop = Button(lambda: tr("Stop"), "quiet")
        self._stop.clicked.connect(self._child.stop)
        self._stop.hide()
        self._open = Button(lambda: tr("Open the folder"), "link")
        self._open.clicked.connect(self._open_folder)
        self._open.hide()
        self._detail = Text(lambda: format_detail(name), "caption", "text2", wrap=True)
        words = column(Text(lambda: format_name(name), "strong"), self._detail, gap=1)
        line = row(
            Glyph(GLYPHS[name], "text2", 16, "sunken"),
            box(words),
            self._badge,
            self._stop,
            self._open,
            self.save,
            gap=Space.m,
        )
        line.setStretch(1, 1)
        self._below = column(gap=Space.xs)
        self.setLayout(column(line, self._below, gap=Space.xs, pad=(0, 9, 0, 9)))

    @property
    def busy(self) -> bool:
        """Whether it is being written."""
        return self._child.alive

    @property
    def report(self) -> dict[str, Any] | None:
        """What was written last."""
        return self._report

    def write(self, out: Path) -> None:
        """Write the format into a new folder."""
        run = self._project.watch.run
        if run is None or self.busy:
            return
        clear(self._below)
        self._report = None
        self._badge.hide()
        self._open.hide()
        try:
            self._child.start("export", str(run.path), self._format, str(out), "--json")
        except StudioError as error:
            self._tell(error)
            return
        self._set_busy(True)

    def _set_busy(self, busy: bool) -> None:
        self.save.setEnabled(not busy)
        self._stop.setVisible(busy)
        words = (
            (lambda: tr("Writing it, then loading it again to compare …"))
            if busy
            else (lambda: format_detail(self._format))
        )
        self._detail.say(words)

    def _ask_where(self) -> None:
        place = QFileDialog.getExistingDirectory(
            self, tr("Where shall the folder be made?"), str(Path.home())
        )
        if place:
            self.write(self._free(Path(place)))

    def _free(self, place: Path) -> Path:
        stem = f"{self._project.name or 'model'}-{self._format}"
        tries = (place / f"{stem}{f' {n}' if n > 1 else ''}" for n in range(1, 10_000))
        return next(each for each in tries if not each.exists())

    def _hear(self, document: dict[str, Any]) -> None:
        if "files" in document:
            self._report = document

    def _end(self, error: StudioError | None) -> None:
        self._set_busy(False)
        if error is not None:
            self._tell(error)
        elif self._report is not None:
            self._show(self._report)

    def _show(self, report: dict[str, Any]) -> None:
        self._open.show()
        self._badge.show()
        self._badge.say(*_parity(report["parity"]))
        files = report["files"]
        size = sum(each["bytes"] for each in files)
        self._detail.say(
            lambda: tr("{size} in {path}").format(size=amounts.size(size), path=report["path"])
        )
        names = ", ".join(each["name"] for each in files[:FILES])
        more = len(files) - FILES
        text = Text(
            lambda: (
                names
                if more <= 0
                else tr("{names} and {count} more").format(names=names, count=more)
            ),
            "caption",
            "text3",
            wrap=True,
        )
        self._below.addWidget(text)

    def _tell(self, error: StudioError) -> None:
        detail = " ".join(part for part in (error.detail, error.hint) if part)
        self._below.addWidget(FindingBox("error", error.title, detail))

    def _open_folder(self) -> None:
        if self._report is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._report["path"])))


class Exports(Card):
    """The formats there are."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.lines = {name: ExportLine(project, name) for name in ("adapter", "merged")}
        self._rule = Rule()
        self.hold(
            column(
                Text(lambda: tr("Save"), "section"),
                self.lines["adapter"],
                self._rule,
                self.lines["merged"],
                gap=0,
                pad=(16, 12, 16, 8),
            )
        )

    def show_formats(self, adapter: bool) -> None:
        """Offer the adapter, where the run has one."""
        self.lines["adapter"].setVisible(adapter)
        self._rule.setVisible(adapter)


def _parity(parity: dict[str, float]) -> tuple[Any, str]:
    same, apart = parity["top1_match"], parity["mean_kl"]
    if same >= SAME and apart <= CLOSE:
        return (lambda: tr("Says the same")), "ok"
    share = f"{same:.1%}"
    tone = "warn" if same >= NEAR else "bad"
    return (lambda: tr("{share} alike").format(share=share)), tone
