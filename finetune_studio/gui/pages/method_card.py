"""A method as a card to press: what it does, and what it comes to with this model."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout
from typing_extensions import override

from finetune_studio.gui import amounts
from finetune_studio.gui.language import tr
from finetune_studio.gui.pages.method_plans import Name, Option
from finetune_studio.gui.plan_panel import VERDICTS
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.card import PressCard
from finetune_studio.gui.widgets.chip import HEIGHT, Badge
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import Rule, box, column, row
from finetune_studio.gui.widgets.memory_bar import MemoryBar
from finetune_studio.gui.widgets.text import Text

if TYPE_CHECKING:
    from finetune_studio.hardware.estimate import Estimate

NONE = "–"


def method_name(name: Name) -> str:
    """How a method is called."""
    return {
        "full": tr("Full"),
        "lora": "LoRA",
        "fp8": tr("LoRA, fp8 base"),
        "qlora": "QLoRA",
        "qlora8": tr("QLoRA, 8-bit"),
    }[name]


def method_words(name: Name) -> str:
    """What a method does, in a sentence."""
    return {
        "full": tr("Changes every weight. Learns most, weighs most."),
        "lora": tr("Leaves the weights alone and learns a small adapter."),
        "fp8": tr("Holds the weights in 8-bit floats and learns an adapter."),
        "qlora": tr("Holds the weights in 4 bits (NF4) and learns an adapter."),
        "qlora8": tr("Holds the weights in 8 bits and learns an adapter."),
    }[name]


class MethodCard(PressCard):
    """One method with its figures; what is not reckoned yet is a dash."""

    def __init__(self, name: Name) -> None:
        self.method = name
        self._chosen = Glyph("circle", "edge")
        self._title = Text(lambda: method_name(self.method), "section")
        self._advised = Badge(lambda: tr("Recommended"), "accent", "sparkles")
        self._title.setMinimumHeight(HEIGHT)  # with a badge beside it or without
        self._does = Text(lambda: method_words(self.method), "body", "text2", wrap=True)
        self._need, self._there = Text(NONE, "display"), Text("", "body", "text3")
        self._there.setContentsMargins(0, 9, 0, 0)  # onto the baseline of the number before it
        self._verdict, self._bar = Badge("", "plain"), MemoryBar()
        self._room = Text("", "caption", "text3", wrap=True)
        self._facts = {key: Text(NONE, "strong") for key in ("trained", "share", "time", "disk")}
        super().__init__(self._layout(), name=self._words)
        self.advise(False)
        self.show_option(None)

    def become(self, name: Name) -> None:
        """Stand for another method."""
        self.method = name
        self._title.refresh()
        self._does.refresh()
        self.setAccessibleName(self._words())

    @override
    def select(self, selected: bool) -> None:
        """Show it as the method of the recipe, or not."""
        self._chosen.show_as(
            "circle-dot" if selected else "circle", "accent" if selected else "edge"
        )
        super().select(selected)
        self.setAccessibleName(self._words())

    def advise(self, advised: bool) -> None:
        """Say that it is advised, or not."""
        self._advised.setVisible(advised)

    def show_option(self, option: Option | None) -> None:
        """Show what it comes to."""
        found = option.estimate if option else None
        for widget in (self._there, self._verdict, self._bar):
            widget.setVisible(found is not None)
        if found is None:
            trouble = option.trouble if option else None
            self._need.say(NONE)
            self._room.say(trouble.title if trouble else lambda: tr("Reckoning …"))
            for text in self._facts.values():
                text.say(NONE)
        else:
            self._show(found)
        self.setAccessibleName(self._words())

    def _show(self, found: "Estimate") -> None:
        plan, target = found.plan, found.target
        short = found.verdict == "does-not-fit"
        self._need.say(f"{plan.total / 2**30:.1f}")
        self._need.set_tone("bad" if short else "text")
        self._there.say(f"/ {amounts.memory(target.total)}")
        self._verdict.say(*VERDICTS[found.verdict])
        self._bar.show_parts(plan.parts, target.total)
        self._room.say(lambda: room_words(found))
        self._room.set_tone("bad" if short else "text3")
        self._facts["trained"].say(amounts.parameters(plan.trainable))
        self._facts["share"].say(amounts.share(plan.trainable / max(1, plan.parameters)))
        seconds = found.seconds
        self._facts["time"].say(
            NONE
            if seconds is None or short  # what does not fit takes no time
            else lambda: tr("about {time}").format(time=amounts.duration(seconds))
        )
        self._facts["disk"].say(amounts.size(found.host.disk))

    def _layout(self) -> QVBoxLayout:
        labels = {
            "trained": lambda: tr("Trainable"),
            "share": lambda: tr("Share of the model"),
            "time": lambda: tr("Time"),
            "disk": lambda: tr("Disk"),
        }
        facts = [
            row(Text(labels[key], "body", "text2"), None, value)
            for key, value in self._facts.items()
        ]
        return column(
            row(self._chosen, self._title, None, self._advised),
            self._does,
            None,
            box(row(self._need, self._there, None, gap=6)),
            row(self._verdict, None),
            self._bar,
            self._room,
            Space.xs,
            Rule(),
            Space.xs,
            *facts,
            gap=Space.s,
        )

    def _words(self) -> str:
        parts = [method_name(self.method)]
        if self.selected_now():
            parts.append(tr("chosen"))
        if self._there.plain:
            parts.append(f"{self._need.plain} {self._there.plain}")
        return ", ".join([*parts, self._room.plain])

    def selected_now(self) -> bool:
        """Whether it is the method of the recipe."""
        return bool(getattr(self, "selected", False))


def room_words(found: "Estimate") -> str:
    """How much memory is free, and is left or short of it: what the figures in sight come to."""
    free, need = found.target.free, found.plan.total
    free_shown, need_shown = (round(each / 2**30, 1) for each in (free, need))
    size = amounts.memory(abs(free_shown - need_shown) * 2**30)
    words = tr("{size} short") if free < need else tr("{size} to spare")
    told = words.format(size=size)
    if free == found.target.total:  # which stands above already
        return told
    return tr("{free} free now, {left}").format(free=amounts.memory(free), left=told)
