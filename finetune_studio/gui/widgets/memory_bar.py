"""Memory by parts, to scale against what there is. One bar, one meaning, wherever it stands."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget
from typing_extensions import override

from finetune_studio.gui import amounts
from finetune_studio.gui.language import tr
from finetune_studio.gui.theme import theme
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.text import Text

# colour, and a pattern where two colours stand close
STYLE: dict[str, tuple[str, Qt.BrushStyle | None]] = {
    "weights": ("given", None),
    "adapter": ("learned", None),
    "gradients": ("learned", Qt.BrushStyle.BDiagPattern),
    "optimizer": ("optimiser", None),
    "activations": ("activations", None),
    "around": ("text3", Qt.BrushStyle.Dense5Pattern),
}
KINDS = {
    "logits": "activations",
    "buffers": "around",
    "libraries": "around",
    "fragmentation": "around",
    "context": "around",
}
"""Parts of a plan that share a colour with another."""


def grouped(parts: Mapping[str, int]) -> dict[str, int]:
    """A plan's parts as the bar shows them, in its order; empty ones are left out."""
    sums = dict.fromkeys(STYLE, 0)
    for name, size in parts.items():
        sums[KINDS.get(name, name)] += size
    return {name: size for name, size in sums.items() if size}


def part_name(name: str) -> str:
    """What a part is called."""
    return {
        "weights": tr("Model weights"),
        "adapter": tr("Adapter"),
        "gradients": tr("Gradients"),
        "optimizer": tr("Optimiser state"),
        "activations": tr("Activations"),
        "around": tr("Libraries and slack"),
    }[name]


class MemoryBar(QWidget):
    """Parts from the left; a red tick marks the limit where the plan runs past it."""

    def __init__(self, *, height: int = 14) -> None:
        super().__init__()
        self._parts: dict[str, int] = {}
        self._limit, self._height = 0, height
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_parts(self, parts: Mapping[str, int], limit: int) -> None:
        """Show other parts against a limit; both in bytes."""
        self._parts, self._limit = grouped(parts), limit
        self.setAccessibleName(tr("Memory by parts"))
        self.setAccessibleDescription(
            ", ".join(f"{part_name(name)} {_gb(size)}" for name, size in self._parts.items())
        )
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(120, self._height)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect, total = QRectF(self.rect()), sum(self._parts.values())
        scale = rect.width() / max(self._limit, total, 1)
        clip = QPainterPath()
        clip.addRoundedRect(rect, 4, 4)
        painter.setClipPath(clip)
        painter.fillRect(rect, theme.colour("sunken"))
        x = 0.0
        for name, size in self._parts.items():
            part = QRectF(x, 0, size * scale, rect.height())
            _paint_part(painter, part, name)
            painter.fillRect(QRectF(part.right() - 1, 0, 1, part.height()), theme.colour("surface"))
            x += part.width()
        painter.setClipping(False)
        self._paint_limit(painter, rect, self._limit * scale if total > self._limit > 0 else 0.0)

    @staticmethod
    def _paint_limit(painter: QPainter, rect: QRectF, at: float) -> None:
        if at:
            tall = rect.height() + 2
            painter.fillRect(QRectF(at - 2, -1, 4, tall), theme.colour("surface"))
            painter.fillRect(QRectF(at - 1, -1, 2, tall), theme.colour("bad"))
        else:
            painter.setPen(QPen(theme.colour("text3", 0.35), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)


class Swatch(QWidget):
    """The legend's square, painted by the same hand as the bar."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.setFixedSize(10, 10)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        clip = QPainterPath()
        clip.addRoundedRect(QRectF(self.rect()), 2, 2)
        painter.setClipPath(clip)
        _paint_part(painter, QRectF(self.rect()), self._name)


class Legend(QWidget):
    """The bar's parts in words and numbers; lines appear and go with their parts."""

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.s)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        self._lines: dict[str, tuple[QWidget, Text, Text]] = {}
        for index, name in enumerate(STYLE):
            words = Text(partial(part_name, name), "caption", "text2")
            amount = Text("", "caption", "text2")
            amount.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            line = (Swatch(name), words, amount)
            self._lines[name] = line
            for at, widget in enumerate(line):
                grid.addWidget(widget, index, at)

    def show_parts(self, parts: Mapping[str, int]) -> None:
        """Show other parts, in bytes."""
        known = grouped(parts)
        for name, line in self._lines.items():
            line[2].say(_gb(known.get(name, 0)))
            for widget in line:
                widget.setVisible(name in known)


def _paint_part(painter: QPainter, rect: QRectF, name: str) -> None:
    colour, pattern = STYLE[name]
    painter.fillRect(rect, theme.colour(colour))
    if pattern is not None:
        painter.fillRect(rect, QBrush(theme.colour("surface", 0.55), pattern))


def _gb(size: int) -> str:
    return amounts.memory(size) if size >= 2**30 // 20 else f"{size / 2**20:.1f} MB"
