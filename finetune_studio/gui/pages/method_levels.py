"""The lesson of the method page: what fewer bits do to a weight, with one to move."""

from functools import partial

from PySide6.QtCore import QEvent
from typing_extensions import override

from finetune_studio.gui.language import tr
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.layout import box, column, row
from finetune_studio.gui.widgets.nf4 import FORMATS, Format, Kept, LevelsPicture, kept
from finetune_studio.gui.widgets.slider import Scale, Slider
from finetune_studio.gui.widgets.text import Text

START = 0.21  # where the three formats differ as they do on average


class LevelsCard(Card):
    """The picture, its slider, and in numbers what each format makes of the weight."""

    def __init__(self) -> None:
        super().__init__(fill="canvas", name=lambda: tr("What fewer bits do to a weight"))
        self.picture = LevelsPicture(START)
        self.slider = Slider(Scale(-1.0, 1.0))
        self._weight = Text("", "strong")
        self._lines: dict[Format, tuple[Text, Text]] = {
            name: (Text(partial(format_name, name), "body", "text2"), Text("", "strong"))
            for name in FORMATS
        }
        self.picture.edited.connect(self.show_weight)
        self.slider.edited.connect(self.show_weight)
        self._lay()
        self.show_weight(START)

    def show_weight(self, weight: object) -> None:
        """Show what becomes of a weight between -1 and 1."""
        value = float(weight)  # type: ignore[arg-type]
        self.picture.show_weight(value)
        self.slider.show_value(value)
        self._weight.say(f"{value:.3f}")
        for name, (_, said) in self._lines.items():
            said.say(partial(_moved, kept(value, name)))
        self._tell()

    def _lay(self) -> None:
        words = column(
            Text(lambda: tr("What do fewer bits do to a weight?"), "section", wrap=True),
            Text(
                lambda: tr(
                    "NF4 moves each weight to the nearest of 16 levels. They crowd where weights "
                    "are many, so little is lost. Move the weight: below, its surroundings are "
                    "magnified, with the levels of 8 and 16 bits."
                ),
                "body",
                "text2",
                wrap=True,
            ),
            Space.xs,
            row(Text(lambda: tr("Weight"), "body", "text2"), None, self._weight),
            self.slider,
            *(row(name, None, said) for name, said in self._lines.values()),
            Space.xs,
            Text(
                lambda: tr(
                    "A block of 64 weights is divided by its largest, so all lie between -1 and 1. "
                    "Levels: Dettmers et al. 2023, QLoRA, as in bitsandbytes; 8 bits: Dettmers et "
                    "al. 2022, LLM.int8(); 16 bits: bfloat16."
                ),
                "caption",
                "text3",
                wrap=True,
            ),
            None,
            gap=Space.s,
        )
        line = row(box(words), self.picture, gap=Space.xl)
        line.setStretch(0, 4)
        line.setStretch(1, 5)
        self.hold(line)

    def _tell(self) -> None:
        self.picture.show_names({name: format_name(name) for name in FORMATS})
        said = [f"{name.plain}: {value.plain}" for name, value in self._lines.values()]
        for widget in (self.picture, self.slider):
            widget.setAccessibleName(tr("Weight, from -1 to 1"))
            widget.setAccessibleDescription("; ".join([self._weight.plain, *said]))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._tell()


def format_name(name: Format) -> str:
    """How a format is called."""
    return {"nf4": "NF4", "int8": tr("8-bit"), "bf16": tr("16-bit")}[name]


def _moved(found: Kept) -> str:
    text = tr("{value}, off by {error}")
    return text.format(value=f"{found.value:.4f}", error=f"{found.error:.4f}")
