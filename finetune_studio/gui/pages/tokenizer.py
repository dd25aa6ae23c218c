"""The tokenizer: a row as the trainer will see it, how long rows are, what tokens cost."""

from typing import Any

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout
from typing_extensions import override

from finetune_studio.errors import StudioError
from finetune_studio.gui import amounts
from finetune_studio.gui.form import finding_box
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.lengths import CompareCard, LengthsCard
from finetune_studio.gui.pages.page import StepOf, StepPage, page
from finetune_studio.gui.preflight import CONCERNED
from finetune_studio.gui.project import Project
from finetune_studio.gui.token_views import Opened, RowView, TextView, open_views
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.choice import Segmented
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import Rule, Scroller, box, clear, column, row
from finetune_studio.gui.widgets.line import Line
from finetune_studio.gui.widgets.rail import State
from finetune_studio.gui.widgets.text import Text
from finetune_studio.gui.widgets.token_flow import TokenFlow

RESTS = 250  # milliseconds after the last change or letter
FLOW = 300  # pixels; a longer row scrolls in itself
CODES = {
    "bos-twice",
    "end-not-a-stop",
    "end-not-learned",
    "no-system-role",
    "nothing-at-all",
    "nothing-learned",
    "prompt-differs",
    "rows-cut",
    "template-missing",
    "template-refuses",
    "unknown-label",
}
"""Findings that are about tokens, and stand on this page too."""


class TokenizerPage(StepPage):
    """The page of the tokens."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._opened: Opened | None = None
        self._number, self._typing, self._stale = 0, False, True
        self._way = Segmented(
            [(False, lambda: tr("Training data")), (True, lambda: tr("Type your own"))]
        )
        self._way.show_value(False)
        self._way.edited.connect(self._choose_way)
        self._back = Button(name=lambda: tr("Previous row"), kind="quiet", glyph="chevron-left")
        self._next = Button(name=lambda: tr("Next row"), kind="quiet", glyph="chevron-right")
        self._back.clicked.connect(lambda: self._go(-1))
        self._next.clicked.connect(lambda: self._go(1))
        self._place = Text("", "body", "text2")
        self._learned, self._given = Badge("", "learned"), Badge("", "given")
        self.field = Line(lambda: tr("Type a text to see its tokens"))
        self._flow, self._said = TokenFlow(), column(gap=Space.s)
        self._letters = QTimer(self, singleShot=True, interval=RESTS)
        self._letters.timeout.connect(self._read)
        self.field.textChanged.connect(lambda _: self._letters.start())
        self._rest = QTimer(self, singleShot=True, interval=RESTS)
        self._rest.timeout.connect(self._open)
        self._lengths, self._compare = LengthsCard(project), CompareCard()
        self._lay()
        project.session.changed.connect(self._follow)
        project.facts.changed.connect(self._show_findings)

    def _lay(self) -> None:
        self._window = Scroller(column(self._flow, None))
        self._flow.laid.connect(lambda tall: self._window.setFixedHeight(min(FLOW, tall)))
        self._findings = column(gap=Space.s)
        parts = (self._tools(), self.field, Rule(), self._window, self._said)
        tokens = Card(column(*parts, gap=Space.m))
        lower = row(self._lengths, self._compare, gap=Space.l)
        lower.setStretch(0, 5)
        lower.setStretch(1, 3)
        self.setLayout(
            column(
                page(
                    lambda: tr("What will the model actually learn?"),
                    lambda: tr(
                        "Exactly as the trainer sees it. Underlined teal is learned; grey is only "
                        "read."
                    ),
                    column(tokens, self._findings, box(lower), None, gap=Space.m),
                )
            )
        )
        self._choose_way(False)

    def _tools(self) -> QHBoxLayout:
        return row(
            self._way,
            Space.s,
            self._back,
            self._place,
            self._next,
            None,
            self._learned,
            self._given,
            gap=6,
        )

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._open()

    def _follow(self, changed: frozenset[str]) -> None:
        if any(path.startswith(CONCERNED) for path in changed):
            self._stale = True
            if self.isVisible():
                self._rest.start()

    def _open(self) -> None:
        self._stale = False
        recipe = self._project.session.recipe
        self._project.jobs.run("tokens", lambda: open_views(recipe), self._know, self._trouble)

    def _know(self, opened: Opened) -> None:
        self._opened = opened
        self._number = min(self._number, max(0, len(opened.rows) - 1))
        self._read()
        if len(opened.rows):
            jobs = self._project.jobs
            jobs.run("lengths", opened.lengths, self._lengths.show_lengths, self._trouble)
            jobs.run("compare tokens", opened.compared, self._compare.show_models, self._trouble)
        self._lengths.setVisible(bool(len(opened.rows)))
        self._compare.setVisible(bool(len(opened.rows)))

    def _read(self) -> None:
        opened, number, text = self._opened, self._number, self.field.text()
        if opened is None:
            return
        jobs = self._project.jobs
        if self._typing:
            jobs.run("tokens shown", lambda: opened.text(text), self._show_text, self._trouble)
        elif len(opened.rows):
            jobs.run("tokens shown", lambda: opened.row(number), self._show_row, self._trouble)
        else:
            self._show_nothing(opened.trouble)

    def _go(self, by: int) -> None:
        if self._opened is not None:
            self._number = (self._number + by) % max(1, len(self._opened.rows))
            self._read()

    def _choose_way(self, typing: object) -> None:
        self._typing = bool(typing)
        self.field.setVisible(self._typing)
        self.field.setAccessibleName(tr("Type a text to see its tokens"))
        self._way.setAccessibleName(tr("What is shown"))
        for widget in (self._back, self._place, self._next):
            widget.setVisible(not self._typing)
        for badge in (self._learned, self._given):
            badge.hide()
        if self._typing:
            self.field.setFocus()
        self._read()

    def _show_row(self, view: RowView) -> None:
        clear(self._said)
        count = len(self._opened.rows) if self._opened else 0
        self._place.say(
            tr("Row {row} of {rows}").format(
                row=amounts.whole(self._number + 1), rows=amounts.whole(count)
            )
        )
        self._flow.show_chips(view.chips)
        self._learned.show()
        self._given.show()
        learned, given = amounts.whole(view.learned), amounts.whole(view.given)
        self._learned.say(tr("Learned {count}").format(count=learned), "learned", "pencil")
        self._given.say(tr("Given {count}").format(count=given), "given", "lock")
        if view.cut:
            self._say("warning", tr("{count} tokens are cut off").format(count=view.cut))
        elif view.ends:
            title = tr("The end {token} is learned").format(token=view.end)
            self._say("good", title, tr("So the model stops when its answer ends."))
        self._show_findings()

    def _show_text(self, view: TextView) -> None:
        clear(self._said)
        self._flow.show_chips(view.chips)
        self._given.show()
        self._given.say(tr("{count} tokens").format(count=amounts.whole(view.tokens)), "given", "")
        if view.chips:
            good = tr("Back from the ids comes the same text.")
            other = tr("Back from the ids comes another text: the tokenizer changes it.")
            self._say("good" if view.comes_back else "advice", good if view.comes_back else other)

    def _show_nothing(self, trouble: StudioError | None) -> None:
        clear(self._said)
        self._flow.show_chips(())
        self._place.say("")
        for badge in (self._learned, self._given):
            badge.hide()
        if trouble is not None:
            self._say("error", trouble.title, " ".join((trouble.detail, trouble.hint)).strip())
        else:
            self._say(
                "advice",
                tr("There is no data yet"),
                tr("Choose some in the step before, or type a text of your own."),
            )

    def _trouble(self, error: StudioError) -> None:
        clear(self._said)
        self._say("error", error.title, " ".join((error.detail, error.hint)).strip())

    def _say(self, level: str, title: str, detail: str = "") -> None:
        self._said.addWidget(FindingBox(level, title, detail))

    def _show_findings(self) -> None:
        clear(self._findings)
        for each in self._project.facts.findings():
            if each.code in CODES:
                made = finding_box(each, self._project.session, lambda _: None)
                self._findings.addWidget(made)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._read()


def _summary(project: Project) -> str:
    found = project.facts.preflight.found
    if found is None or not found.tokens:
        return tr("waits for data")
    return tr("learns {share:.0%} of the tokens").format(share=found.learned_share)


def _state(project: Project) -> State:
    found: Any = project.facts.preflight.found
    return "done" if found is not None and found.tokens else "todo"


STEP = StepOf(
    "tokenizer",
    lambda: tr("Tokenizer"),
    TokenizerPage,
    _summary,
    _state,
    ("task.template",),
)
