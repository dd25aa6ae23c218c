"""Numbers: whole, decimal, per cent, and small ones said the way the field says them (2e-4)."""

import math
import re

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPaintEvent, QResizeEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox
from typing_extensions import override

from finetune_studio.gui.language import tr
from finetune_studio.gui.tokens import Size
from finetune_studio.gui.widgets.field import paint_frame
from finetune_studio.recipe.numbers import short as short

MOST = 1e12
NUMBER = re.compile(r"-?\d+([.,]\d*)?")


class Number(QDoubleSpinBox):
    """A number with its unit; the arrow keys step, so no arrows are drawn.

    `edited` carries the value that the person entered, in the recipe's own scale; `refused` what
    was typed and is none, or is beyond the limits.
    """

    edited = Signal(object)
    refused = Signal(str)

    def __init__(
        self,
        low: float,
        high: float,
        *,
        decimals: int = 0,
        suffix: str = "",
        scale: float = 1.0,
        step: float = 0.0,
        width: int = 88,
        above: bool = False,
    ) -> None:
        """Make one.

        Args:
            low: The least value.
            high: The greatest.
            decimals: Places after the point.
            suffix: The unit.
            scale: What a value is multiplied by to be shown.
            step: Of the arrow keys.
            width: In pixels.
            above: Whether the least value itself is refused.
        """
        super().__init__()
        self._scale, self._decimals, self._above = scale, decimals, above
        self._refusing = self._stands = self._retyped = False
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setKeyboardTracking(False)
        self.setDecimals(decimals)
        self.setRange(low * scale, min(high * scale, MOST))
        self.setSingleStep(step or (10.0**-decimals if decimals else 1.0))
        self.setSuffix(suffix)
        self.setGroupSeparatorShown(True)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFixedSize(width, Size.control)
        self.setFrame(False)
        self.lineEdit().setTextMargins(5, 0, 5, 0)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.valueChanged.connect(self._tell)
        self.lineEdit().textEdited.connect(self._note)
        self.editingFinished.connect(self._settle)

    def show_value(self, value: object) -> None:
        """Show a value without telling anybody."""
        self.blockSignals(True)
        self.setValue(float(value) * self._scale)  # type: ignore[arg-type]
        self.blockSignals(False)

    def _tell(self, value: float) -> None:
        whole = not self._decimals and self._scale == 1.0
        self.edited.emit(int(value) if whole else float(f"{value / self._scale:.12g}"))

    def _note(self, _: str) -> None:
        self._retyped = True

    def _settle(self) -> None:
        """What is typed after a refusal counts, also where it is the value that stayed."""
        if self._stands and self._retyped and not self._refusing:
            self._tell(self.value())
        self._stands = self._refusing or (self._stands and not self._retyped)
        self._refusing = self._retyped = False

    @override
    def textFromValue(self, value: float) -> str:
        text = super().textFromValue(value)
        point = self.locale().decimalPoint()
        return text.rstrip("0").rstrip(point) if point in text else text

    @property
    def bounds(self) -> str:
        """The least and the greatest value, as they are typed."""
        low, high = self.minimum(), self.maximum()
        least = f"{self.textFromValue(low)}{self.suffix()}"
        if high >= MOST:
            return (tr("above {low}") if self._above else tr("from {low}")).format(low=least)
        text = tr("above {low}, up to {high}") if self._above else tr("from {low} to {high}")
        return text.format(low=least, high=f"{self.textFromValue(high)}{self.suffix()}")

    def refusal(self, name: str, text: str) -> str:
        """Why what was typed is not taken; `name` is what the field is called."""
        now = f"{self.textFromValue(self.value())}{self.suffix()}"
        said = tr("{setting} cannot be empty; it stays at {now}.")
        if typed := text.removesuffix(self.suffix()).strip():
            said = tr("{setting} cannot be {text}; it stays at {now}.")
        said = said.format(setting=name, text=typed, now=now)
        return tr("{refusal} It takes a number {bounds}.").format(refusal=said, bounds=self.bounds)

    @override
    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        state, text, position = super().validate(text, position)
        bare = text.removesuffix(self.suffix()).replace(self.locale().groupSeparator(), "")
        if state == QValidator.State.Invalid and NUMBER.fullmatch(bare.strip()):
            state = QValidator.State.Intermediate  # typed whole, then refused with a reason
        return state, text, position

    @override
    def fixup(self, text: str) -> str:
        self._refusing = True
        self.refused.emit(text)
        return super().fixup(text)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._place()

    def _place(self) -> None:
        """Keep the text inside our own frame, which Qt's own place for it would cover."""
        self.lineEdit().setGeometry(self.rect().adjusted(3, 3, -3, -3))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        paint_frame(self)


class Rate(Number):
    """A small number; the arrow keys go along 1, 2, 5 of each power of ten."""

    def __init__(self, low: float, high: float, *, above: bool = False) -> None:
        super().__init__(low, high, decimals=12, above=above)

    @override
    def textFromValue(self, value: float) -> str:
        return short(value)

    @override
    def valueFromText(self, text: str) -> float:
        return float(text.strip())

    @override
    def stepBy(self, steps: int) -> None:
        self.setValue(beside(self.value(), steps))

    @override
    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        try:
            inside = self.minimum() <= float(text.strip()) <= self.maximum()
        except ValueError:
            inside = False
        state = QValidator.State.Acceptable if inside else QValidator.State.Intermediate
        return state, text, position


def beside(value: float, steps: int) -> float:
    """The value `steps` places further along 1, 2, 5, 10, 20 … and their fractions."""
    if value <= 0:
        return value
    ladder = (1.0, 2.0, 5.0)
    power = math.floor(math.log10(value) + 1e-9)
    places = [base * 10.0 ** (power + shift) for shift in range(-3, 4) for base in ladder]
    at = min(range(len(places)), key=lambda index: abs(math.log(places[index] / value)))
    return float(f"{places[max(0, min(len(places) - 1, at + steps))]:.3g}")
