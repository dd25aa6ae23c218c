"""The live plan beside every step: what this recipe comes to, and what is still to look at.

It shows what is known, and nothing else: no figure stands in for one that is not reckoned yet.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from finetune_studio.gui import amounts
from finetune_studio.gui.choices import words
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import Rule, clear, column, row
from finetune_studio.gui.widgets.number import short
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.findings import Finding

MOST = 4  # findings shown; the rest are counted


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
        self.setVisible(bool(self._value.plain))


class PlanPanel(QWidget):
    """The panel at the right.

    Attributes:
        asked: The setting that a finding leads to.
    """

    asked = Signal(str)

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._shown: list[Finding] = []
        self._gpu = Text("", "strong", wrap=True)
        self._gpu_note = Text("", "caption", "text3", wrap=True)
        self._method = Figure(lambda: tr("Method"))
        self._rows = Figure(lambda: tr("Training rows"))
        self._steps = Figure(lambda: tr("Steps"))
        self._disk = Figure(lambda: tr("Free disk space"))
        self._findings = column(gap=Space.s)
        sign = column(Glyph("gpu", "text2"), None, pad=(0, 2, 0, 0))
        machine = row(sign, column(self._gpu, self._gpu_note, gap=2), gap=10)
        machine.setStretch(1, 1)
        self.setLayout(
            column(
                Text(lambda: tr("Live plan"), "section"),
                machine,
                Rule(),
                self._method,
                self._rows,
                self._steps,
                self._disk,
                None,
                Rule(),
                self._findings,
                gap=10,
                pad=(20, 18, 20, 16),
            )
        )
        project.session.changed.connect(self.refresh)
        project.facts.changed.connect(self.refresh)
        self.refresh()

    def refresh(self, _: object = None) -> None:
        """Show what is known now."""
        self._show_machine()
        self._show_plan()
        found = self._project.facts.findings()
        if found != self._shown or not self._findings.count():
            self._shown = found
            self._show_findings(found)

    def _show_machine(self) -> None:
        machine = self._project.facts.machine
        if machine is None:
            self._gpu.say(lambda: tr("Looking at this machine …"))
            self._gpu_note.say("")
            return
        if machine.gpus:
            gpu = machine.gpus[0]
            self._gpu.say(gpu.name)
            self._gpu_note.say(
                lambda: tr("{total}, {free} free").format(
                    total=amounts.memory(gpu.total_bytes), free=amounts.memory(gpu.free_bytes)
                )
            )
        else:
            self._gpu.say(lambda: tr("No GPU"))
            self._gpu_note.say(
                lambda: tr("{cores} processor cores, {memory} of memory").format(
                    cores=machine.cores, memory=amounts.memory(machine.ram_total)
                )
            )
        free = machine.disk_free
        self._disk.show_figure("" if free is None else amounts.size(free))

    def _show_plan(self) -> None:
        recipe, facts = self._project.session.recipe, self._project.facts
        method = recipe.method
        rank = "" if method.kind == "full" else f" · r{method.rank}"
        self._method.show_figure(lambda: words(method.kind)() + rank)
        data, steps = facts.data, facts.steps
        self._rows.show_figure(
            amounts.whole(data.training) if data else "",
            (lambda: tr("{count} to measure on").format(count=amounts.whole(data.validation)))
            if data
            else "",
        )
        self._steps.show_figure(
            amounts.whole(steps.total) if steps else "",
            (
                lambda: tr("{epochs} epochs × {steps} steps").format(
                    epochs=short(recipe.training.epochs), steps=amounts.whole(steps.per_epoch)
                )
            )
            if steps and not recipe.training.max_steps
            else "",
        )

    def _show_findings(self, found: list[Finding]) -> None:
        clear(self._findings)
        if not found:
            good = FindingBox("good", lambda: tr("Nothing to look at"), filled=False)
            self._findings.addWidget(good)
            return
        count = len(found)
        head = Text(lambda: tr("To look at: {count}").format(count=count), "strong")
        self._findings.addWidget(head)
        for each in found[:MOST]:
            self._findings.addWidget(self._leading(each))
        if more := count - MOST if count > MOST else 0:
            rest = Text(lambda: tr("and {count} more").format(count=more), "caption", "text3")
            self._findings.addWidget(rest)

    def _leading(self, found: Finding) -> QWidget:
        made = FindingBox(found.level, lambda: found.sentence, filled=False, leads=True)
        made.pressed.connect(
            lambda: self.asked.emit(found.where), Qt.ConnectionType.QueuedConnection
        )
        return made
