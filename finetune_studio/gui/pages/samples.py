"""Answers to the same questions over time: before the training, and at a step of one's choice."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from finetune_studio.gui import amounts
from finetune_studio.gui.language import tr
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.watch import Watch
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.layout import box, column, row, show_part
from finetune_studio.gui.widgets.slider import Scale, Slider
from finetune_studio.gui.widgets.text import Text
from finetune_studio.runs.events import Sample


class SamplesCard(Card):
    """One question at a time, its first answer and another beside it."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch
        self._question = 0
        self._place = 1.0  # of the answers, from the first to the newest
        self._asked, self._count = (
            Text("", "body", "text2", exact=True),
            Text("", "caption", "text3"),
        )
        self._back = Button(
            name=lambda: tr("Previous question"), kind="quiet", glyph="chevron-left"
        )
        self._next = Button(name=lambda: tr("Next question"), kind="quiet", glyph="chevron-right")
        self._back.clicked.connect(lambda: self._turn(-1))
        self._next.clicked.connect(lambda: self._turn(1))
        self._slider = Slider(Scale(0.0, 1.0))
        self._slider.edited.connect(self._slide)
        self._from, self._to = Text("", "caption", "text3"), Text("", "label", "learned_text")
        self._first = Text("", wrap=True, exact=True)
        self._later = Text("", wrap=True, exact=True)
        self._first.set_tone("text2")
        self._before = Text("", "label", "text3")
        self._when = Text("", "label", "learned_text")
        self.hold(self._lay())
        self.refresh()

    def refresh(self) -> None:
        """Show what was answered by now."""
        questions = list(dict.fromkeys(each.prompt for each in self._watch.state.samples))
        show_part(self, bool(questions))
        if not questions:
            return
        self._question = min(self._question, len(questions) - 1)
        prompt = questions[self._question]
        said = [each for each in self._watch.state.samples if each.prompt == prompt]
        self._show(prompt, said, len(questions))

    def _show(self, prompt: str, said: list[Sample], count: int) -> None:
        chosen = said[round(self._place * (len(said) - 1))]
        now = chosen is said[-1] and self._watch.alive
        self._asked.say(f"“{' '.join(prompt.split())}”")
        self._count.say(f"{self._question + 1} / {count}")
        self._back.setEnabled(self._question > 0)
        self._next.setEnabled(self._question < count - 1)
        self._slider.show_value(self._place)
        for widget in (self._over_time, self._answered):
            widget.setVisible(len(said) > 1)  # nothing to compare yet
        self._slider.setAccessibleName(tr("Step of the answer"))
        self._from.say(tr("Step {step}").format(step=amounts.whole(said[0].step)))
        step = amounts.whole(chosen.step)
        self._to.say((tr("{step} (now)") if now else "{step}").format(step=step))
        self._when.say(tr("Step {step}").format(step=step))
        first = amounts.whole(said[0].step)
        self._before.say(
            tr("Step {step}").format(step=first) if said[0].step else tr("Before training")
        )
        self._first.say(said[0].text.strip() or "…")
        self._later.say(chosen.text.strip() or "…")

    def _turn(self, by: int) -> None:
        self._question += by
        self.refresh()

    def _slide(self, place: object) -> None:
        assert isinstance(place, float | int)
        self._place = float(place)
        self.refresh()

    def _lay(self) -> QVBoxLayout:
        title = Text(lambda: tr("Same question, answered now"), "section")
        head = row(title, self._asked, None, self._back, self._count, self._next, gap=6)
        line = row(self._from, self._slider, self._to, gap=Space.s)
        line.setStretch(1, 1)
        self._over_time, self._answered = box(line), _answer(self._when, self._later)
        pair = row(_answer(self._before, self._first), self._answered, gap=Space.xl)
        pair.setStretch(0, 1)
        pair.setStretch(1, 1)
        return column(head, self._over_time, pair, gap=Space.xs, pad=(16, 6, 16, 10))


def _answer(label: Text, words: Text) -> QWidget:
    return box(column(label, words, None, gap=2))
