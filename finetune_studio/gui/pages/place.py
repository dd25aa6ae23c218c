"""What the pages beside the wizard share: history, preferences, help; one button leaves each."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QLayout, QWidget

from finetune_studio.gui.language import Words, say, tr
from finetune_studio.gui.tokens import Size, Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.layout import Pane, Scroller, box, column, row
from finetune_studio.gui.widgets.text import Text

WIDEST = 1180


class Place(QWidget):
    """A page over the whole window.

    Attributes:
        left: The person goes back to where they came from.
        run_asked: This run is to be opened, by its path.
        place_asked: Another of these pages, by its name.
        language_asked: Another language was chosen, by its code or `system`.
        theme_asked: Another theme was chosen.
    """

    left = Signal()
    run_asked = Signal(str)
    place_asked = Signal(str)
    language_asked = Signal(str)
    theme_asked = Signal(str)
    scroller: Scroller | None = None

    def lay(
        self,
        title: Words,
        sentence: Words,
        body: QLayout,
        *,
        beside: QWidget | None = None,
        scrolls: bool = True,
        widest: int = 0,
    ) -> None:
        """Put the page together around its body.

        Args:
            title: The question that it asks.
            sentence: What it is about.
            body: What it holds.
            beside: What stands at the end of the line that leads back.
            scrolls: Whether it scrolls as a whole.
            widest: Pixels; as wide as such pages are where it is 0.
        """
        self.setAccessibleName(say(title))
        back = Button(lambda: tr("Go back"), "quiet", "chevron-left")
        back.setProperty("lead", True)  # its arrow stands over the title
        back.clicked.connect(self.left)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.left)
        words = Text(sentence, "body", "text2", wrap=True)
        words.setMaximumWidth(Size.text_measure)
        line = row(back, None, *([beside] if beside is not None else []))
        head = column(line, Text(title, "title"), words, gap=Space.xs)
        inner = box(column(head, Space.s, box(body), gap=Space.m))
        inner.layout().setStretch(2, 1)  # type: ignore[union-attr]
        inner.setMaximumWidth(widest or WIDEST)
        content = column(row(inner), pad=(48, 24, 48, 20))
        self.scroller = Scroller(content) if scrolls else None
        held = self.scroller or box(content)
        self.setLayout(column(Pane(column(held), "canvas")))
