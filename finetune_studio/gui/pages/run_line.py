"""A run in a list: its name, what it was, how it ended, its curve, its day."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from finetune_studio.gui import amounts
from finetune_studio.gui.choices import words
from finetune_studio.gui.language import tr
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.card import PressCard
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.layout import box, column, row
from finetune_studio.gui.widgets.sparkline import Sparkline
from finetune_studio.gui.widgets.text import OneLine, Text

if TYPE_CHECKING:
    from finetune_studio.gui.drafts import Draft
    from finetune_studio.gui.past import PastRun
    from finetune_studio.runs.history import Summary

DAY = 84
FIGURE = 170


def run_line(past: "PastRun", *beside: QWidget) -> PressCard:
    """A line that can be pressed."""
    name = past.summary.name
    about = column(OneLine(name, "strong"), Text(lambda: _about(past.summary), "caption", "text3"))
    about.setSpacing(1)
    figure = _right(Text(lambda: _figure(past.summary), "caption", "text2"), FIGURE)
    day = _right(Text(lambda: amounts.day(past.summary.created), "caption", "text3"), DAY)
    line = row(
        *beside[:1],
        box(about),
        status_badge(past.summary, early=past.early),
        Sparkline(past.losses),
        figure,
        day,
        *beside[1:],
        gap=Space.l,
        pad=(8, 10, 8, 10),
    )
    line.setStretch(1 if beside else 0, 1)
    return PressCard(line, name=name, bare=True)


def draft_line(draft: "Draft") -> PressCard:
    """A project that no run shows, as a line that can be pressed."""
    told = Text(lambda: _kind(draft.model, draft.method, draft.changed), "caption", "text3")
    about = column(OneLine(draft.name, "strong"), told, gap=1)
    note = (lambda: tr("Changed since")) if draft.trained else (lambda: tr("Not trained yet"))
    day = _right(Text(lambda: amounts.day(draft.changed), "caption", "text3"), DAY)
    line = row(box(about), Badge(note, "plain", "pencil"), day, gap=Space.l, pad=(8, 10, 8, 10))
    line.setStretch(0, 1)
    return PressCard(line, name=draft.name, bare=True)


def status_badge(summary: "Summary", *, early: bool = False) -> Badge:
    """How a run stands, in a word."""
    if early and summary.status in ("finished", "stopped"):
        return Badge(lambda: tr("Stopped early"), "ok")
    match summary.status:
        case "running":
            return Badge(lambda: tr("Running"), "learned", "play")
        case "paused":
            return Badge(lambda: tr("Paused"), "learned", "pause")
        case "finished":
            return Badge(lambda: tr("Done"), "ok")
        case "stopped":
            return Badge(lambda: tr("Stopped"), "plain", "square")
        case "new":
            return Badge(lambda: tr("Not started"), "plain", "")
    return Badge(lambda: tr("Failed"), "warn")


def _about(summary: "Summary") -> str:
    """What it was; and when, where the list tells the day alone: names may be the same."""
    return _kind(summary.model, summary.method, summary.created)


def _kind(model: str, method: str, when: float) -> str:
    clock = amounts.clock(when)
    time = "" if amounts.day(when) == clock else clock
    parts = (model.rsplit("/", 1)[-1], words(method)() if method else "", time)
    return " · ".join(part for part in parts if part)


def _figure(summary: "Summary") -> str:
    if summary.best_loss is not None:
        return tr("validation loss {loss:.2f}").format(loss=summary.best_loss)
    return amounts.steps(summary.step) if summary.step else tr("no steps yet")


def _right(text: Text, width: int) -> Text:
    text.setFixedWidth(width)
    text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return text
