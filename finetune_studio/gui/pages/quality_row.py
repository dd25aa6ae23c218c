"""One finding on the quality of rows, with its examples; one repair in use, with its way back."""

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
from finetune_studio.gui.widgets.layout import box, column, row
from finetune_studio.gui.widgets.sunken import Sunken
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.findings import Finding

if TYPE_CHECKING:
    from finetune_studio.data.fixes import Fixed


class QualityRow(QWidget):
    """A finding: the fault, how many rows, what follows; examples when it is opened.

    Attributes:
        code: The finding's name.
        first: Its first button.
        mend_asked: The person wants its fix.
        rows_asked: The person wants to see its rows in the file.
        toggled: Whether its examples are shown now.
    """

    mend_asked = Signal()
    rows_asked = Signal()
    toggled = Signal(bool)

    def __init__(self, found: Finding, rows: int, *, opened: bool) -> None:
        super().__init__()
        self._found, self._rows, self._opened = found, rows, opened
        self.code = found.code
        self.first = Button(name=self._more_name, kind="quiet", glyph="chevron-right")
        self.first.clicked.connect(self._toggle)
        mend = Button(lambda: repairs.verb(found.code))
        mend.setAccessibleDescription(repairs.fault(found.code))
        mend.clicked.connect(self.mend_asked)
        tone, glyph = LEVELS[found.level]
        self._badge = Badge(self._count, "warn" if found.level == "warning" else "plain", "")
        title = Text(lambda: repairs.fault(found.code), "strong")
        said = Text(lambda: found.sentence, "caption", "text2", wrap=True)
        words = column(row(title, self._badge, None, gap=Space.s), said, gap=3)
        line = row(self.first, Glyph(glyph, tone), box(words), mend, gap=10)
        line.setStretch(2, 1)
        self._examples = self._sunken()
        self.setLayout(column(line, self._examples, gap=Space.s, pad=(0, Space.s, 0, Space.s)))
        self.setAccessibleName(found.sentence)
        self._show()

    def _sunken(self) -> QWidget:
        numbers = ", ".join(amounts.whole(each + 1) for each in self._found.rows)
        more = self._found.count > len(self._found.rows)
        told = f"{numbers} …" if more else numbers
        see = Button(lambda: tr("See these rows"), "link")
        see.clicked.connect(self.rows_asked)
        where = Text(lambda: tr("Rows {numbers}").format(numbers=told), "caption", "text3")
        where.setMinimumWidth(1)
        examples = [Text(str(each), "caption", wrap=True) for each in self._texts()]
        foot = row(where, None, see, gap=Space.s)
        return Sunken(column(*examples, foot, gap=Space.xs, pad=(12, 8, 8, 6)), left=42)

    def _texts(self) -> list[str]:
        return [str(each) for each in self._found.values.get("examples", ())]

    def _count(self) -> str:
        share = amounts.share(self._found.count / self._rows) if self._rows else ""
        return " · ".join(filter(None, (amounts.rows(self._found.count), share)))

    def _more_name(self) -> str:
        return tr("Hide the examples") if self._opened else tr("Show examples")

    def _toggle(self) -> None:
        self._opened = not self._opened
        self._show()
        self.toggled.emit(self._opened)

    def _show(self) -> None:
        self._examples.setVisible(self._opened)
        self.first.show_glyph("chevron-down" if self._opened else "chevron-right")
        self.first.say("", name=self._more_name)


class Applied(QWidget):
    """A repair in use.

    Attributes:
        first: Its button.
        taken_back: The person does not want it any more.
    """

    taken_back = Signal()

    def __init__(self, code: str, fixed: "Fixed | None", *, counting: bool) -> None:
        super().__init__()
        title = Text(lambda: f"{repairs.fault(code)}: {repairs.verb(code)}")
        done = Text(
            lambda: tr("Counting the rows …") if counting else repairs.did(fixed),
            "caption",
            "text3",
        )
        self.first = Button(lambda: tr("Take back"), "quiet", "undo-2")
        self.first.setAccessibleDescription(repairs.fault(code))
        self.first.clicked.connect(self.taken_back)
        line = row(Glyph("check", "ok"), title, done, None, self.first, gap=10, pad=(10, 2, 0, 2))
        self.setLayout(line)
