"""The progress of a run on a terminal: a bar with loss, speed and time left; elsewhere lines."""

import shutil
from collections.abc import Mapping
from typing import Any, TextIO

from finetune_studio.commands.amounts import duration, figure
from finetune_studio.commands.output import fitted
from finetune_studio.i18n import mark, tr
from finetune_studio.runs.events import (
    EARLY_STOPPING,
    Evaluated,
    Failed,
    Finished,
    Metrics,
    Notice,
    Phase,
    Progress,
    Sample,
    Stopped,
)

PHASES = {
    "loading": mark("loading the model"),
    "tokenizing": mark("reading and tokenising the data"),
    "saving": mark("saving the result"),
    "paused": mark("paused"),
}
BESIDES = {
    "evaluating": mark("measuring on held-out rows"),
    "training": mark("training"),
}
"""Phases that come again and again: shown on the bar's line alone."""
REASONS = {
    "finished": mark("finished"),
    EARLY_STOPPING: mark("stopped early, for the validation loss no longer fell,"),
    "stop-and-save": mark("stopped and saved"),
    "cancelled": mark("cancelled"),
    "interrupted": mark("interrupted"),
}
METRICS = {
    "loss": mark("loss"),
    "perplexity": mark("perplexity"),
    "token_accuracy": mark("right tokens"),
    "accuracy": mark("accuracy"),
    "macro_f1": mark("macro F1"),
}
SHARES = ("token_accuracy", "accuracy")
CELLS = 20  # of the bar
NARROW = 40  # columns that every terminal is taken to have


class Bar:
    """Shows events on a stream as they come."""

    def __init__(self, stream: TextIO, *, samples: bool = True) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._samples = samples
        self._metrics: Metrics | None = None
        self._last = ""
        self._drawn = False

    def show(self, event: Any) -> None:
        """Show one event; kinds without interest to a terminal are passed over."""
        match event:
            case Metrics():
                self._metrics = event
            case Progress():
                self._progress(event)
            case Phase(name=name) if name in BESIDES:
                self._draw(tr(BESIDES[name]) + " …")
            case Phase(name=name) if name in PHASES:
                self._once(tr(PHASES[name]))
            case Evaluated(step=step, metrics=metrics):
                text = tr("step {step}: validation {figures}")
                self.tell(text.format(step=step, figures=_figures(metrics)))
            case Sample(prompt=prompt, text=text) if self._samples:
                self.tell(f"  {' '.join(prompt.split())} → {' '.join(text.split())}", cut=True)
            case Notice(level=level, text=text, values=values):
                self.tell(f"{tr(level)}: {_filled(text, values)}")
            case Finished(step=step, reason=reason) | Stopped(step=step, reason=reason):
                said = tr(REASONS.get(reason, reason or event.kind))
                self.tell(tr("{reason} at step {step}").format(reason=said, step=step))
            case Failed():
                self.tell(tr("error: {text}").format(text=_failure(event)))

    def tell(self, text: str, *, cut: bool = False) -> None:
        """Write a line; `cut` shortens it to the terminal's width."""
        text = fitted(text, self._width()) if cut and self._live else text
        self._stream.write(("\r\033[K" if self._drawn else "") + text + "\n")
        self._stream.flush()
        self._drawn = False

    def close(self) -> None:
        """Leave the bar's line."""
        if self._drawn:
            self._stream.write("\n")
            self._drawn = False

    def _once(self, text: str) -> None:
        """A line, unless it is the one before: a model is looked at, then loaded."""
        if text != self._last:
            self.tell(text)
        self._last = text

    def _progress(self, event: Progress) -> None:
        figures = self._metrics
        if figures is None:
            return
        filled = round(CELLS * event.step / max(event.steps, 1))
        parts = [f"{event.step:,}/{event.steps:,}"]
        parts.append(tr("loss {loss}").format(loss=_steady(figures.loss)))
        if figures.tokens_per_second:
            parts.append(tr("{speed:,.0f} tokens/s").format(speed=figures.tokens_per_second))
        if event.seconds_left is not None:
            parts.append(tr("{time} left").format(time=duration(event.seconds_left)))
        self._draw(f"{'━' * filled}{'╌' * (CELLS - filled)}  " + "  ".join(parts))

    def _draw(self, text: str) -> None:
        if self._live:
            self._stream.write(f"\r\033[K{fitted(text, self._width())}")
            self._stream.flush()
            self._drawn = True

    def _width(self) -> int:
        return max(NARROW, shutil.get_terminal_size().columns) - 1  # the last would wrap


def _figures(metrics: Mapping[str, float | None]) -> str:
    return ", ".join(
        f"{tr(METRICS.get(name, name))} {_share(value) if name in SHARES else figure(value)}"
        for name, value in metrics.items()
    )


def _steady(value: float | None) -> str:
    """Always four digits, so that the line does not jump."""
    return figure(value) if value is None else f"{value:#.4g}"


def _share(value: float | None) -> str:
    return figure(value) if value is None else f"{value:.1%}"


def _filled(text: str, values: Mapping[str, Any]) -> str:
    try:
        return tr(text).format(**values)
    except (KeyError, IndexError, ValueError):
        return text  # of another version


def _failure(event: Failed) -> str:
    """The failure in one line; what is longer, such as the last lines of a log, stays there."""
    detail = "" if "\n" in event.detail else event.detail
    return " ".join(part for part in (event.title, detail, event.hint) if part)
