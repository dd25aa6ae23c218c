"""LoRA's frozen weights in 8-bit floats: a switch, what it saves, and whether the GPU can."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from finetune_studio.gui import amounts
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.method_plans import Plans, current
from finetune_studio.gui.tokens import Size, Space
from finetune_studio.gui.widgets.chip import Badge
from finetune_studio.gui.widgets.choice import Switch
from finetune_studio.gui.widgets.layout import box, column, row, show_part
from finetune_studio.gui.widgets.text import Text
from finetune_studio.recipe.checks import FP8_CAPABILITY
from finetune_studio.recipe.schema import Recipe

if TYPE_CHECKING:
    from finetune_studio.hardware.target import Target

LEAST = 50_000_000  # bytes; less is nothing to speak of


class Fp8Row(QWidget):
    """The variant of LoRA; it shows itself where LoRA is chosen.

    Attributes:
        edited: It was switched on or off.
    """

    edited = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._target: Target | None = None
        self._saved = 0
        self.switch = Switch()
        self.switch.edited.connect(lambda on: self.edited.emit(bool(on)))
        self._able, self._saves = Badge(""), Text(self._savings, "strong")
        self._why = Text(_reason, "caption", "text3", wrap=True)
        self._where = Text(self._place, "caption", "text2", wrap=True)
        label = Text(lambda: tr("Base in fp8"), "body")
        label.setFixedWidth(Size.label)
        label.setBuddy(self.switch)
        beside = row(self.switch, self._able, self._saves, None, gap=Space.s)
        line = row(label, box(column(beside, self._where, self._why, gap=3)), gap=Space.m)
        line.setAlignment(label, Qt.AlignmentFlag.AlignTop)
        line.setStretch(1, 1)
        self.setLayout(line)

    def show_plans(self, plans: Plans | None, recipe: Recipe) -> None:
        """Show what it would come to; without plans only whether it is on."""
        on = current(recipe) == "fp8"
        show_part(self, recipe.method.kind == "lora")
        self.switch.show_value(on)
        plain, eight = (plans.options[name].estimate if plans else None for name in ("lora", "fp8"))
        self._target = eight.target if eight else None
        self._saved = plain.plan.total - eight.plan.total if plain and eight else 0
        self.switch.setEnabled(on or self._target is None or self._can)
        self._show_able()
        for text in (self._saves, self._where):
            text.refresh()
        self.switch.setAccessibleName(tr("Base in fp8"))
        self.switch.setAccessibleDescription(f"{self._where.plain} {_reason()}")

    @property
    def _can(self) -> bool:
        """Whether it can be trained there: a processor does the same in plain operations."""
        found = self._target.capability if self._target else None
        return found is None or found >= FP8_CAPABILITY

    def _show_able(self) -> None:
        self._able.setVisible(self._target is not None and self._target.capability is not None)
        if self._can:
            self._able.say(lambda: tr("Available"), "ok")
        else:
            self._able.say(lambda: tr("Not on this GPU"), "warn")

    def _savings(self) -> str:
        if self._saved < LEAST:
            return ""
        return tr("{size} less memory").format(size=amounts.memory(self._saved))

    def _place(self) -> str:
        if self._target is None:
            return ""
        if self._target.capability is None:
            return tr("No GPU here: the weights get smaller, but the training no faster.")
        text = (
            tr("{gpu} has compute capability {have}; {need} is needed.")
            if self._can
            else tr(
                "It needs compute capability {need}, as RTX 40 and 50, L4, L40S and H100 have; "
                "{gpu} has {have}."
            )
        )
        have, need = (
            f"{major}.{minor}" for major, minor in (self._target.capability, FP8_CAPABILITY)
        )
        return text.format(gpu=self._target.name, have=have, need=need)


def _reason() -> str:
    return tr(
        "Holds the frozen weights in 8-bit floats instead of 16 bits: half the memory for them, "
        "and faster, because the GPU multiplies them as they are. They are rounded a little; the "
        "adapter, which is learned, is not. Source: Micikevicius et al. 2022, FP8 Formats for "
        "Deep Learning."
    )
