"""Help: short texts about each step, from resources/help, in the language in use."""

from pathlib import Path

from PySide6.QtCore import QEvent, QUrl, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QTextBrowser, QVBoxLayout
from typing_extensions import override

from finetune_studio import paths
from finetune_studio.gui import language
from finetune_studio.gui.language import tr
from finetune_studio.gui.opening import open_outside
from finetune_studio.gui.pages.place import Place
from finetune_studio.gui.theme import font, theme
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.card import Card, PressCard
from finetune_studio.gui.widgets.layout import box, column, row
from finetune_studio.gui.widgets.text import Text

TOPICS = (
    "start",
    "model",
    "dataset",
    "tokenizer",
    "method",
    "hyperparameters",
    "training",
    "results",
    "words",
    "keys",
)
LIST = 240
INDENT = 24  # pixels before a point of a list


def topic_file(key: str, code: str) -> Path:
    """The text of a topic in a language."""
    return paths.resources() / "help" / code / f"{key}.md"


def topic_title(key: str) -> str:
    """A topic's first heading."""
    text = topic_file(key, language.current()).read_text(encoding="utf-8")
    return text.partition("\n")[0].removeprefix("#").strip()


class HelpPage(Place):
    """The topics at the left, the text of one at the right."""

    def __init__(self) -> None:
        super().__init__()
        self._topic = TOPICS[0]
        self._text = Reader()
        self._text.followed.connect(self.open)
        self._rows = {key: self._row(key) for key in TOPICS}
        listed = column(*self._rows.values(), None, gap=Space.hair, pad=Space.s)
        side = box(column(Card(listed), None))
        side.setFixedWidth(LIST)
        card = Card(_padded(self._text))
        line = row(side, card, gap=Space.l)
        line.setStretch(1, 1)
        self.lay(
            lambda: tr("What would you like to know?"),
            lambda: tr("Short answers, one for each step."),
            line,
            scrolls=False,
        )
        theme.changed.connect(self._show)
        self.open(self._topic)

    def open(self, topic: str) -> None:
        """Show a topic."""
        if topic not in TOPICS:
            return
        self._topic = topic
        for key, each in self._rows.items():
            each.select(key == topic)
        self._show()

    def _row(self, key: str) -> PressCard:
        words = row(Text(lambda: topic_title(key)), None, pad=(10, 6, 10, 6))
        card = PressCard(words, name=lambda: topic_title(key), bare=True, chosen="accent_soft")
        card.pressed.connect(lambda: self.open(key))
        return card

    def _show(self) -> None:
        path = topic_file(self._topic, language.current())
        self._text.show_text(path.read_text(encoding="utf-8"), topic_title(self._topic))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._show()


class Reader(QTextBrowser):
    """Shows Markdown in the colours of the theme.

    Attributes:
        followed: A link to another topic was followed.
    """

    followed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.setFont(font("body"))
        self.document().setDocumentMargin(0)
        self.viewport().setAutoFillBackground(False)
        self.anchorClicked.connect(self._follow)

    def show_text(self, markdown: str, name: str) -> None:
        """Show another text."""
        link = theme.colour("accent").name()
        self.document().setDefaultStyleSheet(f"a {{ color: {link}; }}")
        self.setMarkdown(markdown)
        self._space()
        self.setAccessibleName(name)
        self.moveCursor(self.textCursor().MoveOperation.Start)

    def _space(self) -> None:
        """Give the lines the leading that Hangul needs, and let names stand out by their tone.

        Bold Hangul on a dark ground is hardly seen to be bold.
        """
        from PySide6.QtGui import QTextBlockFormat, QTextCharFormat, QTextCursor

        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        self.document().setIndentWidth(INDENT)
        leading = QTextBlockFormat()
        leading.setLineHeight(150, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.mergeBlockFormat(leading)
        tone = QTextCharFormat()
        tone.setForeground(theme.colour("text2"))
        for start, end in self._plain_spans():
            cursor.setPosition(start)
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(tone)

    def _plain_spans(self) -> list[tuple[int, int]]:
        """From where to where words are neither bold, nor a link."""
        found = []
        block = self.document().begin()
        while block.isValid():
            parts = block.begin()
            while not parts.atEnd():
                part = parts.fragment()
                kind = part.charFormat()
                if kind.fontWeight() < QFont.Weight.DemiBold and not kind.isAnchor():
                    found.append((part.position(), part.position() + part.length()))
                parts += 1
            block = block.next()
        return found

    def _follow(self, url: QUrl) -> None:
        if url.isRelative():
            self.followed.emit(url.path().removesuffix(".md"))
        else:
            open_outside(self, url)


def _padded(reader: Reader) -> QVBoxLayout:
    return column(reader, pad=(Space.xl, Space.l, Space.s, Space.l))
