"""A running set-up as a card: its four steps, how far the download is, pause and cancel."""

from PySide6.QtWidgets import QWidget

from finetune_studio.gui import amounts
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.setup_words import STEPS
from finetune_studio.gui.setting_up import SettingUp
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import box, clear, column, row
from finetune_studio.gui.widgets.meter import Track
from finetune_studio.gui.widgets.text import Text

ORDER = tuple(STEPS)


class SetupProgress(Card):
    """Shows a set-up while it is being done."""

    def __init__(self, job: SettingUp) -> None:
        super().__init__(name=lambda: tr("Set-up"))
        self._job = job
        self._step = ""
        self._title = Text(self._title_words, "section")
        self._amount = Text(self._amount_words, "caption", "text2")
        self._track = Track(height=8)
        self._file = Text(self._file_words, "caption", "text3")
        self._pause = Button(self._pause_words, glyph="pause")
        self._pause.setObjectName("pause")
        self._pause.clicked.connect(job.pause_or_go_on)
        self._cancel = Button(lambda: tr("Stop for now"), "quiet", "x")
        self._cancel.setObjectName("cancel")
        self._cancel.clicked.connect(job.cancel)
        self._steps = column(gap=Space.s)
        head = row(
            box(column(self._title, self._amount, gap=2)), None, self._pause, self._cancel,
            gap=Space.s,
        )  # fmt: skip
        foot = Text(
            lambda: tr(
                "You may leave this page or pause over night: what was downloaded is kept, also "
                "when the computer is switched off."
            ),
            "caption",
            "text3",
            wrap=True,
        )
        self.hold(
            column(head, self._track, self._file, Space.xs, self._steps, Space.xs, foot,
                   gap=Space.s, pad=(20, 16, 20, 16))
        )  # fmt: skip
        job.moved.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is known now."""
        told = self._job.told
        fetched = told.fetched if told else None
        step = told.step if told else "look"
        if step != self._step:
            self._step = step
            self._show_steps()
        self._track.show_part(self._part(step, fetched.done / max(1, fetched.total) if fetched
                                         else 0.0))  # fmt: skip
        for each in (self._title, self._amount, self._file):
            each.refresh()
        self._track.setAccessibleName(self._amount.plain)
        self._pause.setVisible(step == "fetch")
        self._pause.say(self._pause_words)
        self._pause.show_glyph("play" if self._job.paused else "pause")

    @staticmethod
    def _part(step: str, fetched: float) -> float:
        """The download is most of the way; the rest takes a minute."""
        return {"look": 0.0, "fetch": 0.9 * fetched, "install": 0.92, "prove": 0.98}[step]

    def _show_steps(self) -> None:
        clear(self._steps)
        now = ORDER.index(self._step)
        for index, key in enumerate(ORDER):
            self._steps.addWidget(_line(key, index - now))

    def _title_words(self) -> str:
        if self._job.paused:
            return tr("Paused")
        return STEPS[self._step or "look"]()

    def _amount_words(self) -> str:
        told = self._job.told
        if told is None or told.fetched is None:
            return tr("Step {n} of {all}").format(
                n=ORDER.index(self._step or "look") + 1, all=len(ORDER)
            )
        fetched = told.fetched
        done, total = amounts.size(fetched.done), amounts.size(fetched.total)
        parts = [tr("{done} of {size}").format(done=done, size=total)]
        if fetched.speed and not self._job.paused:
            parts.append(f"{amounts.size(fetched.speed)}/s")
            if fetched.seconds_left:
                left = amounts.duration(fetched.seconds_left)
                parts.append(tr("{time} left").format(time=left))
        return " · ".join(parts)

    def _file_words(self) -> str:
        told = self._job.told
        if told is None or told.fetched is None:
            return " "
        if told.fetched.phase == "checking":
            return tr("Checking {file}").format(file=told.fetched.file)
        return told.fetched.file

    def _pause_words(self) -> str:
        return tr("Go on") if self._job.paused else tr("Pause")


def _line(key: str, distance: int) -> QWidget:
    """A step: done, being done, or to come; the sign and the weight say it, not colour alone."""
    sign = "circle-check" if distance < 0 else "circle-dot" if distance == 0 else "circle"
    tone = "ok" if distance < 0 else "accent" if distance == 0 else "text3"
    words = Text(STEPS[key], "strong" if distance == 0 else "body",
                 "text" if distance <= 0 else "text3")  # fmt: skip
    return box(row(Glyph(sign, tone), words, None, gap=10))
