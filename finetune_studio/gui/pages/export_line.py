"""One format that a result is taken along in: written, loaded again and judged."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.export import llama
from finetune_studio.export.about import ABOUT
from finetune_studio.export.facts import read_json
from finetune_studio.export.formats import QUANTS, USUAL_QUANT, about
from finetune_studio.gui import amounts
from finetune_studio.gui.exporting import Exporting
from finetune_studio.gui.language import tr
from finetune_studio.gui.opening import open_outside
from finetune_studio.gui.pages.export_words import (
    ALONE,
    BOTH,
    FORMS,
    VERDICTS,
    apart_detail,
    choice,
    format_detail,
    format_name,
    quants,
    reason,
)
from finetune_studio.gui.project import Project
from finetune_studio.gui.retelling import words_of
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.choice import Select
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import clear, column, row, show_part
from finetune_studio.gui.widgets.meter import Track
from finetune_studio.gui.widgets.text import Text
from finetune_studio.i18n import sources_kept
from finetune_studio.runs.folder import RunFolder

FILES = 12  # names that are shown; the rest are counted
GLYPHS = {"adapter": "layers", "merged": "package", "gguf": "save"}


class ExportLine(QWidget):
    """One format: its button, how it goes, what was written, the verdict.

    Attributes:
        wrote: The folder of a new export.
    """

    wrote = Signal(object)

    def __init__(self, project: Project, name: str) -> None:
        super().__init__()
        self._project, self._format = project, name
        self._can_write = True
        self.exporting = Exporting(self)
        self.exporting.moved.connect(self._move)
        self._what = ""  # what was written last was asked for as
        self.exporting.written.connect(self._show)
        self.exporting.judged.connect(self._judge)
        self.exporting.failed.connect(self._tell)
        project.closing.connect(self.exporting.close)
        self.badge = Badge("")
        self.badge.hide()
        self.quant = Select(quants())
        self.quant.show_value(USUAL_QUANT)
        show_part(self.quant, name == "gguf")
        self.quant.edited.connect(lambda _: self._show_last())
        self.save = Button(
            lambda: tr("Save"),
            glyph="save",
            name=lambda: tr("Save: {format}").format(format=format_name(name)),
        )
        self.save.setObjectName(f"export {name}")
        self.save.clicked.connect(self._ask_where)
        self._stop = Button(lambda: tr("Stop"), "quiet")
        self._stop.clicked.connect(self.exporting.stop)
        self._stop.hide()
        self._open = Button(lambda: tr("Open the folder"), "link")
        self._open.clicked.connect(self._open_folder)
        self._open.hide()
        self._verify = Button(self._verify_verb, "link", name=self._verify_name)
        self._verify.setObjectName(f"verify {name}")
        self._verify.clicked.connect(self._compare)
        self._verify.hide()
        self._detail = Text(self._words, "caption", "text2", wrap=True).explain(self._names)
        self._track = Track()
        stays = self._track.sizePolicy()
        stays.setRetainSizeWhenHidden(True)  # so that nothing below moves as it comes and goes
        self._track.setSizePolicy(stays)
        self._track.hide()
        self._below = column(gap=Space.xs)
        self._lay()

    @property
    def busy(self) -> bool:
        """Whether it is being written or compared."""
        return self.exporting.busy

    @property
    def writing(self) -> bool:
        """Whether it is being written: what is written already stays, whatever comes."""
        return self.exporting.writing

    @property
    def report(self) -> dict[str, Any] | None:
        """What was written last."""
        return self.exporting.report

    @property
    def form(self) -> str:
        """The format as the engine calls it."""
        return "gguf-adapter" if self._apart else self._format

    @property
    def _apart(self) -> bool:
        """Whether it is GGUF that leaves the base model as it is."""
        return self._format == "gguf" and self._quant in (ALONE, BOTH)

    def suit(self, run: RunFolder, exports: Sequence[Path]) -> None:
        """Show what was written of a run before: the newest of this format.

        Args:
            run: The run.
            exports: Its exports that are known here, the newest last.
        """
        if self.busy:
            return
        said = {each: read_json(each / ABOUT) for each in exports}
        mine = [each for each in exports if str(said[each].get("format")) in FORMS[self._format]]
        last = mine[-1] if mine else None
        self.exporting.recall(run, last)
        if last is not None and self._format == "gguf":
            self.quant.show_value(choice(last, said[last]))
        self._what = self._quant
        self._show_last()

    def allow(self, can_write: bool) -> None:
        """Whether what writes this format is here; where it is not, something else says so."""
        self._can_write = can_write
        self._move()

    def write(self, out: Path) -> None:
        """Write the format into a new folder."""
        run = self._project.watch.run
        if run is None or self.busy:
            return
        clear(self._below)
        self.badge.hide()
        self._what = self._quant
        quant = self._quant if self.form == "gguf" else ""
        self.exporting.start(run, self.form, out, quant, with_base=self._quant == BOTH)

    @property
    def _quant(self) -> str:
        return str(self.quant.value())

    @property
    def _last(self) -> dict[str, Any] | None:
        """What was written last, where that is what is chosen now."""
        return self.report if self._what == self._quant else None

    def _show_last(self) -> None:
        """Show what was written and its verdict; of another quantisation neither is told."""
        clear(self._below)
        self.badge.hide()
        if self._last is not None and self.exporting.verdict is not None:
            self._judge(self.exporting.verdict)
        self._move()

    def _ask_where(self) -> None:
        if self._format == "gguf":
            try:
                with sources_kept():
                    llama.converter()
            except RefusedError as error:
                clear(self._below)
                self._tell(error)
                return
        place = QFileDialog.getExistingDirectory(
            self, tr("Where shall the folder be made?"), str(Path.home())
        )
        if place:
            self.write(self._free(Path(place)))

    def _free(self, place: Path) -> Path:
        kind = f"{self._format}-{self._quant}" if self._format == "gguf" else self._format
        stem = f"{self._project.name or 'model'}-{kind}"
        tries = (place / f"{stem}{f' {n}' if n > 1 else ''}" for n in range(1, 10_000))
        return next(each for each in tries if not each.exists())

    def _move(self) -> None:
        busy = self.busy
        self.save.setEnabled(not busy and self._can_write)
        self.quant.setEnabled(not busy)
        self._stop.setVisible(busy)
        there = self._last is not None and not self.writing
        self._open.setVisible(there)
        self._verify.setVisible(there and not busy)
        self._verify.say(self._verify_verb, name=self._verify_name)
        share = self.exporting.progress.share
        self._track.setVisible(busy and share > 0)
        self._track.show_part(share)
        self._detail.say(self._words)

    def _words(self) -> str:
        if self.busy:
            told = self.exporting.progress
            if told.share:
                return told.said
            words = tr("{what} …").format(what=told.said.removesuffix("…").rstrip())
            return self.exporting.waiting.say(words)
        report = self._last
        if report is not None:
            size = amounts.size(sum(each["bytes"] for each in report["files"]))
            return tr("{size} in {path}").format(size=size, path=report["path"])
        if self._format == "gguf" and self._quant in QUANTS:
            return f"{format_detail('gguf')}\n{self._quant.upper()}: {about(QUANTS[self._quant])}"
        return apart_detail(self._quant) if self._apart else format_detail(self._format)

    def _names(self) -> str:
        """The files that were written, for whoever rests the mouse on where they are."""
        names = [each["name"] for each in self._last["files"]] if self._last else []
        shown, more = "\n".join(names[:FILES]), len(names) - FILES
        if more <= 0:
            return shown
        return tr("{names} and {count} more").format(names=shown, count=more)

    def _show(self, report: dict[str, Any]) -> None:
        self._move()
        self.wrote.emit(Path(str(report["path"])))

    def _judge(self, verdict: dict[str, Any]) -> None:
        words, tone = VERDICTS[verdict["verdict"]]
        self.badge.say(words, tone)
        self.badge.show()
        for place in range(len(verdict["reasons"]) if verdict["verdict"] != "green" else 0):
            said = partial(reason, verdict, place)
            self._below.addWidget(Text(said, "caption", "text2", wrap=True))
        self._move()

    def _compare(self) -> None:
        clear(self._below)
        self.badge.hide()
        self.exporting.verify()

    def _verify_verb(self) -> str:
        return tr("Compare again") if self.exporting.verdict else tr("Compare")

    def _verify_name(self) -> str:
        return f"{self._verify_verb()}: {format_name(self._format)}"

    def _tell(self, error: StudioError) -> None:
        self._below.addWidget(FindingBox("error", *words_of(error)))

    def _open_folder(self) -> None:
        if self.report is not None:
            open_outside(self, QUrl.fromLocalFile(str(self.report["path"])))

    def _lay(self) -> None:
        name = self._format
        head = row(
            Text(lambda: format_name(name), "strong"),
            None,
            self._stop,
            self.quant,
            self.save,
            gap=Space.s,
        )
        links = row(self.badge, self._open, self._verify, None, gap=Space.m)
        words = column(head, self._detail, links, self._track, self._below, gap=Space.xs)
        glyph = Glyph(GLYPHS[name], "text2", 16, "sunken")
        line = row(glyph, words, gap=Space.m, pad=(0, 9, 0, 9))
        line.setAlignment(glyph, Qt.AlignmentFlag.AlignTop)
        line.setStretch(1, 1)
        self.setLayout(line)
