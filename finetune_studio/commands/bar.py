"""The progress bar of a terminal: loss, tokens a second, time left; elsewhere plain lines."""

from typing import Any, TextIO

from finetune_studio.i18n import tr
from finetune_studio.runs.events import (
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
    "loading": "loading the model",
    "tokenizing": "reading and tokenising the data",
    "saving": "saving the result",
    "paused": "paused",
}


class Bar:
    """Shows events on a stream as they come."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._metrics: Metrics | None = None
        self._drawn = False

    def show(self, event: Any) -> None:
        """Show one event; kinds without interest to a terminal are passed over."""
        match event:
            case Metrics():
                self._metrics = event
            case Progress():
                self._draw(event)
            case Phase(name=name) if name in PHASES:
                self._line(tr(PHASES[name]))
            case Evaluated(step=step, metrics=metrics):
                figures = ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())
                self._line(
                    tr("step {step}: validation {figures}").format(step=step, figures=figures)
                )
            case Sample(prompt=prompt, text=text):
                self._line(f"  {prompt} → {' '.join(text.split())}")
            case Notice(text=text, values=values):
                self._line(tr(text).format(**values))
            case Finished(step=step, reason=reason) | Stopped(step=step, reason=reason):
                self._line(tr("{reason} at step {step}").format(reason=reason, step=step))
            case Failed():
                parts = (event.title, event.detail, event.hint)
                self._line(tr("error: {text}").format(text=" ".join(p for p in parts if p)))

    def close(self) -> None:
        """Leave the bar's line."""
        if self._drawn:
            self._stream.write("\n")
            self._drawn = False

    def _draw(self, event: Progress) -> None:
        figures = self._metrics
        if not self._live or figures is None:
            return
        filled = round(24 * event.step / max(event.steps, 1))
        left = event.seconds_left or 0
        loss = "–" if figures.loss is None else f"{figures.loss:.4f}"
        text = f"{'━' * filled}{'·' * (24 - filled)} {event.step:,}/{event.steps:,}  " + tr(
            "loss {loss}  {speed:,.0f} tokens/s  {minutes}:{seconds:02d} left"
        ).format(
            loss=loss,
            speed=figures.tokens_per_second or 0,
            minutes=int(left // 60),
            seconds=int(left % 60),
        )
        self._stream.write(f"\r\033[K{text}")
        self._stream.flush()
        self._drawn = True

    def _line(self, text: str) -> None:
        self._stream.write(("\r\033[K" if self._drawn else "") + text + "\n")
        self._stream.flush()
        self._drawn = False
