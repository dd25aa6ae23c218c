"""Makes a recipe fit a GPU with the least change to what is trained.

First what changes nothing but speed (smaller batches added up, activations computed again), then
what changes little (8-bit optimiser states), then what loses something (shorter rows), and last
another method. What turns out to be unnecessary in the end is taken back.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from finetune_studio.catalog.layers import Architecture
from finetune_studio.errors import RefusedError
from finetune_studio.hardware.memory import FITS, TIGHT, MemoryPlan, Verdict, plan_memory
from finetune_studio.hardware.setup import setup_of
from finetune_studio.i18n import mark, tr
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe

SHORTEST = 256
"""Tokens below which rows are not cut any further."""
METHODS = ("full", "lora", "qlora")


@dataclass(frozen=True)
class Change:
    """One setting that was changed so that a run fits.

    Attributes:
        path: The setting, dotted.
        before: What it was.
        after: What it is now.
        text: What the change costs, to be translated; `{places}` are filled from `values`.
        values: What fills the places.
    """

    path: str
    before: Any
    after: Any
    text: str
    values: Mapping[str, Any]

    @property
    def why(self) -> str:
        """What the change costs, in the language in use."""
        return tr(self.text).format(**self.values)

    def as_dict(self) -> dict[str, Any]:
        """The change as `estimate --json` prints it."""
        return {"path": self.path, "from": self.before, "to": self.after, "text": self.why}


@dataclass(frozen=True)
class Fitted:
    """A recipe that fits, the changes that made it fit, and its plan."""

    recipe: Recipe
    changes: tuple[Change, ...]
    plan: MemoryPlan


Step = tuple[Change, ...]
"""Settings that are changed together."""


def make_fit(
    recipe: Recipe,
    model: Architecture,
    free: int,
    capability: tuple[int, int] | None,
    cut: Callable[[int], float] | None = None,
    longest: int = 0,
) -> Fitted | None:
    """The recipe with the fewest changes that fits, or is tight; None where nothing helps.

    Args:
        recipe: What the person decided.
        model: What is trained.
        free: Free bytes of the GPU.
        capability: Its compute capability; None for the processor.
        cut: Tells the share of rows that are cut at a length, where the data is known.
        longest: Tokens of the longest row, where the data is known; 0 takes the recipe's length.
    """
    for share in (FITS, TIGHT):
        place = _Place(model, int(share * free), capability, longest)
        if found := _least(recipe, place, cut):
            return found
    return None


@dataclass(frozen=True)
class _Place:
    """What is trained, and the bytes there are for it."""

    model: Architecture
    room: int
    capability: tuple[int, int] | None
    longest: int

    def plan(self, recipe: Recipe) -> MemoryPlan:
        return plan_memory(self.model, setup_of(recipe, self.capability, self.longest))

    def holds(self, recipe: Recipe) -> bool:
        return self.plan(recipe).total <= self.room


def _least(recipe: Recipe, place: _Place, cut: Callable[[int], float] | None) -> Fitted | None:
    taken: list[Step] = []
    changed = recipe
    while not place.holds(changed):
        step = next(_steps(changed, place.capability, cut), None)
        if step is None:
            return None
        taken.append(step)
        changed = _apply(changed, step)
    return _without_needless(recipe, taken, place)


def verdicts(
    model: Architecture, free: int, capability: tuple[int, int] | None, recipe: Recipe | None = None
) -> dict[str, Verdict]:
    """For each method whether the model can be trained with it in `free` bytes.

    The rest of the recipe stays, but rows are computed one by one and activations again: what can
    be changed without changing the result is no reason to call a model too large.
    """
    found: dict[str, Verdict] = {}
    for method in METHODS:
        asked = _row_by_row(recipe, method) if recipe else _plain(method)
        try:
            plan = plan_memory(model, setup_of(asked, capability))
        except RefusedError:  # target modules of another model
            asked = store.with_changes(asked, {"method.targets": ["all-linear"]})
            plan = plan_memory(model, setup_of(asked, capability))
        found[method] = plan.verdict(free)
    return found


def _row_by_row(recipe: Recipe, method: str) -> Recipe:
    alone = {"training.batch_size": 1, "training.gradient_checkpointing": "on"}
    return store.with_changes(recipe, alone | {"method.kind": method})


@cache
def _plain(method: str) -> Recipe:
    """The same for every model of a catalogue."""
    return _row_by_row(Recipe(), method)


def _without_needless(recipe: Recipe, taken: list[Step], place: _Place) -> Fitted:
    """Take back every step without which it still fits, the gravest first."""
    needed = list(taken)
    for step in reversed(taken):
        rest = [each for each in needed if each is not step]
        if place.holds(_apply_all(recipe, rest)):
            needed = rest
    changed = _apply_all(recipe, needed)
    return Fitted(changed, _joined(recipe, changed, needed), place.plan(changed))


def _joined(recipe: Recipe, changed: Recipe, steps: list[Step]) -> tuple[Change, ...]:
    """One change for each setting, from its first value to its last."""
    last = {change.path: change for step in steps for change in step}
    return tuple(
        Change(path, value_at(recipe, path), value_at(changed, path), each.text, each.values)
        for path, each in last.items()
    )


def value_at(recipe: Recipe, path: str) -> Any:
    """A recipe's value at a dotted path; None where its method has no such setting."""
    value: Any = recipe
    for part in path.split("."):
        value = getattr(value, part, None)
    return value


def _apply_all(recipe: Recipe, steps: list[Step]) -> Recipe:
    for step in steps:
        recipe = _apply(recipe, step)
    return recipe


def _apply(recipe: Recipe, step: Step) -> Recipe:
    return store.with_changes(recipe, {change.path: change.after for change in step})


def _steps(
    recipe: Recipe, capability: tuple[int, int] | None, cut: Callable[[int], float] | None
) -> Iterator[Step]:
    """What could be changed next, the least first."""
    yield from _smaller_batch(recipe)
    yield from _checkpointing(recipe, capability)
    yield from _small_states(recipe, capability)
    yield from _shorter(recipe, cut)
    yield from _method(recipe)


def _smaller_batch(recipe: Recipe) -> Iterator[Step]:
    training = recipe.training
    batch = training.batch_size
    if batch > 1:
        divisor = next(n for n in range(2, batch + 1) if batch % n == 0)
        text = mark("smaller batches added up: the same training, a little slower")
        yield (
            Change("training.batch_size", batch, batch // divisor, text, {}),
            Change(
                "training.accumulation",
                training.accumulation,
                training.accumulation * divisor,
                text,
                {},
            ),
        )


def _checkpointing(recipe: Recipe, capability: tuple[int, int] | None) -> Iterator[Step]:
    asked = recipe.training.gradient_checkpointing
    if asked == "off" or (asked == "auto" and capability is None):
        text = mark("activations are computed again: the same training, about a third slower")
        yield (Change("training.gradient_checkpointing", asked, "on", text, {}),)


def _small_states(recipe: Recipe, capability: tuple[int, int] | None) -> Iterator[Step]:
    asked = recipe.training.optimizer
    eight = ("adamw-8bit", "paged-adamw-8bit", "adafactor")
    if capability is None or asked in eight or (asked == "auto" and recipe.method.kind == "qlora"):
        return
    text = mark("optimiser states in 8 bits: nearly the same training")
    yield (Change("training.optimizer", asked, "adamw-8bit", text, {}),)


def _shorter(recipe: Recipe, cut: Callable[[int], float] | None) -> Iterator[Step]:
    length = recipe.training.sequence_length
    half = length // 2
    if half < SHORTEST:
        return
    text = mark("rows beyond {length} tokens are cut and their ends are not learned")
    values: dict[str, Any] = {"length": half}
    if cut:
        text = mark("{share:.0%} of the rows are cut at {length} tokens and lose their ends")
        values["share"] = cut(half)
    yield (Change("training.sequence_length", length, half, text, values),)


def _method(recipe: Recipe) -> Iterator[Step]:
    kind = recipe.method.kind
    if kind == "full":
        text = mark("an adapter is trained instead of every weight")
        yield (
            Change("method.kind", kind, "lora", text, {}),
            *_adapter_rate(recipe),
        )
    elif kind == "lora":
        text = mark("the base model is held in 4 bits, which rounds its weights")
        yield (Change("method.kind", kind, "qlora", text, {}),)
    elif getattr(recipe.method, "bits", 4) == 8:
        text = mark("the base model is held in 4 bits, which rounds its weights")
        yield (Change("method.bits", 8, 4, text, {}),)


def _adapter_rate(recipe: Recipe) -> Iterator[Change]:
    rate = recipe.training.learning_rate
    if rate < 1e-4:
        text = mark("an adapter starts at zero and takes larger steps")
        yield Change("training.learning_rate", rate, 2e-4, text, {})
