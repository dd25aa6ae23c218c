"""The rail of steps. A step says what was decided in it, so the rail also sums up the recipe."""

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from finetune_studio.gui.icons import paint_icon
from finetune_studio.gui.language import tr
from finetune_studio.gui.theme import font, theme
from finetune_studio.gui.tokens import Radius, Space

State = Literal["done", "todo", "attention", "blocked", "running"]
GLYPHS = {"done": "check", "attention": "triangle-alert", "blocked": "x"}
TONES = {"done": "ok", "attention": "warn", "blocked": "bad", "running": "learned"}
NARROW = 100  # pixels of width under which only the marks are drawn


@dataclass(frozen=True)
class Step:
    """What the rail shows of one step."""

    title: str
    summary: str
    state: State


def state_word(state: State) -> str:
    """A state in a word, so that colour is not alone."""
    return {
        "done": tr("done"),
        "todo": tr("not yet"),
        "attention": tr("needs a look"),
        "blocked": tr("blocks the start"),
        "running": tr("running"),
    }[state]


class RailItem(QAbstractButton):
    """One step: its mark, its title, what was decided."""

    HEIGHT = 52

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.step = Step("", "", "todo")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setShortcut(f"Ctrl+{number}")

    def show_step(self, step: Step) -> None:
        """Show what the step has come to."""
        if step == self.step:
            return  # a run says so many times a second; painting costs more than all else here
        self.step = step
        self.setToolTip(f"{step.title} · {state_word(step.state)}")
        self.setAccessibleName(f"{self.number}. {step.title}")
        self.setAccessibleDescription(f"{state_word(step.state)}. {step.summary}")
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(44, self.HEIGHT)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(0, 1, 0, -1)
        self._paint_ground(painter, rect)
        narrow = self.width() < NARROW
        left = rect.center().x() - 11 if narrow else 12
        self._paint_mark(painter, QRectF(left, self.height() / 2 - 11, 22, 22))
        if not narrow:
            self._paint_words(painter, rect)

    def _paint_ground(self, painter: QPainter, rect: QRectF) -> None:
        radius = Radius.control + 2
        painter.setPen(Qt.PenStyle.NoPen)
        if self.isChecked() or self.underMouse():
            painter.setBrush(theme.colour("surface" if self.isChecked() else "hover"))
            if self.isChecked():
                painter.setPen(QPen(theme.colour("line"), 1))
            painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), radius, radius)

    def _paint_mark(self, painter: QPainter, disc: QRectF) -> None:
        state, tone = self.step.state, TONES.get(self.step.state)
        filled = self.isChecked() and state in ("todo", "running", "done")
        painter.setPen(Qt.PenStyle.NoPen)
        if filled or tone:
            painter.setBrush(theme.colour("accent" if filled else f"{tone}_soft"))
            painter.drawEllipse(disc)
        else:
            painter.setPen(QPen(theme.colour("edge", 0.6), 1.25))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(disc.adjusted(1, 1, -1, -1))
        glyph = GLYPHS.get(state)
        if glyph and tone and not filled:
            paint_icon(painter, glyph, disc.adjusted(5, 5, -5, -5), tone)
            return
        painter.setPen(theme.colour("on_accent" if filled else "text2"))
        painter.setFont(font("label"))
        painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, str(self.number))

    def _paint_words(self, painter: QPainter, rect: QRectF) -> None:
        worry = {"attention": "warn", "blocked": "bad"}.get(self.step.state, "text3")
        role = "strong" if self.isChecked() else "body"
        self._paint_line(painter, rect, self.step.title, role, "text", 8)
        self._paint_line(painter, rect, self.step.summary, "caption", worry, 26)

    @staticmethod
    def _paint_line(
        painter: QPainter, rect: QRectF, text: str, role: str, tone: str, top: int
    ) -> None:
        left, width = 46.0, rect.width() - 46 - 10
        painter.setFont(font(role))
        painter.setPen(theme.colour(tone))
        words = QFontMetricsF(font(role)).elidedText(text, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRectF(left, top, width, 18), Qt.AlignmentFlag.AlignVCenter, words)


class Rail(QWidget):
    """The steps, one of them chosen; arrow keys move, Ctrl+1 and so on jump."""

    asked = Signal(int)

    def __init__(self, count: int) -> None:
        super().__init__()
        self._group = QButtonGroup(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.hair)
        self.items = [RailItem(number + 1) for number in range(count)]
        for index, item in enumerate(self.items):
            self._group.addButton(item, index)
            layout.addWidget(item)
        layout.addStretch(1)
        self._group.idClicked.connect(self.asked)

    def choose(self, index: int) -> None:
        """Show a step as the current one."""
        self.items[index].setChecked(True)

    def show_steps(self, steps: list[Step]) -> None:
        """Show what the steps have come to."""
        for item, step in zip(self.items, steps, strict=True):
            item.show_step(step)
