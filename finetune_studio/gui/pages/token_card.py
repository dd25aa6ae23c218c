"""A row as the trainer gets it, or a text of the person's own, token by token."""

import random
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QHBoxLayout
from typing_extensions import override

from finetune_studio.errors import StudioError
from finetune_studio.gui import amounts, apart, token_views
from finetune_studio.gui.language import tr
from finetune_studio.gui.project import Project
from finetune_studio.gui.token_views import Known, RowView, TextView
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.choice import Segmented
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import Rule, Scroller, box, clear, column, laid_once, row
from finetune_studio.gui.widgets.line import Line
from finetune_studio.gui.widgets.sunken import Sunken
from finetune_studio.gui.widgets.text import Text
from finetune_studio.gui.widgets.token_flow import TokenFlow
from finetune_studio.recipe.schema import Recipe

RESTS = 250  # milliseconds after the last letter
FLOW = 300  # pixels; a longer row scrolls in itself
RENDERED = 4000  # characters of a rendered row
KEY = "tokens shown"


class TokenCard(Card):
    """The chips, what is said of them, and the way to another row."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project, self._recipe = project, Recipe()
        self._known: Known | None = None
        self._number, self._typing = 0, False
        self._way = Segmented(
            [(False, lambda: tr("Training data")), (True, lambda: tr("Type your own"))]
        )
        self._way.show_value(False)
        self._way.edited.connect(self.choose_way)
        self.back = Button(name=lambda: tr("Previous row"), kind="quiet", glyph="chevron-left")
        self.next = Button(name=lambda: tr("Next row"), kind="quiet", glyph="chevron-right")
        self.any = Button(name=lambda: tr("Random row"), kind="quiet", glyph="sparkles")
        self.back.clicked.connect(lambda: self.go(-1))
        self.next.clicked.connect(lambda: self.go(1))
        self.any.clicked.connect(self._go_anywhere)
        self.number = Line()
        self.number.setMinimumWidth(0)
        self.number.setFixedWidth(76)
        self.number.returnPressed.connect(self._go_to)
        self.place = Text(lambda: tr("Reading the rows …"), "body", "text2")
        self._badges = [Badge("", tone) for tone in ("learned", "given", "bad", "plain")]
        self.field = Line(lambda: tr("Type a text to see its tokens"))
        self.flow, self._said = TokenFlow(), column(gap=Space.s)
        self._words = box(self._said)
        self._letters = QTimer(self, singleShot=True, interval=RESTS)
        self._letters.timeout.connect(self.read)
        self.field.textChanged.connect(lambda _: self._letters.start())
        self._as_text = Button(self._as_text_words, "link")
        self._as_text.clicked.connect(self._toggle_text)
        self._rendered = Text("", "mono", "text2", wrap=True)
        self._well = Sunken(column(self._rendered, pad=(12, 8, 12, 8)))
        self._well.hide()
        self._window = Scroller(column(self.flow, None))
        self.flow.laid.connect(lambda tall: self._window.setFixedHeight(min(FLOW, tall)))
        foot = row(self._as_text, None, *self._badges, gap=6)  # a narrow head has no room for them
        parts = (self._tools(), self.field, Rule(), self._window, self._words, foot, self._well)
        self.hold(column(*parts, gap=Space.m))
        self.choose_way(False)

    def _tools(self) -> QHBoxLayout:
        steps = (self.back, self.number, self.place, self.next, self.any)
        return row(self._way, Space.s, *steps, None, gap=6)

    def know(self, recipe: Recipe, known: Known) -> None:
        """Show rows of a recipe."""
        self._recipe, self._known = recipe, known
        self._number = min(self._number, max(0, known.rows - 1))
        self._show_ways()
        self.read()

    def read(self) -> None:
        """Show what is chosen, as it is now."""
        recipe, number, text = self._recipe, self._number, self.field.text()
        if self._known is None:
            return
        if self._typing:
            self._run(lambda: apart.VIEWS.do(KEY, token_views.text, recipe, text), self._show_text)
        elif self._known.rows:
            self._run(lambda: apart.VIEWS.do(KEY, token_views.row, recipe, number), self._show_row)
        else:
            self._show_nothing(self._known.trouble)

    def go(self, by: int) -> None:
        """Show another row."""
        if self._known is not None:
            self._number = (self._number + by) % max(1, self._known.rows)
            self.read()

    def _go_anywhere(self) -> None:
        if self._known is not None and self._known.rows:
            self._number = random.randrange(self._known.rows)
            self.read()

    def _go_to(self) -> None:
        wanted = self.number.text().replace(",", "").strip()
        if self._known is not None and wanted.isdecimal():
            self._number = max(0, min(self._known.rows, int(wanted)) - 1)
        self.read()

    def choose_way(self, typing: object) -> None:
        """Show a text of the person's own, or rows."""
        self._typing = bool(typing)
        self._way.show_value(self._typing)
        self.field.setVisible(self._typing)
        self.field.setAccessibleName(tr("Type a text to see its tokens"))
        self.number.setAccessibleName(tr("Number of the row"))
        self._way.setAccessibleName(tr("What is shown"))
        self._show_ways()
        self._well.hide()
        for badge in self._badges:
            badge.hide()
        if self._typing:
            self.field.setFocus()
        self.read()

    def _show_ways(self) -> None:
        """Show what leads to other rows; not where there are none."""
        none = self._known is not None and not self._known.rows
        for widget in (self.back, self.number, self.place, self.next, self.any, self._as_text):
            widget.setVisible(not (self._typing or none))

    def _run(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self._project.jobs.run(KEY, work, done, self.trouble)

    def _show_row(self, view: RowView) -> None:
        clear(self._said)
        count = self._known.rows if self._known else 0
        self.number.show_value(amounts.whole(self._number + 1))
        self.place.say(lambda: tr("of {rows}").format(rows=amounts.whole(count)))
        self.flow.show_chips(view.chips)
        self._rendered.say(view.text[:RENDERED])
        self._show_counts(view)
        with laid_once(self._words):
            for level, title, detail in _said(view):
                self._say(level, title, detail)

    def _show_counts(self, view: RowView) -> None:
        told = (
            (tr("Learned {count}"), view.learned, "learned", "pencil"),
            (tr("Given {count}"), view.given, "given", "lock"),
            (tr("Cut {count}"), view.cut, "bad", "x"),
            (tr("Padding {count}"), view.padding, "plain", "square"),
        )
        always = (
            ("given",) if view.label else ("learned", "given")
        )  # of a row with a label, no token
        for badge, (words, count, tone, glyph) in zip(self._badges, told, strict=True):
            badge.say(words.format(count=amounts.whole(count)), tone, glyph)
            badge.setVisible(count > 0 or tone in always)
        self._badges[-1].setToolTip(tr("If it is learned in one batch with the rows after it."))

    def _show_text(self, view: TextView) -> None:
        clear(self._said)
        self.flow.show_chips(view.chips)
        given = self._badges[1]
        given.show()
        given.say(tr("{count} tokens").format(count=amounts.whole(view.tokens)), "given", "")
        if view.chips:
            self._say(*_comes_back(view.comes_back))

    def _show_nothing(self, trouble: StudioError | None) -> None:
        clear(self._said)
        self.flow.show_chips(())
        for badge in self._badges:
            badge.hide()
        if trouble is not None:
            self.trouble(trouble)
        else:
            self._say(
                "advice",
                tr("There is no data yet"),
                tr("Choose some in the step before, or type a text of your own."),
            )

    def trouble(self, error: StudioError) -> None:
        """Say why nothing can be shown."""
        clear(self._said)
        self._say("error", error.title, error.rest)

    def _say(self, level: str, title: str, detail: str = "") -> None:
        self._said.addWidget(FindingBox(level, title, detail))

    def _as_text_words(self) -> str:
        return tr("Hide the text") if self._well_is_open() else tr("Show it as it is rendered")

    def _well_is_open(self) -> bool:
        return hasattr(self, "_well") and not self._well.isHidden()

    def _toggle_text(self) -> None:
        self._well.setVisible(self._well.isHidden())
        self._as_text.say(self._as_text_words)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.read()


def _said(view: RowView) -> list[tuple[str, str, str]]:
    """What is to be known of a row: level, title, detail."""
    if view.problem:
        return [("warning", tr("This row is not learned from"), view.problem)]
    found = []
    if view.cut:
        title = tr("{count} tokens are cut off").format(count=amounts.whole(view.cut))
        found.append(("warning", title, tr("A longer sequence length keeps them.")))
    elif view.ends and view.end:
        title = tr("The end {token} is learned").format(token=view.end)
        found.append(("good", title, tr("So the model stops when its answer ends.")))
    if view.label:
        found.append(("good", tr("Learned label: {label}").format(label=view.label), ""))
    level, title, _ = _comes_back(view.comes_back)
    if found and view.comes_back and found[-1][0] == "good":
        return [*found[:-1], (level, found[-1][1], " ".join((found[-1][2], title)).strip())]
    return [*found, (level, title, "")]


def _comes_back(yes: bool) -> tuple[str, str, str]:
    if yes:
        return "good", tr("Decoding the ids gives the same text back."), ""
    return "advice", tr("Back from the ids comes another text: the tokenizer changes it."), ""
