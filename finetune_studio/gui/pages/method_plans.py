"""The plan of each method for the open recipe, side by side, and which one is advised.

Every figure is the core's; what it cannot reckon comes with the reason. Knows no widget. Slow
enough for a thread of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from finetune_studio.errors import StudioError
from finetune_studio.gui.plan import plan_of
from finetune_studio.recipe.schema import Recipe
from finetune_studio.recipe.store import with_changes

if TYPE_CHECKING:
    from finetune_studio.hardware.estimate import Estimate
    from finetune_studio.hardware.fit import Fitted
    from finetune_studio.hardware.target import Target

Name = Literal["full", "lora", "fp8", "qlora", "qlora8"]
NAMES: tuple[Name, ...] = ("full", "lora", "fp8", "qlora", "qlora8")
CHANGES: Mapping[Name, Mapping[str, Any]] = {
    "full": {"method.kind": "full"},
    "lora": {"method.kind": "lora"},
    "fp8": {"method.kind": "lora", "method.base_precision": "fp8"},
    "qlora": {"method.kind": "qlora", "method.bits": 4},
    "qlora8": {"method.kind": "qlora", "method.bits": 8},
}
OK = ("fits", "tight")
FREE = frozenset(
    {"training.batch_size", "training.accumulation", "training.gradient_checkpointing"}
)
"""Settings whose change leaves the training what it was, but slower."""


@dataclass(frozen=True)
class Option:
    """One method.

    Attributes:
        name: Which.
        estimate: Its plan; None where it cannot be reckoned.
        trouble: Why something of it is missing.
    """

    name: Name
    estimate: "Estimate | None"
    trouble: StudioError | None


@dataclass(frozen=True)
class Plans:
    """The methods side by side.

    Attributes:
        options: Each method's plan.
        advised: The method that is advised; empty where nothing could be reckoned.
        why: `fits`: LoRA does; `rounds`: it does with the weights in fewer bits; `changes`: it does
            with the changes in `Estimate.fitted`; `none`: nothing helps.
    """

    options: Mapping[Name, Option]
    advised: Name | Literal[""]
    why: Literal["fits", "rounds", "changes", "none", ""]


def current(recipe: Recipe) -> Name:
    """The method that a recipe has."""
    if recipe.method.kind == "qlora":
        return "qlora8" if recipe.method.bits == 8 else "qlora"
    return "fp8" if recipe.method.base_precision == "fp8" else recipe.method.kind


def changes_to(recipe: Recipe, name: Name) -> dict[str, Any]:
    """What makes a recipe one of another method; a base in fp8 is LoRA's alone."""
    back = {"method.base_precision": "auto"} if current(recipe) == "fp8" else {}
    return {**back, **CHANGES[name]}


def compare(recipe: Recipe, gpu: str = "", target: "Target | None" = None) -> Plans:
    """Plan every method with the rest of the recipe as it is, all for the same free memory.

    Args:
        recipe: What is planned.
        gpu: The GPU that it is planned for; empty for this machine.
        target: The same as it was looked at before; None where it was not.
    """
    options: dict[Name, Option] = {}
    for name in NAMES:
        found, trouble = plan_of(asked(recipe, name), gpu, target)
        target = target or (found.target if found else None)
        options[name] = Option(name, found, trouble)
    return advise(options)


def asked(recipe: Recipe, name: Name) -> Recipe:
    """The recipe with another method; what both methods have stays."""
    return with_changes(recipe, changes_to(recipe, name))


def advise(options: Mapping[Name, Option]) -> Plans:
    """Which method is advised: the one that rounds least and fits; adapters before full training.

    Source: Hu et al. 2021, LoRA, and Dettmers et al. 2023, QLoRA, find adapters on all linear
    layers on a par with full fine-tuning; Biderman et al. 2024 find that they forget less.
    """
    if all(each.estimate is None for each in options.values()):
        return Plans(options, "", "")
    verdicts = {name: each.estimate.verdict for name, each in options.items() if each.estimate}
    rounded: tuple[Name, ...] = ("qlora8", "qlora")
    if verdicts.get("lora") in OK:
        return Plans(options, "lora", "fits")
    if _mends(options["lora"], FREE):
        return Plans(options, "lora", "changes")
    for wanted in OK:
        for name in rounded:
            if verdicts.get(name) == wanted:
                return Plans(options, name, "rounds")
    for allowed in (FREE, None):
        for name in ("lora", *rounded):
            if _mends(options[name], allowed):
                return Plans(options, name, "changes")
    return Plans(options, "", "none")


def _mends(option: Option, allowed: frozenset[str] | None) -> bool:
    """Whether other settings make it fit without another method, and those alone."""
    fitted = option.estimate.fitted if option.estimate else None
    if fitted is None or _switches(fitted):
        return False
    return allowed is None or all(each.path in allowed for each in fitted.changes)


def _switches(fitted: "Fitted") -> bool:
    """Whether it fits only as another method, which has a plan of its own here."""
    return any(each.path in ("method.kind", "method.bits") for each in fitted.changes)
