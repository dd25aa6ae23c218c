"""What every page has: a question for a title, a sentence, a body, what the rail says of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLayout, QWidget

from finetune_studio.gui.language import Words
from finetune_studio.gui.tokens import Size, Space
from finetune_studio.gui.turns import Part
from finetune_studio.gui.widgets.layout import Pane, Scroller, box, column, row
from finetune_studio.gui.widgets.rail import State
from finetune_studio.gui.widgets.text import Text

if TYPE_CHECKING:
    from finetune_studio.gui.project import Project


class StepPage(Part):
    """A step's page.

    Attributes:
        led: It leads to where a setting is edited, by the setting's dotted path.
    """

    led = Signal(str)

    @property
    def unfinished(self) -> str:
        """What would end with it: `saving`, `uploading`, `measuring`; empty where nothing would."""
        return ""

    def reveal(self, path: str) -> bool:
        """Bring a setting into view and give it the keyboard; False where it is not here."""
        return False

    def begin(self) -> None:
        """Do what the button that led here said, where there is something to do."""


@dataclass(frozen=True)
class StepOf:
    """A step of the wizard.

    Attributes:
        key: Its stable name.
        title: How the rail calls it.
        build: Makes its page.
        summary: What was decided in it, or what it waits for.
        state: How it stands, where findings alone do not say.
        owns: The beginnings of the settings that belong to it; the longest that fits counts.
        closed: Why the way on from it is closed meanwhile; empty where it is open.
    """

    key: str
    title: Callable[[], str]
    build: Callable[["Project"], StepPage]
    summary: Callable[["Project"], str]
    state: Callable[["Project"], State]
    owns: tuple[str, ...]
    closed: Callable[["Project"], str] = lambda _: ""


def heading(title: Words, sentence: Words) -> QWidget:
    """The question that a page asks, and its answer in one sentence."""
    words = Text(sentence, "body", "text2", wrap=True)
    words.setMaximumWidth(Size.text_measure)
    return box(column(row(Text(title, "title"), None), words, gap=Space.xs))


def page(title: Words, sentence: Words, body: QLayout) -> Pane:
    """A page that scrolls; on a very wide window it stays as wide as can be read."""
    whole = column(heading(title, sentence), Space.s, box(body), gap=Space.m)
    whole.setStretch(2, 1)
    inner = box(whole)
    inner.setMaximumWidth(Size.page_widest)
    content = column(row(inner), pad=(28, 22, 28, 20))
    content.setStretch(0, 1)
    return Pane(column(Scroller(content)), "surface")
