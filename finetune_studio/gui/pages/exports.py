"""Taking the model along: one line for each format, written, loaded again and judged."""

from collections.abc import Sequence
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
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.opening import open_outside
from finetune_studio.gui.pages.llama_line import LlamaLine
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.choice import Select
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import Rule, clear, column, row, show_part
from finetune_studio.gui.widgets.meter import Track
from finetune_studio.gui.widgets.text import Text
from finetune_studio.runs.folder import RunFolder

NARROW = 104  # pixels of the list of quantisations, beside a verdict
FILES = 12  # names that are shown; the rest are counted
GLYPHS = {"adapter": "layers", "merged": "package", "gguf": "save"}
SHOWN = ("adapter", "merged", "gguf")
FORMS = {"adapter": ("adapter",), "merged": ("merged",), "gguf": ("gguf", "gguf-adapter")}
"""The engine's formats that each line writes."""
OFFERED = ("f16", "q8_0", "q6_k", "q5_k_m", "q4_k_m", "q4_0", "q3_k_m", "q2_k")
ALONE, BOTH = "adapter", "adapter-and-base"
"""Of GGUF: the adapter alone, for a base model that is there as GGUF already, or with it."""


def format_name(name: str) -> str:
    """What a format is called."""
    return {"adapter": tr("Adapter"), "merged": tr("Merged, 16-bit"), "gguf": "GGUF"}[name]


def format_detail(name: str) -> str:
    """What a format is for."""
    return {
        "adapter": tr("only what was learned, a few MB; used with the base model"),
        "merged": tr(
            "the base model with what was learned worked into it: one whole model, 16 bits for "
            "each weight, that loads anywhere"
        ),
        "gguf": tr("one smaller file for Ollama, LM Studio and llama.cpp"),
    }[name]


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
        self.exporting.written.connect(self._show)
        self.exporting.judged.connect(self._judge)
        self.exporting.failed.connect(self._tell)
        project.closing.connect(self.exporting.close)
        self.badge = Badge("")
        self.badge.hide()
        self.quant = Select(_quants())
        self.quant.show_value(USUAL_QUANT)
        show_part(self.quant, name == "gguf")
        self.quant.setMinimumWidth(NARROW)  # the verdict needs some of its room
        self.quant.edited.connect(lambda _: self._move())
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
        apart = self._format == "gguf" and self._quant in (ALONE, BOTH)
        return "gguf-adapter" if apart else self._format

    def suit(self, run: RunFolder, exports: Sequence[Path]) -> None:
        """Show what was written of a run before: the newest of this format.

        Args:
            run: The run.
            exports: Its exports that are known here, the newest last.
        """
        if self.busy:
            return
        clear(self._below)
        self.badge.hide()
        said = {each: read_json(each / ABOUT) for each in exports}
        mine = [each for each in exports if str(said[each].get("format")) in FORMS[self._format]]
        last = mine[-1] if mine else None
        self.exporting.recall(run, last)
        self._open.setVisible(last is not None)
        if last is not None and said[last].get("quant") in OFFERED:
            self.quant.show_value(said[last]["quant"])
        if self.exporting.verdict is not None:
            self._judge(self.exporting.verdict)
        self._move()

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
        self._open.hide()
        quant = self._quant if self.form == "gguf" else ""
        self.exporting.start(run, self.form, out, quant, with_base=self._quant == BOTH)

    @property
    def _quant(self) -> str:
        return str(self.quant.value())

    def _ask_where(self) -> None:
        if self._format == "gguf":
            try:
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
        share = self.exporting.progress.share
        self._track.setVisible(busy and share > 0)
        self._track.show_part(share)
        self._detail.say(self._words)

    def _words(self) -> str:
        if self.busy:
            told = self.exporting.progress
            if told.share:
                return told.words
            return self.exporting.waiting.say(f"{told.words.removesuffix('…').rstrip()} …")
        report = self.report
        if report is not None:
            size = amounts.size(sum(each["bytes"] for each in report["files"]))
            return tr("{size} in {path}").format(size=size, path=report["path"])
        if self._format == "gguf" and self._quant in QUANTS:
            return f"{format_detail('gguf')}\n{self._quant.upper()}: {about(QUANTS[self._quant])}"
        return format_detail(self._format)

    def _names(self) -> str:
        """The files that were written, for whoever rests the mouse on where they are."""
        names = [each["name"] for each in self.report["files"]] if self.report else []
        shown, more = "\n".join(names[:FILES]), len(names) - FILES
        if more <= 0:
            return shown
        return tr("{names} and {count} more").format(names=shown, count=more)

    def _show(self, report: dict[str, Any]) -> None:
        self._open.show()
        self.wrote.emit(Path(str(report["path"])))

    def _judge(self, verdict: dict[str, Any]) -> None:
        words, tone = VERDICTS[verdict["verdict"]]
        self.badge.say(words, tone)
        self.badge.show()
        for reason in verdict["reasons"] if verdict["verdict"] != "green" else ():
            self._below.addWidget(Text(reason, "caption", "text2", wrap=True))

    def _tell(self, error: StudioError) -> None:
        detail = error.rest
        self._below.addWidget(FindingBox("error", error.title, detail))

    def _open_folder(self) -> None:
        if self.report is not None:
            open_outside(self, QUrl.fromLocalFile(str(self.report["path"])))

    def _lay(self) -> None:
        name = self._format
        head = row(
            Text(lambda: format_name(name), "strong"),
            self.badge,
            None,
            self._stop,
            self.quant,
            self.save,
            gap=Space.s,
        )
        told = row(self._detail, self._open, gap=Space.s)  # a line of its own: paths are long
        told.setStretch(0, 1)
        words = column(head, told, self._track, self._below, gap=Space.xs)
        glyph = Glyph(GLYPHS[name], "text2", 16, "sunken")
        line = row(glyph, words, gap=Space.m, pad=(0, 9, 0, 9))
        line.setAlignment(glyph, Qt.AlignmentFlag.AlignTop)
        line.setStretch(1, 1)
        self.setLayout(line)


class Exports(Card):
    """The formats there are.

    Attributes:
        wrote: The folder of a new export.
    """

    wrote = Signal(object)

    def __init__(self, project: Project) -> None:
        super().__init__(name=lambda: tr("Save"))
        self.lines = {name: ExportLine(project, name) for name in SHOWN}
        self._shown: tuple[object, ...] = ()
        self._rule = Rule()
        rows = column(Text(lambda: tr("Save"), "section"), gap=0, pad=(16, 12, 16, 8))
        for place, line in enumerate(self.lines.values()):
            if place:
                rows.addWidget(self._rule if place == 1 else Rule())
            rows.addWidget(line)
            line.wrote.connect(self.wrote)
        self.llama = LlamaLine(project)
        self.llama.looked.connect(self._see_llama)
        self._see_llama()
        rows.addWidget(self.llama)
        rows.addStretch(1)
        self.hold(rows)

    def suit(self, run: RunFolder, exports: Sequence[Path], adapter: bool) -> None:
        """Suit another run: offer the adapter where it has one, show what was written of it.

        Args:
            run: The run.
            exports: Its exports that are known here, the newest last.
            adapter: Whether it has an adapter.
        """
        self.llama.refresh()
        if (run, *exports) != self._shown:
            self._shown = (run, *exports)
            for line in self.lines.values():
                line.suit(run, exports)
        self.lines["adapter"].setVisible(adapter)
        self._rule.setVisible(adapter)

    def _see_llama(self) -> None:
        """GGUF's own button waits for llama.cpp, which the line below it gets."""
        self.lines["gguf"].allow(self.llama.writes)


VERDICTS: dict[str, tuple[Words, str]] = {
    "green": (lambda: tr("says the same"), "ok"),
    "amber": (lambda: tr("nearly the same"), "warn"),
    "red": (lambda: tr("says something else"), "bad"),
}


def _quants() -> Sequence[tuple[object, Words]]:
    named = [(name, name.upper()) for name in OFFERED]
    alone: tuple[object, Words] = (ALONE, lambda: tr("adapter alone"))
    both: tuple[object, Words] = (BOTH, lambda: tr("adapter and base"))
    return [*named, alone, both]
