"""The live plan beside every step: what this recipe comes to, and what is still to look at.

It shows what is known, and nothing else: no figure stands in for one that is not reckoned yet.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from finetune_studio.gui import amounts
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.plan_place import MeasureLine, PlaceLine
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.turns import Holder, later
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import (
    Rule,
    Scroller,
    box,
    clear,
    column,
    laid_once,
    row,
    show_part,
)
from finetune_studio.gui.widgets.memory_bar import Legend, MemoryBar
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.findings import Finding

MOST = 3  # findings shown; the rest are counted until they are asked for
VERDICTS = {
    "fits": (lambda: tr("Fits"), "ok"),
    "tight": (lambda: tr("Tight"), "warn"),
    "does-not-fit": (lambda: tr("Does not fit"), "bad"),
}


class Figure(QWidget):
    """A label, a value, and a note under it."""

    def __init__(self, label: Words) -> None:
        super().__init__()
        self._value, self._note = Text("", "strong"), Text("", "caption", "text3")
        head = row(Text(label, "body", "text2"), None, self._value)
        self.setLayout(column(head, row(None, self._note), gap=Space.hair))

    def show_figure(self, value: Words, note: Words = "") -> None:
        """Show another value; an empty one hides the figure."""
        self._value.say(value)
        self._note.say(note)
        self._note.setVisible(bool(self._note.plain))
        show_part(self, bool(self._value.plain))


class PlanPanel(Holder):
    """The panel at the right.

    Attributes:
        asked: The setting that a finding leads to.
    """

    asked = Signal(str)

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._shown: tuple[list[Finding], bool] = [], False
        self._all = False
        self._leads: list[_Leading] = []
        self._memory, self._verdict = Text(self._memory_words, "body", "text2"), Badge("", "ok")
        self._need, self._there = Text("–", "display"), Text("", "body", "text3")
        self._there.setContentsMargins(0, 9, 0, 0)  # onto the baseline of the number before it
        self._bar, self._legend = MemoryBar(), Legend()
        self._head, self._place = MeasureLine(project), PlaceLine(project)
        self._trained = Figure(lambda: tr("Trainable"))
        self._steps = Figure(lambda: tr("Steps"))
        self._time = Figure(lambda: tr("Time"))
        self._disk = Figure(lambda: tr("Disk"))
        self._findings = column(gap=Space.s)
        self._told = box(self._findings)
        self.setLayout(column(Scroller(self._content())))  # a low window has no room for it all
        project.session.changed.connect(self._follow)
        project.facts.changed.connect(self._follow)
        for signal in (project.watch.began, project.watch.ended):
            signal.connect(self._head.refresh)
            signal.connect(self._show_time)
        project.watch.moved.connect(self._show_time)
        self.hide()
        later(self, self._come)

    def _come(self) -> None:
        """Come into sight with what is known: a turn of its own, after that in which it is made."""
        self.refresh()
        self.show()

    def _content(self) -> QVBoxLayout:
        memory = column(
            row(self._memory, None, self._verdict),
            row(self._need, self._there, None, gap=6),
            self._bar,
            self._place,
            gap=6,
        )
        return column(
            self._head,
            memory,
            self._legend,
            Rule(),
            self._trained,
            self._steps,
            self._time,
            self._disk,
            None,
            Rule(),
            self._told,
            gap=10,
            pad=(20, 10, 20, 16),
        )

    def _follow(self) -> None:
        later(self, self._show_figures)
        later(self, self._show_found)

    def refresh(self) -> None:
        """Show what is known now."""
        self._show_figures()
        self._show_found()

    def _show_figures(self) -> None:
        self._head.refresh()
        self._place.refresh()
        self._show_memory()
        self._show_plan()

    def _show_found(self) -> None:
        found, looking = self._project.facts.findings(), self._project.facts.looking
        if (found, looking) != self._shown or not self._findings.count():
            before = [_kind(each) for each in self._shown[0]]
            self._shown = found, looking
            if self._leads and before == [_kind(each) for each in found]:
                for made, each in zip(self._leads, found, strict=False):  # the first ones
                    made.tell(each)
                return
            with laid_once(self._told):
                self._show_findings(found)

    def _memory_words(self) -> str:
        estimate = self._project.facts.plan.estimate
        return tr("Memory") if estimate and not estimate.target.name else tr("GPU memory")

    def _show_memory(self) -> None:
        estimate = self._project.facts.plan.estimate
        self._memory.refresh()
        for each in (self._verdict, self._bar, self._legend, self._there):
            each.setVisible(estimate is not None)
        if estimate is None:
            self._need.say("–")
            return
        self._verdict.say(*VERDICTS[estimate.verdict])
        self._need.say(f"{estimate.plan.total / 2**30:.1f}")
        target = estimate.target
        self._there.say(f"/ {amounts.memory(target.total)}")
        self._bar.show_parts(estimate.plan.parts, target.total)
        self._legend.show_parts(estimate.plan.parts)

    def _show_plan(self) -> None:
        recipe, facts = self._project.session.recipe, self._project.facts
        estimate, steps = facts.plan.estimate, facts.steps
        plan = estimate.plan if estimate else None
        self._trained.show_figure(
            amounts.parameters(plan.trainable) if plan else "",
            (
                lambda: tr("{share} of {all}").format(
                    share=amounts.share(plan.trainable / max(1, plan.parameters)),
                    all=amounts.parameters(plan.parameters),
                )
            )
            if plan
            else "",
        )
        guessed = estimate.steps if estimate else None
        total = steps.total if steps else guessed
        self._steps.show_figure(
            amounts.whole(total) if total else "",
            (
                lambda: tr("{epochs} × {steps}").format(
                    epochs=amounts.epochs(recipe.training.epochs),
                    steps=amounts.steps(steps.per_epoch),
                )
            )
            if steps and not recipe.training.max_steps
            else "",
        )
        self._show_time()
        self._show_disk(estimate.host.disk if estimate else None)

    def _show_time(self) -> None:
        """Show how long it takes: what is reckoned, until a run of it knows better."""
        estimate, state = self._project.facts.plan.estimate, self._project.watch.state
        seconds = estimate.seconds if estimate else None
        if self._knows_better():
            seconds = state.seconds + (state.seconds_left or 0.0)
        self._time.show_figure(
            ""
            if seconds is None
            else lambda: tr("about {time}").format(time=amounts.duration(seconds)),
            self._source if seconds is not None else "",
        )

    def _knows_better(self) -> bool:
        """Whether a run goes on that tells how long it takes; one that pauses tells nothing."""
        watch = self._project.watch
        return (
            watch.alive and watch.state.seconds_left is not None and watch.state.phase != "paused"
        )

    def _source(self) -> str:
        """What the time rests on."""
        plan, watch = self._project.facts.plan, self._project.watch
        if watch.alive and watch.state.phase == "paused" and watch.state.seconds:
            done = amounts.duration(watch.state.seconds)
            return tr("paused; {time} done").format(time=done)
        if self._knows_better():
            return tr("as this run goes")
        if watch.state.outcome is not None and watch.state.seconds >= 1:
            took = amounts.duration(watch.state.seconds)
            return tr("a guess; the last run took {time}").format(time=took)
        if plan.measuring.result is not None and plan.outlook and not plan.outlook.gpu:
            return tr("from a dry run of two steps")
        return tr("a first guess; training measures it")

    def _show_disk(self, need: int | None) -> None:
        machine = self._project.facts.machine
        free = machine.disk_free if machine else None
        self._disk.show_figure(
            "" if need is None else amounts.size(need),
            "" if free is None else lambda: tr("{size} free").format(size=amounts.size(free)),
        )

    def _show_findings(self, found: list[Finding]) -> None:
        clear(self._findings)
        self._leads = []
        if not found:
            level, words = _nothing(looking=self._project.facts.looking)
            self._findings.addWidget(FindingBox(level, words, filled=False))
            return
        count = len(found)
        head = Text(lambda: tr("To look at: {count}").format(count=count), "strong")
        self._findings.addWidget(head)
        for each in found if self._all else found[:MOST]:
            self._leads.append(self._leading(each))
            self._findings.addWidget(self._leads[-1])
        if count > MOST and not self._all:
            more = count - MOST
            rest = Button(lambda: tr("and {count} more").format(count=more), "link")
            rest.clicked.connect(self._show_all, Qt.ConnectionType.QueuedConnection)
            self._findings.addWidget(box(row(rest, None)))  # a bare layout would not be cleared

    def _show_all(self) -> None:
        self._all = True
        with laid_once(self._told):
            self._show_findings(self._shown[0])

    def _leading(self, found: Finding) -> "_Leading":
        made = _Leading(found)
        made.pressed.connect(
            lambda: self.asked.emit(made.found.where), Qt.ConnectionType.QueuedConnection
        )
        return made


class _Leading(FindingBox):
    """A finding that leads to its step; told anew where it stands, for to make it takes a turn.

    Attributes:
        found: The finding.
    """

    def __init__(self, found: Finding) -> None:
        self.found = found
        super().__init__(_kind(found)[0], lambda: self.found.sentence, filled=False, leads=True)

    def tell(self, found: Finding) -> None:
        """Tell it as it is now."""
        if found != self.found:
            self.found = found
            self.refresh()


def _kind(found: Finding) -> tuple[str, str, str]:
    """What another finding must share to be told in its place."""
    level = "advice" if found.code == "no-data" else found.level  # a step to come, no fault
    return level, found.code, found.where


def _nothing(*, looking: bool) -> tuple[str, Words]:
    """What stands where no finding does, and how; nothing is praised before it was looked at."""
    if looking:
        return "advice", lambda: tr("Looking at the data …")
    return "good", lambda: tr("No problems found")
