"""Beside the curves: what the coach says, the device, the best checkpoint."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from finetune_studio.gui import amounts
from finetune_studio.gui.announcing import Announced
from finetune_studio.gui.coach import Remark, remark
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.coach_words import (
    ACTIONS,
    LEVELS,
    Waiting,
    coach_action,
    coach_detail,
    coach_level,
    coach_title,
    ending_of,
    waiting_words,
)
from finetune_studio.gui.series import SMOOTH
from finetune_studio.gui.tokens import Size, Space
from finetune_studio.gui.watch import Watch
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import clear, column, row
from finetune_studio.gui.widgets.meter import Meter
from finetune_studio.gui.widgets.text import Text
from finetune_studio.runs.events import Failed

HOT = 0.84  # of 100 °C, where GPUs slow themselves down


class Aside(QWidget):
    """The column beside the curves.

    Attributes:
        advised: The press under the coach's sentence: one of `ACTIONS`.
    """

    advised = Signal(str)

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch
        self._remark: tuple[Remark | Waiting | None, bool] = (None, False)
        self._coach, self._announced = column(gap=0), Announced(self)
        self._memory = Meter(lambda: tr("Memory"), "learned")
        self._use = Meter(lambda: tr("Utilisation"), "learned")
        self._heat = Meter(lambda: tr("Temperature"), "learned", HOT)
        self._speed = Meter(lambda: tr("Speed"), "learned")
        self._device = Text("", "caption", "text3")
        self._device.setMinimumWidth(0)
        device = column(
            row(Text(lambda: tr("Device"), "section"), None, self._device),
            self._memory,
            self._use,
            self._heat,
            self._speed,
            gap=8,
            pad=(16, 10, 16, 12),
        )
        self._flag, self._best_note = (
            Badge("", "ok", "flag"),
            Text("", "caption", "text2", wrap=True),
        )
        best = column(
            row(Text(lambda: tr("Best checkpoint"), "strong"), None, self._flag),
            self._best_note,
            gap=3,
            pad=(16, 8, 16, 8),
        )
        self._best, self._readings = Card(best), Card(device)
        self.setLayout(column(self._coach, self._readings, self._best, None, gap=Space.m))
        self.setFixedWidth(Size.side)
        self.refresh()

    def refresh(self) -> None:
        """Show how things are now."""
        self._show_coach()
        self._show_device()
        self._show_best()

    def _show_coach(self) -> None:
        steps, smooth = self._watch.series.line(SMOOTH, 200)
        held = self._watch.state.validation("loss")
        found = remark(steps.tolist(), smooth.tolist(), held)
        failed = isinstance(self._watch.state.outcome, Failed)
        if failed and found is not None and LEVELS[found.kind] == "good":
            found = None  # no praise for a run that broke
        ended = not (self._watch.alive or self._watch.starting)
        waits = None if ended or found is not None else self._waits()
        if (found or waits, ended) == self._remark:
            return
        self._remark = (found or waits, ended)
        clear(self._coach)
        if found is not None:
            self._coach.addWidget(self._said(found, ended))
            ending = ending_of(self._watch.state.outcome)
            self._announced.now(coach_title(found, ended, ending))
        elif waits is not None:
            self._coach.addWidget(FindingBox("advice", *waiting_words(waits), upright=True))

    def _waits(self) -> Waiting:
        """What has to come before the coach can say anything."""
        return "measures" if len(self._watch.series) else "steps"

    def _said(self, found: Remark, ended: bool) -> FindingBox:
        action, ending = coach_action(found, ended), ending_of(self._watch.state.outcome)
        made = FindingBox(
            coach_level(found, ended, ending),
            lambda: coach_title(found, ended, ending),
            lambda: coach_detail(found, ended, ending),
            ACTIONS[action] if action else "",
            upright=True,
        )
        # It goes as it is pressed.
        made.fix_pressed.connect(
            lambda: self.advised.emit(action), Qt.ConnectionType.QueuedConnection
        )
        return made

    def _show_device(self) -> None:
        memory, series = self._watch.state.memory, self._watch.series
        in_use = self._watch.state.started.in_use if self._watch.state.started else {}
        self._device.say(str(in_use.get("device_name") or in_use.get("device") or ""))
        for meter in (self._memory, self._use, self._heat):
            meter.setVisible(False)
        if memory is not None:
            self._memory.setVisible(True)
            used, total = amounts.memory(memory.used), amounts.memory(memory.total)
            self._memory.show_reading(f"{used} / {total}", memory.used / max(1, memory.total))
            if memory.utilisation is not None:
                self._use.setVisible(True)
                self._use.show_reading(f"{memory.utilisation:.0f} %", memory.utilisation / 100)
            if memory.temperature is not None:
                self._heat.setVisible(True)
                self._heat.show_reading(f"{memory.temperature:.0f} °C", memory.temperature / 100)
        speed = series.last("tokens_per_second")
        self._speed.setVisible(speed is not None)
        self._readings.setVisible(memory is not None or speed is not None)
        if speed is not None:
            words = tr("{count} tokens/s").format(count=amounts.whole(speed))
            self._speed.show_reading(words, None)

    def _show_best(self) -> None:
        best = self._watch.state.best
        self._best.setVisible(best is not None)
        if best is None:
            return
        self._flag.say(amounts.whole(best.step), "ok", "flag")
        held = dict(self._watch.state.validation("loss")).get(best.step)
        self._best_note.say(
            lambda: (
                tr("saved and verified")
                if held is None
                else tr("validation loss {loss:.3f} · saved and verified").format(loss=held)
            )
        )
