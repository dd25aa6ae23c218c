"""The window around the steps: rail, header, page, live plan, footer."""

from collections.abc import Iterable
from functools import cached_property

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QStackedWidget
from typing_extensions import override

from finetune_studio.gui.announcing import Announced
from finetune_studio.gui.header import Header
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.page import StepOf, StepPage
from finetune_studio.gui.plan_panel import PlanPanel
from finetune_studio.gui.project import Project
from finetune_studio.gui.steps import STEPS, owner
from finetune_studio.gui.tokens import Size, Space
from finetune_studio.gui.turns import Holder, later
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.glyph import Glyph, Mark
from finetune_studio.gui.widgets.layout import Pane, box, column, row
from finetune_studio.gui.widgets.rail import Rail, State, Step
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.findings import Finding

UNCHOSEN = frozenset({"no-data", "licence-data-unknown"})
"""Findings of what nobody has chosen yet: some block the start, but nothing is wrong."""


class Wizard(Holder):
    """The steps of one project; a page is made when it is first shown.

    Attributes:
        current: The number of the step that is shown.
        home_asked: The person wants the start page.
        place_asked: A page beside the wizard, by its name.
        went: Another step is shown, by its name.
        help_asked: The person wants the help for this step.
    """

    home_asked = Signal()
    went = Signal(str)
    place_asked = Signal(str)
    help_asked = Signal()

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.project = project
        self.current = 0
        self._pages: dict[str, StepPage] = {}
        self._stack, self._blank = QStackedWidget(), Pane()
        self._stack.addWidget(self._blank)
        self._rail = Rail(len(STEPS))
        self._rail.asked.connect(self._jump)
        self.header = Header(project)
        self._beside = column(gap=0)
        later(self, self._add_panel)
        self._footer = Footer(project)
        self._footer.back.clicked.connect(lambda: self.go(self.current - 1))
        self._footer.onward.clicked.connect(self._onward)
        QShortcut(QKeySequence("Ctrl+Return"), self, self._footer.onward.click)
        self._announced = Announced(self)
        self._lay()
        for signal in (project.session.changed, project.facts.changed):
            signal.connect(self._follow)
        for signal in (project.watch.moved, project.watch.began, project.watch.ended):
            signal.connect(self.refresh)
        self.go(0)

    @property
    def current_key(self) -> str:
        """The name of the step that is shown."""
        return STEPS[self.current].key

    @property
    def unfinished(self) -> str:
        """What of a page would end with it, as `StepPage.unfinished` tells it."""
        return next((page.unfinished for page in self._pages.values() if page.unfinished), "")

    def go(self, step: int | str) -> None:
        """Show a step, by its number or its name."""
        keys = [each.key for each in STEPS]
        if isinstance(step, str):
            step = keys.index(step) if step in keys else 0
        self.current = max(0, min(len(STEPS) - 1, step))
        if self.current_key in self._pages:
            self._show_page()
        else:
            self._stack.setCurrentWidget(self._blank)
            later(self, self._show_page)
        self._rail.choose(self.current)
        self.refresh()
        self._announced.now(STEPS[self.current].title())
        self.went.emit(self.current_key)

    def _jump(self, step: int) -> None:
        """Go to a step of the rail; the next Tab enters its page."""
        self.go(step)
        later(self, self._enter)

    def _enter(self) -> None:
        page = self.page(self.current_key)
        page.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        page.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _show_page(self) -> None:
        """Make the page, or show it: each is a turn of its own."""
        if self.current_key in self._pages:
            self._stack.setCurrentWidget(self._pages[self.current_key])
        else:
            self._make(self.current_key)
            later(self, self._show_page)

    def page(self, key: str) -> StepPage:
        """The page of a step; the one that is open is shown by this at the latest."""
        if key not in self._pages:
            self._make(key)
        if key == self.current_key:
            self._stack.setCurrentWidget(self._pages[key])
        return self._pages[key]

    def _make(self, key: str) -> None:
        step = next(each for each in STEPS if each.key == key)
        made = self._pages[key] = step.build(self.project)
        made.led.connect(self.reveal, Qt.ConnectionType.QueuedConnection)
        self._stack.addWidget(made)

    def _add_panel(self) -> None:
        _ = self._panel

    @cached_property
    def _panel(self) -> PlanPanel:
        """The live plan."""
        made = PlanPanel(self.project)
        made.asked.connect(self.reveal)
        self._beside.addWidget(made)
        return made

    def reveal(self, path: str) -> None:
        """Go where a setting is edited, and give it the keyboard."""
        step = owner(path)
        if step is not None:
            self.go(step.key)
            self.page(step.key).reveal(path)

    def refresh(self) -> None:
        """Show how the steps stand."""
        found = self.project.facts.findings()
        self._rail.show_steps([self._step(each, found) for each in STEPS])
        self._footer.show_way(self.current)

    def _follow(self) -> None:
        later(self, self.refresh)

    def _onward(self) -> None:
        index = self.current + 1
        if index < len(STEPS):
            starts = STEPS[index].key == "training" and self.project.watch.run is None
            self.go(index)
            if starts:
                self.page(self.current_key).begin()

    def _step(self, step: StepOf, findings: Iterable[Finding]) -> Step:
        found = [each for each in findings if owner(each.where) is step]
        levels = {each.level for each in found if each.code not in UNCHOSEN}
        worst: State | None = (
            "blocked" if "error" in levels else "attention" if "warning" in levels else None
        )
        return Step(step.title(), step.summary(self.project), worst or step.state(self.project))

    def _lay(self) -> None:
        self._name = Text("Finetune Studio", "strong")
        self._home = Button(name=lambda: tr("To the start page"), kind="quiet", glyph="house")
        self._home.clicked.connect(self.home_asked)
        mark = row(Mark(18), self._name, None, gap=10, pad=(13, 0, 0, 0))
        self._learn = Button(name=lambda: tr("Learn"), kind="quiet", glyph="graduation-cap")
        self._learn.clicked.connect(self.help_asked)
        past = Button(name=lambda: tr("Earlier runs"), kind="quiet", glyph="history")
        past.clicked.connect(lambda: self.place_asked.emit("history"))
        options = Button(name=lambda: tr("Preferences"), kind="quiet", glyph="sliders-horizontal")
        options.clicked.connect(lambda: self.place_asked.emit("preferences"))
        self._foot = row(self._home, self._learn, past, options, None, gap=6, pad=(6, 0, 0, 0))
        foot = box(self._foot)
        foot.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        rail = column(box(mark), 18, self._rail, foot, gap=0, pad=(10, 17, 10, 12))
        self._side = Pane(rail, "canvas", "r")
        panel = Pane(self._beside, "canvas", "l")
        panel.setFixedWidth(Size.panel)
        middle = row(self._stack, panel, gap=0)
        middle.setStretch(0, 1)
        body = column(self.header, box(middle), self._footer, gap=0)
        body.setStretch(1, 1)
        outer = row(self._side, box(body), gap=0)
        outer.setStretch(1, 1)
        self.setLayout(outer)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        narrow = self.width() < Size.narrow_below
        self._side.setFixedWidth(Size.rail_narrow if narrow else Size.rail)
        self._name.setVisible(not narrow)
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._foot.setDirection(way)
        super().resizeEvent(event)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.project.facts.tell_again()
            later(self, self.refresh)


class Footer(Pane):
    """Back, what stands in the way, and the way on."""

    def __init__(self, project: Project) -> None:
        super().__init__(None, "surface", "t")
        self._project = project
        self.back = Button(lambda: tr("Back"), glyph="chevron-left")
        self.onward = Button("", "primary")
        self._sign, self._words = Glyph("circle-check", "ok"), Text("", "body", "text2")
        self._announced = Announced(self)
        line = row(
            self.back,
            None,
            self._sign,
            self._words,
            Space.s,
            self.onward,
            gap=Space.s,
            pad=(28, 0, 20, 0),
        )
        self.setLayout(line)
        self.setFixedHeight(Size.footer)

    def show_way(self, current: int) -> None:
        """Show what the next step is, and whether anything blocks it."""
        self.back.setEnabled(current > 0)
        last = current == len(STEPS) - 1
        for each in (self.onward, self._sign, self._words):
            each.setVisible(not last)
        if last:
            return
        here, following = STEPS[current], STEPS[current + 1]
        errors = [each for each in self._project.facts.findings() if each.level == "error"]
        wrong = [each for each in errors if each.code not in UNCHOSEN]
        closed = here.closed(self._project)
        if following.key == "training" and self._project.watch.run is None:
            self.onward.say(lambda: tr("Start training"))
            self.onward.show_glyph("play")
            self.onward.setEnabled(not errors and not self._project.facts.counting)
        else:
            self.onward.say(lambda: tr("Next: {step}").format(step=following.title()))
            self.onward.show_glyph("")
            self.onward.setEnabled(not closed)
        self._say(len(wrong), len(errors) - len(wrong), closed)

    def _say(self, errors: int, unchosen: int, closed: str) -> None:
        if closed:
            self._sign.show_as("lock", "text3")
            self._words.say(closed)
        elif errors:
            self._sign.show_as("octagon-alert", "bad")
            self._words.say(lambda: tr("%n thing(s) stand in the way.", errors))
        elif unchosen:
            self._sign.show_as("database", "text3")
            self._words.say(lambda: tr("The data is still to be chosen."))
        elif self._project.facts.counting:
            self._sign.show_as("search", "text3")
            self._words.say(lambda: tr("Counting the rows …"))
        else:
            self._sign.show_as("circle-check", "ok")
            self._words.say(lambda: tr("Nothing stands in the way."))
        self._words.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self._announced.now(self._words.plain)
