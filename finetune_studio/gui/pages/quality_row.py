"""One finding on the quality of rows, with its examples; one repair in use, with its way back.

A finding may be told anew in its place, for what is made again takes the window's time; its
examples are made when they are first seen.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from finetune_studio.gui import amounts, repairs
from finetune_studio.gui.language import tr
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.finding import LEVELS
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import Rule, box, clear, column, row
from finetune_studio.gui.widgets.sunken import Sunken
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.findings import Finding

if TYPE_CHECKING:
    from finetune_studio.data.fixes import Fixed


class QualityRow(QWidget):
    """A finding: the fault, how many rows, what follows; examples when it is opened.

    Attributes:
        first: Its first button.
        mend_asked: The person wants the fix of this finding.
        rows_asked: The person wants to see this finding's rows in the file.
        toggled: Of its code, whether the examples are shown now.
    """

    mend_asked = Signal(object)
    rows_asked = Signal(object)
    toggled = Signal(str, bool)

    def __init__(self, found: Finding, rows: int, *, opened: bool) -> None:
        super().__init__()
        self._found, self._rows, self._opened = found, rows, opened
        self.first = Button(name=self._more_name, kind="quiet", glyph="chevron-right")
        self.first.clicked.connect(self._toggle)
        mend = Button(lambda: repairs.verb(self.code))
        mend.setAccessibleDescription(repairs.fault(self.code))
        mend.clicked.connect(lambda: self.mend_asked.emit(self._found))
        tone, glyph = LEVELS[found.level]
        self._badge = Badge(self._count, "warn" if found.level == "warning" else "plain", "")
        title = Text(lambda: repairs.fault(self.code), "strong")
        self._said = Text(lambda: self._found.sentence, "caption", "text2", wrap=True)
        words = column(row(title, self._badge, None, gap=Space.s), self._said, gap=3)
        line = row(self.first, Glyph(glyph, tone), box(words), mend, gap=10)
        line.setStretch(2, 1)
        self._rule, self._told = Rule(), column(gap=Space.xs, pad=(12, 8, 8, 6))
        self._examples = Sunken(self._told, left=42)
        whole = column(line, self._examples, gap=Space.s, pad=(0, Space.s, 0, Space.s))
        self.setLayout(column(self._rule, whole, gap=0))
        self.setAccessibleName(found.sentence)
        self._show()

    @property
    def code(self) -> str:
        """The finding's name."""
        return self._found.code

    @property
    def found(self) -> Finding:
        """The finding."""
        return self._found

    def tell(self, found: Finding, rows: int) -> None:
        """Tell it as it is now, of so many rows; while they are counted the share stays."""
        rows = rows or self._rows
        if (found, rows) == (self._found, self._rows):
            return
        self._found, self._rows = found, rows
        self._badge.refresh()
        self._said.refresh()
        self.setAccessibleName(found.sentence)
        clear(self._told)
        self._show()

    def divide(self, divided: bool) -> None:
        """Draw a line above it, or none."""
        self._rule.draw(divided)  # hidden or shown, it would be a layout of the whole page

    def _tell_examples(self) -> None:
        numbers = ", ".join(amounts.whole(each + 1) for each in self._found.rows)
        more = self._found.count > len(self._found.rows)
        told = f"{numbers} …" if more else numbers
        see = Button(lambda: tr("See these rows"), "link")
        see.clicked.connect(lambda: self.rows_asked.emit(self._found))
        where = Text(lambda: tr("Rows {numbers}").format(numbers=told), "caption", "text3")
        where.setMinimumWidth(1)
        for each in self._found.values.get("examples", ()):
            self._told.addWidget(Text(str(each), "caption", wrap=True, exact=True))
        self._told.addWidget(box(row(where, None, see, gap=Space.s)))

    def _count(self) -> str:
        share = amounts.share(self._found.count / self._rows) if self._rows else ""
        return " · ".join(filter(None, (amounts.rows(self._found.count), share)))

    def _more_name(self) -> str:
        return tr("Hide the examples") if self._opened else tr("Show examples")

    def _toggle(self) -> None:
        self._opened = not self._opened
        self._show()
        self.toggled.emit(self.code, self._opened)

    def _show(self) -> None:
        if self._opened and not self._told.count():
            self._tell_examples()
        self._examples.setVisible(self._opened)
        self.first.show_glyph("chevron-down" if self._opened else "chevron-right")
        self.first.say("", name=self._more_name)


class Applied(QWidget):
    """A repair in use.

    Attributes:
        code: What it mends.
        first: Its button.
        taken_back: Of its code: the person does not want it any more.
    """

    taken_back = Signal(str)

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code, self._counting = code, True
        self._fixed: Fixed | None = None
        title = Text(lambda: f"{repairs.fault(code)}: {repairs.verb(code)}")
        self._done = Text(self._words, "caption", "text3")
        self.first = Button(lambda: tr("Take back"), "quiet", "undo-2")
        self.first.setAccessibleDescription(repairs.fault(code))
        self.first.clicked.connect(lambda: self.taken_back.emit(code))
        parts = (Glyph("check", "ok"), title, self._done, None, self.first)
        self.setLayout(row(*parts, gap=10, pad=(10, 2, 0, 2)))

    def tell(self, fixed: "Fixed | None", *, counting: bool) -> None:
        """Say what it did, or that this is being counted."""
        self._fixed, self._counting = fixed, counting
        self._done.refresh()

    def _words(self) -> str:
        return tr("Counting the rows …") if self._counting else repairs.did(self._fixed)
