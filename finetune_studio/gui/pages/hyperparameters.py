"""The settings: rows made from their declarations, beside the curve and the arithmetic."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from typing_extensions import override

from finetune_studio.gui import amounts
from finetune_studio.gui.controls import can_edit
from finetune_studio.gui.field import advice_for
from finetune_studio.gui.form import Form
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.page import StepOf, StepPage, page
from finetune_studio.gui.project import Project
from finetune_studio.gui.row_lengths import LENGTH
from finetune_studio.gui.schedule import rate, warmup_steps
from finetune_studio.gui.tokens import Size, Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.choice import Segmented
from finetune_studio.gui.widgets.layout import Rule, box, column, row
from finetune_studio.gui.widgets.number import short
from finetune_studio.gui.widgets.plot import PlotPlace, Stroke
from finetune_studio.gui.widgets.rail import State
from finetune_studio.gui.widgets.text import Text
from finetune_studio.gui.widgets.ticks import steps_axis, values_axis
from finetune_studio.recipe.advice import Advice
from finetune_studio.recipe.fields import Described, describe
from finetune_studio.recipe.schema import Recipe

NARROW = 850  # pixels of the page under which a form has no room beside its controls
POINTS = 400  # of the curve
UNKNOWN = "–"
GROUPS: tuple[tuple[Callable[[], str], tuple[str, ...]], ...] = (
    (
        lambda: tr("Learning speed"),
        ("training.learning_rate", "training.schedule", "training.warmup_ratio"),
    ),
    (
        lambda: tr("How much at a time"),
        (
            "training.batch_size",
            "training.accumulation",
            "training.epochs",
            "training.max_steps",
            "training.sequence_length",
            "training.packing",
        ),
    ),
    (
        lambda: tr("Adapter"),
        ("method.rank", "method.alpha", "method.dropout", "method.targets"),
    ),
    (lambda: tr("Measuring and stopping"), ("evaluation.", "data.split.seed")),
    (lambda: tr("What is learned"), ("task.",)),
    (lambda: tr("Optimiser and memory"), ("training.",)),
    (lambda: tr("Checkpoints and export"), ("checkpoints.", "export.")),
    (lambda: tr("Licence"), ("licence.data",)),
)


def groups() -> list[tuple[Callable[[], str], list[Described]]]:
    """The settings of this page under their headings; each under the first that names it."""
    left = {each.path: each for each in describe(Recipe) if can_edit(each)}
    found = []
    for title, beginnings in GROUPS:
        taken = [path for start in beginnings for path in left if path.startswith(start)]
        found.append((title, [left.pop(path) for path in dict.fromkeys(taken)]))
    return found


class HyperparametersPage(StepPage):
    """The page of the settings."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self.form = Form(project.session, groups(), project.facts.findings, self._advice)
        self._level = Segmented([(False, self._basic), (True, self._all)])
        self._level.setAccessibleName(tr("Which settings are shown"))
        self._level.edited.connect(self._choose_level)
        self._advised = Button(lambda: tr("Use all advised"), "quiet", "rotate-ccw")
        self._advised.clicked.connect(self._use_advised)
        head = row(self._level, None, self._advised)
        form = column(head, Space.xs, self.form, gap=Space.l)
        side = box(column(_Curve(project), _Arithmetic(project), None, gap=Space.m))
        side.setFixedWidth(Size.side)
        line = row(box(form), side, gap=Space.xl)
        line.setStretch(0, 1)
        self.setLayout(
            column(
                page(
                    lambda: tr("Shall we look at the settings?"),
                    lambda: tr("Each has a reason and a source. You may leave them as they are."),
                    line,
                )
            )
        )
        self.form.advanced_changed.connect(self._level.show_value)
        project.session.changed.connect(self._follow)
        project.facts.changed.connect(self.form.show_findings)
        project.facts.changed.connect(self._count)
        project.facts.lengths.changed.connect(self._show_advice)
        self.form.show_advanced(project.preferences.advanced)
        self._level.show_value(project.preferences.advanced)
        self._follow()

    @override
    def reveal(self, path: str) -> bool:
        return self.form.reveal(path)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self.form.stand(narrow=self.width() < NARROW)
        super().resizeEvent(event)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._count()

    def _count(self) -> None:
        """Count the rows' tokens where nobody has: the length that is advised follows from them."""
        data = self._project.facts.data
        if self.isVisible() and data is not None:
            self._project.facts.lengths.count(data.training + data.validation)

    def _advice(self, path: str) -> Advice | None:
        facts = self._project.facts
        if path == LENGTH:
            outlook = facts.plan.outlook
            counted = facts.lengths.advice(outlook.context if outlook else 0)
            if counted is not None:
                return counted
        return advice_for(self._project.session, path)

    def _show_advice(self) -> None:
        if LENGTH in self.form.rows.made:
            self.form.rows[LENGTH].follow_advice()
        self._follow()

    def _basic(self) -> str:
        return tr("Basic {count}").format(count=self.form.count("basic"))

    def _all(self) -> str:
        return tr("All {count}").format(count=self.form.count())

    def _choose_level(self, advanced: object) -> None:
        self.form.show_advanced(bool(advanced))
        self._project.prefer(advanced=bool(advanced))

    def _differing(self) -> dict[str, object]:
        session = self._project.session
        advice = (self._advice(path) for path in self.form.rows if session.has(path))
        return {
            each.path: each.value
            for each in advice
            if each is not None and session.value(each.path) != each.value
        }

    def _use_advised(self) -> None:
        self._project.session.change(self._differing())

    def _follow(self, _: object = None) -> None:
        self._advised.setVisible(bool(self._differing()))


class _Curve(Card):
    """The learning rate over the steps, with the end of the warm-up marked."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._place = PlotPlace([Stroke("rate")], height=148, axis=44)
        self._place.came.connect(self._draw)
        self._note = Text(self._words, "caption", "text3", wrap=True)
        head = row(
            Text(lambda: tr("Learning rate"), "section"),
            None,
            Text(lambda: tr("by step"), "caption", "text3"),
        )
        self.hold(column(head, self._place, self._note, gap=Space.s))
        project.session.changed.connect(self._draw)
        project.facts.changed.connect(self._draw)
        self._draw()

    def _words(self) -> str:
        training, steps = self._project.session.recipe.training, self._project.facts.steps
        if steps is None:
            return tr("The shape of the run; the steps follow from the data.")
        warm = warmup_steps(training.warmup_ratio, steps.total)
        if not warm:
            return tr("It starts at the full rate, without a warm-up.")
        words = tr("The warm-up takes {steps}, to the dashed line.")
        return words.format(steps=amounts.steps(warm))

    def _draw(self, _: object = None) -> None:
        training, steps = self._project.session.recipe.training, self._project.facts.steps
        self._note.say(self._words)
        plot = self._place.plot
        if plot is None:
            return  # it comes, and draws itself
        total = steps.total if steps else 1000
        at = np.unique(np.concatenate([np.linspace(0, total, POINTS), np.arange(min(total, 8))]))
        peak, ratio = training.learning_rate, training.warmup_ratio
        plot.show_line(0, at, rate(training.schedule, peak, ratio, total, at))
        axis = steps_axis(total, 3)
        if steps is None:
            axis = type(axis)(0, total, ((0, "0 %"), (total / 2, "50 %"), (total, "100 %")))
        plot.show_ranges(axis, values_axis(0, peak, 2, short), air=0.13)
        warm = warmup_steps(ratio, total)
        plot.show_marks([(warm, "text3")] if warm else [])
        plot.setAccessibleName(tr("Learning rate by step"))
        plot.setAccessibleDescription(self._note.plain)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._draw()


class _Arithmetic(Card):
    """Rows, batch, epochs and steps, written out."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._values = [Text(UNKNOWN) for _ in range(4)]
        self._total = Text(UNKNOWN, "strong")
        labels = (
            lambda: tr("Training rows"),
            lambda: tr("÷ effective batch"),
            lambda: tr("= steps an epoch"),
            lambda: tr("× epochs"),
        )
        body = column(Text(lambda: tr("How many steps"), "section"), gap=6)
        for words, value in zip(labels, self._values, strict=True):
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            body.addLayout(row(Text(words, "body", "text2"), None, value))
        self._note = Text("", "caption", "text3", wrap=True)
        body.addWidget(Rule())
        body.addLayout(row(Text(lambda: tr("In all"), "strong"), None, self._total))
        body.addWidget(self._note)
        self.hold(body)
        project.session.changed.connect(self._reckon)
        project.facts.changed.connect(self._reckon)
        self._reckon()

    def _reckon(self, _: object = None) -> None:
        facts, training = self._project.facts, self._project.session.recipe.training
        steps = facts.steps
        known = facts.data is not None
        batch = training.batch_size * training.accumulation
        figures = (
            amounts.whole(facts.data.training) if facts.data else UNKNOWN,
            amounts.whole(batch),
            amounts.whole(steps.per_epoch) if steps else UNKNOWN,
            short(training.epochs),
        )
        for text, value in zip(self._values, figures, strict=True):
            text.say(value)
        self._total.say((lambda: amounts.steps(steps.total)) if steps else UNKNOWN)
        self._note.say(self._words)
        self._note.setVisible(not known or steps is None or bool(training.max_steps))

    def _words(self) -> str:
        facts, training = self._project.facts, self._project.session.recipe.training
        if facts.counting:
            return tr("Counting the rows …")
        if facts.data is None:
            return tr("Choose data, and the steps are reckoned here.")
        if facts.steps is None:
            return tr("With packing, rows share sequences; the trainer counts them first.")
        return tr("The step limit of {limit} counts, not the epochs.").format(
            limit=amounts.whole(training.max_steps)
        )


def _summary(project: Project) -> str:
    training = project.session.recipe.training
    return tr("rate {rate} · {epochs}").format(
        rate=short(training.learning_rate), epochs=amounts.epochs(training.epochs)
    )


def _state(project: Project) -> State:
    return "done"


STEP = StepOf(
    "hyperparameters",
    lambda: tr("Settings"),
    HyperparametersPage,
    _summary,
    _state,
    (
        "training.",
        "method.",
        "evaluation.",
        "checkpoints.",
        "export.",
        "task.",
        "data.split.seed",
    ),
)
