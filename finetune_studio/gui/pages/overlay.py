"""Runs laid over each other: their curves in one plot, and the settings in which they differ."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from finetune_studio import i18n
from finetune_studio.gui import amounts, repairs
from finetune_studio.gui.field import shown
from finetune_studio.gui.language import tr
from finetune_studio.gui.past import RunCurves, Values
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.choice import Segmented
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import Rule, box, clear, column, row
from finetune_studio.gui.widgets.plot import LegendKey, Plot, Stroke
from finetune_studio.gui.widgets.text import Text
from finetune_studio.gui.widgets.ticks import steps_axis, values_axis
from finetune_studio.recipe.fields import describe
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.comparing import Comparison

# Each its own colour and its own pattern, so that they are told apart without colour.
STROKES = (
    Stroke("learned", width=2.25),
    Stroke("validation", Qt.PenStyle.DashLine, 2.0),
    Stroke("rate", Qt.PenStyle.DotLine, 2.25),
    Stroke("given", Qt.PenStyle.DashDotLine, 2.0),
    Stroke("activations", Qt.PenStyle.DashDotDotLine, 2.0),
)
MOST = len(STROKES)
UNKNOWN = "–"
HEIGHT = 240
LONG = 60  # letters of a value; a longer one is cut
HIDDEN = ("name", "licence.model")
"""Settings that tell nothing of why two runs differ."""
MEASURES = ("data.files", "data.validation_files", "data.split", "data.fixes", "task.")
"""The beginnings of the settings that decide what is measured on."""
ROWS = 12  # settings that are shown; the rest are counted


class Overlay(Card):
    """The comparison of two to five runs."""

    def __init__(self) -> None:
        super().__init__()
        self._runs: list[RunCurves] = []
        self._held = True
        self._which = Segmented([(True, lambda: tr("Validation")), (False, lambda: tr("Training"))])
        self._which.edited.connect(self._choose)
        self._which.show_value(True)
        self._plot = Plot(list(STROKES), height=HEIGHT, axis=44)
        self._legend = row(gap=Space.l)
        self._table = QGridLayout()
        self._table.setHorizontalSpacing(Space.xl)
        self._table.setVerticalSpacing(6)
        self._warning = FindingBox(
            "warning",
            lambda: tr("They were measured on different rows, so their losses cannot be compared."),
        )
        self.close_it = Button(name=lambda: tr("Close the comparison"), kind="quiet", glyph="x")
        head = row(Text(lambda: tr("Loss by step"), "section"), None, self._which, self.close_it)
        self.hold(
            column(head, self._legend, self._warning, self._plot, Rule(), self._table, gap=Space.m)
        )

    def show_runs(self, runs: Sequence[RunCurves], comparison: Comparison) -> None:
        """Show these runs."""
        self._runs = list(runs)
        clear(self._legend)
        for run, stroke in zip(self._runs, STROKES, strict=False):
            self._legend.addWidget(box(row(LegendKey(stroke), Text(run.name, "label"), gap=6)))
        self._legend.addStretch(1)
        differ = any(path.startswith(MEASURES) for path in comparison.settings)
        self._warning.setVisible(differ)
        self._tabulate(comparison)
        self._draw()

    def _choose(self, held: object) -> None:
        self._held = bool(held)
        self._draw()

    def _draw(self) -> None:
        none = np.array([], float)
        for index in range(MOST):
            line = self._line(self._runs[index]) if index < len(self._runs) else (none, none)
            self._plot.show_line(index, *line)
        lines = [self._line(run) for run in self._runs]
        values = np.concatenate([y for _, y in lines]) if lines else none
        last = max((float(x[-1]) for x, _ in lines if len(x)), default=100.0)
        low, high = (float(values.min()), float(values.max())) if len(values) else (math.nan,) * 2
        self._plot.show_ranges(steps_axis(int(last), 6), values_axis(low, high, 4))
        self._plot.setAccessibleName(tr("Loss by step"))
        self._plot.setAccessibleDescription(", ".join(run.name for run in self._runs))

    def _line(self, run: RunCurves) -> tuple[Values, Values]:
        return run.validation if self._held else run.training

    def _tabulate(self, comparison: Comparison) -> None:
        clear(self._table)
        lines: dict[str, list[str]] = {
            _setting_name(path): [_said(each) for each in values]
            for path, values in comparison.settings.items()
            if path not in HIDDEN
        }
        for name, values in comparison.metrics.items():
            if name in _FIGURES:
                title, told = _FIGURES[name]
                lines[title()] = [_figure(each, told) for each in values]
        head = [Text(lambda: tr("What differs"), "strong")]
        head += [Text(each.name, "strong") for each in self._runs]
        for at, widget in enumerate(head):
            self._table.addWidget(widget, 0, at)
        for index, (setting, told_of) in enumerate(list(lines.items())[:ROWS], 1):
            for at, text in enumerate([setting, *told_of]):
                cell: QWidget = Text(text, "body", "text2" if not at else "text")
                self._table.addWidget(cell, index, at)
        self._table.setColumnStretch(len(comparison.runs) + 1, 1)


_FIGURES: dict[str, tuple[Callable[[], str], Callable[[float], str]]] = {
    "validation loss": (lambda: tr("Best validation loss"), lambda value: f"{value:.3f}"),
    "best step": (lambda: tr("Best step"), amounts.whole),
    "seconds": (lambda: tr("Took"), amounts.duration),
    "tokens per second": (lambda: tr("Tokens per second"), amounts.whole),
}


def _setting_name(path: str) -> str:
    titles = {each.path: str(each.info.title) for each in describe(Recipe)}
    return i18n.tr(titles[path]) if path in titles else path


def _figure(value: object, told: Callable[[float], str]) -> str:
    return told(value) if isinstance(value, int | float) else UNKNOWN


def _said(value: object) -> str:
    if value is None or value == "unknown":
        return UNKNOWN
    if isinstance(value, list | tuple):
        text = ", ".join(map(_part, value)) or tr("none")
    elif isinstance(value, dict):
        text = ", ".join(f"{name} = {each}" for name, each in value.items()) or tr("none")
    else:
        text = shown(value)
    return text if len(text) <= LONG else text[: LONG - 1] + "…"


def _part(value: object) -> str:
    """One of several values: a file by its name, a fix by what it mends."""
    if isinstance(value, dict):
        return repairs.fault(str(value.get("code", "")))
    text = str(value)
    return Path(text).name if "/" in text or "\\" in text else text
