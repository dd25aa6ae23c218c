"""The curves of a run: the loss with its validation, and two others of the person's choice."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget
from typing_extensions import override

from finetune_studio.errors import StudioError
from finetune_studio.gui import amounts
from finetune_studio.gui.language import Words, say, tr
from finetune_studio.gui.series import SMOOTH, Values
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.watch import Watch
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.choice import Select
from finetune_studio.gui.widgets.layout import box, column, row
from finetune_studio.gui.widgets.number import short
from finetune_studio.gui.widgets.plot import LegendKey, Plot, PlotPlace, Stroke
from finetune_studio.gui.widgets.text import Text
from finetune_studio.gui.widgets.ticks import open_end, steps_axis, values_axis

RAW = Stroke("learned", width=1.0, alpha=0.5, smooth=False)
LOSS = Stroke("learned", width=2.25)
VALIDATION = Stroke("validation", Qt.PenStyle.DashLine, 1.75, "o")
ROOMY = 520  # pixels of the card from which its head holds every key
BEST = Stroke("ok", Qt.PenStyle.DashLine, 1.0)
TALL = 190  # pixels: less shows no shape; a low window scrolls
WIDE, SMALL = 320, 160  # columns that a curve is thinned to


@dataclass(frozen=True)
class Curve:
    """One of the smaller curves."""

    name: str
    words: Callable[[], str]
    stroke: Stroke
    said: Callable[[float], str]
    means: Callable[[], str]


CURVES = (
    Curve(
        "learning_rate",
        lambda: tr("Learning rate"),
        Stroke("rate"),
        short,
        lambda: tr("How far each step goes: it rises in the warm-up, then falls."),
    ),
    Curve(
        "grad_norm",
        lambda: tr("Gradient norm"),
        Stroke("given", width=1.25),
        lambda v: f"{v:.3g}",
        lambda: tr(
            "How strongly a step wants to change the weights. Peaks are wild steps; a rise that "
            "stays is a learning rate that is too high."
        ),
    ),
    Curve(
        "token_accuracy",
        lambda: tr("Token accuracy"),
        Stroke("learned", width=1.5),
        lambda v: f"{v:.0%}",
        lambda: tr("How often the model's first guess is the right next token."),
    ),
    Curve(
        "tokens_per_second",
        lambda: tr("Tokens per second"),
        Stroke("given", width=1.5),
        amounts.whole,
        lambda: tr("How fast the machine learns: tokens that go through it in a second."),
    ),
)


class LossCard(Card):
    """Training loss, raw and smoothed, and the loss on held-out rows."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch
        self._plot = Plot([RAW, LOSS, VALIDATION], axis=38, explored=True)
        self._plot.setMinimumHeight(TALL)
        self._train, self._held = Text("", "label"), Text("", "label")
        self._best = box(
            _key(
                lambda: tr("best"),
                Text("", "label"),
                BEST,
                lambda: tr("The step with the lowest validation loss."),
            )
        )
        self._all = Button(lambda: tr("Show all"), "link")
        self._all.hide()
        save = Button(name=lambda: tr("Save the curves"), kind="quiet", glyph="save")
        save.clicked.connect(self._ask_where)
        explorer = self._plot.explorer
        assert explorer is not None
        explorer.reads = lambda x, y: tr("step {step}: {loss:.4f}").format(
            step=amounts.whole(x), loss=y
        )
        explorer.changed.connect(self._zoomed)
        self._all.clicked.connect(explorer.reset)
        head = self._head(save)
        self.hold(column(head, self._plot, gap=6, pad=(16, 12, 12, 8)))

    def _head(self, save: Button) -> QHBoxLayout:
        return row(
            Text(lambda: tr("Loss"), "section").explain(
                lambda: tr("How surprised the model is by the right answers; lower is better.")
            ),
            self._all,
            None,
            _key(lambda: tr("training"), self._train, LOSS, lambda: tr("On rows it learns from.")),
            _key(
                lambda: tr("validation"),
                self._held,
                VALIDATION,
                lambda: tr(
                    "On rows that it never learns from. Where this rises while the training loss "
                    "falls, it learns by heart."
                ),
            ),
            self._best,
            save,
            gap=Space.l,
        )

    def save(self, path: Path) -> None:
        """Save the picture, or every figure as a table, as the file's ending says.

        Raises:
            OSError: The disk refuses.
        """
        if path.suffix.lower() == ".csv":
            names, rows = self._watch.series.table()
            lines = [",".join(names), *(",".join(map(_cell, row)) for row in rows.tolist())]
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        elif not self._plot.picture().save(str(path)):
            raise OSError(tr("The picture could not be written."))

    def _ask_where(self) -> None:
        kinds = ";;".join((tr("Picture (*.png)"), tr("Table of every figure (*.csv)")))
        start = str(Path.home() / "loss.png")
        name, chosen = QFileDialog.getSaveFileName(self, tr("Save the curves"), start, kinds)
        if not name:
            return
        path = Path(name)
        if not path.suffix:
            path = path.with_suffix(".csv" if "csv" in chosen else ".png")
        try:
            self.save(path)
        except OSError as error:
            words = f"{path}: {error.strerror or error}"
            self._watch.failed.emit(StudioError(tr("The curves could not be saved."), words))

    def _zoomed(self) -> None:
        explorer = self._plot.explorer
        self._all.setVisible(explorer is not None and explorer.zoomed)
        self.draw()

    def draw(self) -> None:
        """Draw what there is now."""
        state, series = self._watch.state, self._watch.series
        held = [(step, loss) for step, loss in state.validation("loss") if loss is not None]
        x, raw = series.line("loss", WIDE)
        x2, smooth = series.line(SMOOTH, WIDE)
        at, values = np.array([s for s, _ in held], float), np.array([v for _, v in held], float)
        for index, line in enumerate(((x, raw), (x2, smooth), (at, values))):
            self._plot.show_line(index, *line)
        both = np.concatenate([raw, smooth, values])
        low, high = _span(both)
        total = state.steps or _so_far(x)
        self._plot.show_ranges(steps_axis(total, 5), values_axis(low, high, 4))
        best = state.best
        self._fit_keys()
        marks = [(float(best.step), "ok")] if best else []
        self._plot.show_marks([*marks, (float(state.step), "text3")] if state.step else marks)
        last = series.last(SMOOTH)
        self._train.say("–" if last is None else f"{last:.3f}")
        self._held.say(f"{held[-1][1]:.3f}" if held else "–")
        self._plot.setAccessibleName(tr("Loss by step"))
        self._plot.setAccessibleDescription(
            tr("Training {loss}, validation {held}").format(
                loss=self._train.plain, held=self._held.plain
            )
        )

    def _fit_keys(self) -> None:
        """Show every key where there is room for it."""
        self._best.setVisible(self._watch.state.best is not None and self.width() >= ROOMY)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_keys()

    @override
    def minimumSizeHint(self) -> QSize:
        """As small as without the key that goes where the card gets narrow."""
        least = super().minimumSizeHint()
        spare = 0 if self._best.isHidden() else self._best.minimumSizeHint().width() + Space.l
        return QSize(least.width() - spare, least.height())


class SmallCard(Card):
    """One of the other curves; the person chooses which."""

    def __init__(self, watch: Watch, chosen: int) -> None:
        super().__init__()
        self._watch, self._curve = watch, CURVES[chosen]
        self._places: dict[str, PlotPlace] = {}  # each is made when it is first chosen
        self._choice = Select([(each, each.words) for each in CURVES])
        self._choice.show_value(self._curve)
        self._choice.edited.connect(self._choose)
        self._last = Text("", "label", "text2")
        self._body = column(row(self._choice, None, self._last), gap=4, pad=(12, 8, 12, 6))
        self.hold(self._body)
        self._choice.setAccessibleName(tr("Which curve is drawn"))
        self._choose(self._curve)

    def draw(self) -> None:
        """Draw what there is now."""
        curve, series, plot = self._curve, self._watch.series, self._places[self._curve.name].plot
        if plot is None:
            return  # it comes, and draws itself
        x, y = series.line(curve.name, SMALL)
        plot.show_line(0, x, y)
        total = self._watch.state.steps or _so_far(x)
        high = float(np.max(y)) if len(y) else math.nan
        plot.show_ranges(steps_axis(total, 2), values_axis(0.0, high, 2, curve.said), air=0.09)
        last = series.last(curve.name)
        self._last.say("–" if last is None else curve.said(last))
        plot.setAccessibleName(say(curve.words))
        plot.setAccessibleDescription(self._last.plain)

    def _choose(self, curve: object) -> None:
        assert isinstance(curve, Curve)
        self._curve = curve
        if curve.name not in self._places:
            made = self._places[curve.name] = PlotPlace([curve.stroke], height=92, axis=44)
            made.came.connect(self.draw)
            self._body.addWidget(made)
        for name, place in self._places.items():
            place.setVisible(name == curve.name)
        self._choice.setToolTip(curve.means())
        self._choice.setAccessibleDescription(curve.means())
        self.draw()


def _cell(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.10g}"


def _key(words: Words, value: Text, stroke: Stroke, means: Words) -> QHBoxLayout:
    name = Text(words, "caption", "text2").explain(means)
    return row(LegendKey(stroke), name, value, gap=5)


def _so_far(steps: Values) -> int:
    """Where the axis ends of a run that has not told how far it goes."""
    return open_end(int(steps[-1])) if len(steps) else 100


def _span(values: Values) -> tuple[float, float]:
    """From the lowest to the highest that counts: a first wild step does not flatten the rest."""
    if not len(values):
        return math.nan, math.nan
    high = float(np.max(values))
    usual = float(np.percentile(values, 99.5))
    low = float(np.min(values))
    return low, (usual * 1.1 if high > low + 4 * (usual - low) and len(values) > 50 else high)


def curves(loss: LossCard, small: list[SmallCard]) -> QWidget:
    """The loss over the two others."""
    below = row(*small, gap=Space.m)
    holder = QWidget()
    both = column(loss, below, gap=Space.m)
    both.setStretch(0, 1)
    holder.setLayout(both)
    return holder
