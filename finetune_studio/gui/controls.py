"""From the declaration of a setting to the widgets that edit it. Knows no recipe and no page."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt

from finetune_studio.gui.choices import words
from finetune_studio.gui.language import tr
from finetune_studio.gui.widgets.choice import Known, Option, Segmented, Select, Switch
from finetune_studio.gui.widgets.line import Line, Lines, Names
from finetune_studio.gui.widgets.number import MOST, Number, Rate
from finetune_studio.gui.widgets.slider import Scale, Slider
from finetune_studio.recipe.checks import SAFE_LEARNING_RATE
from finetune_studio.recipe.fields import Described

if TYPE_CHECKING:
    from collections.abc import Callable

Control = Segmented | Select | Known | Switch | Line | Lines | Names | Number | Slider
"""A widget that edits a setting: it tells `edited`, and shows what `show_value` is given."""
IN_SIGHT = 3  # choices; more of them open as a list
FREE_TEXT = 320  # pixels, for a sentence


@dataclass(frozen=True)
class Manner:
    """How a number is edited, where its declaration alone does not say."""

    kind: Literal["plain", "rate", "percent", "lines"] = "plain"
    scale: Scale | None = None
    safe: tuple[float, float] | None = None
    decimals: int = 4
    names: "Callable[[], list[Option]] | None" = None


PLAIN = Manner()


def _templates() -> list[Option]:
    from finetune_studio.tokens.templates import BUNDLED

    return [(name, words(name)) for name in ("model", *BUNDLED)]


def _data_licences() -> list[Option]:
    from finetune_studio.catalog.licences import choices

    known = [each for each in choices("data") if each.key not in ("unknown", "own")]
    ours: list[Option] = [("unknown", words("unknown")), ("own", words("own"))]
    return [*ours, *((each.key, each.name) for each in known)]


MANNERS: dict[str, Manner] = {
    "training.learning_rate": Manner("rate", Scale(1e-6, 1e-2, True), SAFE_LEARNING_RATE),
    "training.warmup_ratio": Manner("percent", Scale(0, 0.1), (0.01, 0.05)),
    "training.batch_size": Manner(scale=Scale(1, 128, True, True)),
    "training.sequence_length": Manner(scale=Scale(64, 32_768, True, True)),
    "training.weight_decay": Manner("rate"),
    "training.max_grad_norm": Manner(decimals=2),
    "training.epochs": Manner(decimals=2),
    "method.dropout": Manner("percent"),
    "data.split.validation": Manner("percent", Scale(0, 0.5)),
    "evaluation.every": Manner("rate"),
    "evaluation.early_stopping.minimum_change": Manner("rate"),
    "evaluation.prompts": Manner("lines"),
    "checkpoints.every": Manner("rate"),
    "task.template": Manner(names=_templates),
    "licence.data": Manner(names=_data_licences),
}


def can_edit(setting: Described) -> bool:
    """Whether a form can edit this kind of setting; what it cannot has a page of its own."""
    kind = setting.info.annotation
    return kind in (bool, int, float, str) or get_origin(kind) is Literal or kind == tuple[str, ...]


def controls_for(setting: Described) -> list[Control]:
    """The widgets that edit a setting together."""
    kind, manner = setting.info.annotation, MANNERS.get(setting.path, PLAIN)
    if get_origin(kind) is Literal:
        options = [(value, words(value)) for value in get_args(kind)]
        return [(Segmented if len(options) <= IN_SIGHT else Select)(options)]
    if manner.names is not None:
        return [Known(manner.names())]
    makers: dict[Any, Callable[[], Control]] = {
        bool: Switch,
        str: _line,
        tuple[str, ...]: _lines if manner.kind == "lines" else Names,
    }
    if kind in makers:
        return [makers[kind]()]
    number = _number(setting, manner)
    return [Slider(manner.scale, manner.safe), number] if manner.scale else [number]


def _line() -> Line:
    made = Line()
    made.setMinimumWidth(FREE_TEXT)
    return made


def _lines() -> Lines:
    return Lines(lambda: tr("One a line"))


def limits(setting: Described) -> tuple[float, float]:
    """The least and the greatest value; for `gt` and `lt` the bounds themselves."""
    low, high = -MOST, MOST
    for each in setting.info.metadata:
        match each:
            case Ge(ge=bound) | Gt(gt=bound):
                low = float(bound)  # type: ignore[arg-type]
            case Le(le=bound) | Lt(lt=bound):
                high = float(bound)  # type: ignore[arg-type]
    return low, high


def _number(setting: Described, manner: Manner) -> Number:
    low, high = limits(setting)
    above = any(isinstance(each, Gt) for each in setting.info.metadata)
    if manner.kind == "rate":
        return Rate(low, high, above=above)
    if manner.kind == "percent":
        return Number(low, high, decimals=1, suffix=" %", scale=100.0, step=1.0, above=above)
    decimals = 0 if setting.info.annotation is int else manner.decimals
    return Number(low, high, decimals=decimals, above=above)
