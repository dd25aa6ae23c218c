"""What is found in the rows, one press that mends each, and the repairs in use."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QApplication
from typing_extensions import override

from finetune_studio.errors import RefusedError
from finetune_studio.gui import amounts, repairs
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.quality_row import Applied, QualityRow
from finetune_studio.gui.project import Project
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.turns import later
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.layout import box, clear, column, row, show_part, take
from finetune_studio.gui.widgets.meter import Track
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence


class QualityCard(Card):
    """The findings on quality, and the applied steps.

    Attributes:
        rows_asked: The person wants to see the rows of a finding.
    """

    rows_asked = Signal(object)
    LATER = Qt.ConnectionType.QueuedConnection  # a row goes as its button is pressed

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._shown: object = None
        self._open: set[str] = set()
        self._rows: list[QualityRow] = []
        self._done: list[Applied] = []
        self._coming: list[Finding] = []
        self._order: dict[str, int] = {}
        self._state = Text("", "caption", "text3")
        self._track = Track(height=4)
        self._look = Button(lambda: tr("Look at every row"), glyph="search")
        self._look.clicked.connect(project.facts.quality.look)
        self._looking = box(row(self._look, None))
        self._whole, self._lines, self._steps = column(gap=0), column(gap=0), column(gap=0)
        self._found = box(self._lines)
        self._applied = box(
            column(
                Text(lambda: tr("Applied steps"), "strong"),
                Text(
                    lambda: tr("Kept in the recipe; your files stay as they are."),
                    "caption",
                    "text3",
                ),
                box(self._steps),
                gap=2,
                pad=(0, Space.s, 0, 0),
            )
        )
        head = row(Text(lambda: tr("Quality of the rows"), "section"), None, self._state)
        parts = (head, self._track, self._looking, box(self._whole), self._found, self._applied)
        self.hold(column(*parts, gap=Space.s, pad=(16, 12, 16, 12)))
        project.facts.quality.moved.connect(self._move)
        self.refresh()

    def refresh(self) -> None:
        """Show what is known now."""
        quality, data = self._project.facts.quality, self._project.facts.data
        fixes = self._project.session.recipe.data.fixes
        found, fixed = quality.findings(), data.fixed if data else ()
        unseen = quality.found is None and not quality.looking and quality.waiting is None
        show_part(self, bool(fixes) or quality.error is not None or not unseen)
        self._move()
        shown = (found, fixes, fixed, quality.error, quality.found is None)
        if shown != self._shown:
            self._shown = shown
            code = self._with_keyboard()
            self._show_found(found)
            self._show_steps()
            if code is not None:
                self.take_keyboard(code)

    def _move(self) -> None:
        quality = self._project.facts.quality
        self._track.setVisible(quality.looking)
        self._track.show_part(quality.share)
        self._looking.setVisible(quality.waiting is not None)
        self._state.say(self._state_words)

    def _state_words(self) -> str:
        quality, data = self._project.facts.quality, self._project.facts.data
        if quality.looking:
            return tr("Looking at every row … {share:.0%}").format(share=quality.share)
        rows = amounts.rows(data.rows) if data else ""
        if quality.waiting is not None:
            return tr("{rows}: looking at all of them takes minutes").format(rows=rows)
        if quality.found is None or not rows:
            return ""
        return tr("{rows} were looked at").format(rows=rows)

    def _show_found(self, found: list[Finding]) -> None:
        """Show the findings; those that are there already are told anew where they stand."""
        self._say_whole(found)
        places = {each.code: place for place, each in enumerate(found)}
        for made in list(self._rows):
            place = places.get(made.code)
            if place is None or found[place].level != made.found.level:
                self._rows.remove(made)
                take(self._lines, made)
            else:
                made.tell(found[place], self._counted)
        known = {each.code for each in self._rows}
        self._coming = [each for each in found if each.code not in known]
        self._order = places
        self._stand_in_order()
        if self._coming:
            later(self, self._add_one)

    def _add_one(self) -> None:
        """Make one of the rows that are missing; the window lives between them."""
        if not self._coming:
            return
        self._rows.append(self._row(self._coming.pop(0)))
        self._stand_in_order()
        if self._coming:
            later(self, self._add_one)

    def _stand_in_order(self) -> None:
        self._rows.sort(key=lambda each: self._order[each.code])
        for place, made in enumerate(self._rows):
            if self._lines.indexOf(made) != place:
                self._lines.removeWidget(made)
                self._lines.insertWidget(place, made)
            made.divide(place > 0)
        self._found.setVisible(bool(self._rows))

    @property
    def coming(self) -> bool:
        """Whether more findings are about to be shown."""
        return bool(self._coming)

    @property
    def _counted(self) -> int:
        data = self._project.facts.data
        return data.training + data.validation if data else 0

    def _say_whole(self, found: list[Finding]) -> None:
        """What is to be said of all the rows: nothing is wrong, or that nobody could look."""
        clear(self._whole)
        error = self._project.facts.quality.error
        if error is not None:
            words = error.rest
            self._whole.addWidget(FindingBox("error", error.title, words))
        elif self._project.facts.quality.found is not None and not found:
            self._whole.addWidget(FindingBox("good", lambda: tr("Nothing is wrong with the rows")))

    def _row(self, found: Finding) -> QualityRow:
        made = QualityRow(found, self._counted, opened=found.code in self._open)
        made.mend_asked.connect(self._mend, self.LATER)
        made.rows_asked.connect(self.rows_asked)
        made.toggled.connect(self._remember)
        return made

    def _remember(self, code: str, opened: bool) -> None:
        (self._open.add if opened else self._open.discard)(code)

    def _show_steps(self) -> None:
        data = self._project.facts.data
        done = {each.code: each for each in (data.fixed if data else ())}
        codes = [str(each.get("code", "")) for each in self._project.session.recipe.data.fixes]
        if codes != [each.code for each in self._done]:
            self._make_steps(codes)
        for made in self._done:
            made.tell(done.get(made.code), counting=data is None)
        self._applied.setVisible(bool(codes))

    def _make_steps(self, codes: list[str]) -> None:
        clear(self._steps)
        self._done = [Applied(code) for code in codes]
        for made in self._done:
            made.taken_back.connect(self._take_back, self.LATER)
            self._steps.addWidget(made)

    def _mend(self, found: Finding) -> None:
        self._change(repairs.mending(found, self._project.session))

    def _take_back(self, code: str) -> None:
        fixes = self._project.session.recipe.data.fixes
        self._change({repairs.SETTING: repairs.without(fixes, code)})

    def _change(self, changes: dict[str, object]) -> None:
        try:
            self._project.session.change(changes)
        except RefusedError as error:
            self._project.failed.emit(error)

    def take_keyboard(self, code: str = "") -> None:
        """Give the keyboard to a finding, or to the first press there is."""
        rows: Sequence[QualityRow | Applied]
        rows = [each for each in self._rows if each.code == code] or self._rows or self._done
        if rows and not rows[0].isVisible():
            rows[0].show()  # now, for what is out of sight takes no keyboard
        place = rows[0].first if rows else self._look
        place.setFocus(Qt.FocusReason.TabFocusReason)

    def _with_keyboard(self) -> str | None:
        """The finding that has the keyboard; empty for another part of the card, None for none."""
        place = QApplication.focusWidget()
        if place is None or not self.isAncestorOf(place):
            return None
        while place is not None and not isinstance(place, QualityRow | QualityCard):
            place = place.parentWidget()
        return place.code if isinstance(place, QualityRow) else ""

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._shown = None
            self.refresh()
