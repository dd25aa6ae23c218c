"""Where the plan is for, and the dry run that measures it: two lines of the panel of the plan."""

from PySide6.QtWidgets import QWidget

from finetune_studio.gui import amounts
from finetune_studio.gui.language import tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.layout import column, row
from finetune_studio.gui.widgets.text import Text


class MeasureLine(QWidget):
    """The head of the panel: what it is, whether it was measured, or the press that measures it."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._measuring = project.facts.plan.measuring
        self._title = Text(self._words, "section")
        self.measure = Button(lambda: tr("Measure it"), "quiet", "gauge")
        self.measure.clicked.connect(self._press)
        self._measured = Badge(lambda: tr("Measured"), "plain", "gauge")
        self.setLayout(row(self._title, None, self._measured, self.measure, gap=0))
        self.setFixedHeight(32)  # with the button and without
        self._measuring.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show whether the plan is measured, and whether it can be."""
        plan, running = self._project.facts.plan, self._measuring.running
        here = plan.outlook is not None and not plan.outlook.gpu
        self._title.refresh()
        self._measured.setVisible(here and self._measuring.result is not None and not running)
        possible = here and plan.estimate is not None and self._measuring.result is None
        self.measure.setVisible(running or possible)
        self.measure.setEnabled(running or not self._hindered())
        self.measure.say((lambda: tr("Stop")) if running else (lambda: tr("Measure it")))
        self.measure.show_glyph("square" if running else "gauge")
        self.measure.setToolTip(
            tr("Trains two steps with the longest rows, to learn what memory and time it needs.")
        )

    def _words(self) -> str:
        return tr("Plan and run") if self._project.watch.run is not None else tr("Live plan")

    def _hindered(self) -> bool:
        """Whether a dry run would be refused, or would have to share the device."""
        errors = any(each.level == "error" for each in self._project.facts.findings())
        return errors or self._project.watch.alive or self._project.watch.starting

    def _press(self) -> None:
        if self._measuring.running:
            self._measuring.stop()
        else:
            self._measuring.start()


class PlaceLine(QWidget):
    """Under the bar: the machine or GPU that the plan is for, and what a run of it really used."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._place = Text(self._words, "caption", "text3", wrap=True)
        self._here = Button(lambda: tr("Plan for this computer"), "link")
        self._here.clicked.connect(lambda: project.prefer(gpu=""))
        self._peak = Text(self._peak_words, "caption", "text3", wrap=True)
        self.setLayout(column(self._place, row(self._here, None), self._peak, gap=2))
        for signal in (project.watch.moved, project.watch.began):
            signal.connect(self._show_peak)
        project.facts.plan.measuring.waiting.ticked.connect(self._place.refresh)

    def refresh(self) -> None:
        """Show where it is for now."""
        outlook = self._project.facts.plan.outlook
        self._here.setVisible(bool(outlook and outlook.gpu))
        self._place.refresh()
        self._show_peak()

    def _show_peak(self) -> None:
        self._peak.setVisible(bool(self._project.watch.state.peak_memory))
        self._peak.refresh()

    def _words(self) -> str:
        plan = self._project.facts.plan
        if plan.outlook is None:
            return tr("Reckoning …")
        if plan.estimate is None:
            trouble = plan.outlook.trouble
            text = tr("Nothing can be reckoned yet: {why}")
            return text.format(why=trouble.title) if trouble else ""
        if plan.measuring.running:
            return plan.measuring.waiting.say(tr("Training two steps to measure it …"))
        target = plan.estimate.target
        if plan.outlook.gpu:
            return tr("as on {gpu}, not on this computer").format(gpu=target.name)
        place, free = target.name or tr("no GPU: main memory"), amounts.memory(target.free)
        return tr("{place}, {free} free").format(place=place, free=free)

    def _peak_words(self) -> str:
        peak = amounts.memory(self._project.watch.state.peak_memory)
        return tr("At most {size} was in use while it trained.").format(size=peak)
