"""What each GPU can train of a model: for choosing hardware, owned, rented or to be bought.

Memory alone decides here; the free memory of a rented or new card is taken to be all of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from finetune_studio.catalog.layers import Architecture
from finetune_studio.hardware.duration import Speed, step_seconds
from finetune_studio.hardware.fit import METHODS, verdicts
from finetune_studio.hardware.gpus import Accelerator, accelerators
from finetune_studio.hardware.memory import TIGHT, Verdict, plan_memory
from finetune_studio.hardware.setup import setup_of
from finetune_studio.i18n import mark, tr
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe

SHORTEST, LONGEST = 256, 131_072
"""Tokens between which the longest row is looked for, in doublings."""
ELSEWHERE = {
    "apple": mark("Training here needs an NVIDIA GPU; on a Mac models are run, not trained."),
    "tpu": mark("A TPU needs other software (JAX); this trainer needs an NVIDIA GPU."),
}


@dataclass(frozen=True)
class Option:
    """What one accelerator can do with a model.

    Attributes:
        accelerator: Which.
        verdicts: By method, whether it fits; empty where the trainer does not run there.
        longest: By method, tokens of the longest row that fits, alone in its batch; 0 for none.
        tokens_per_second: About how fast the lightest method that fits trains; None where the
            card's speed is not known, or nothing fits.
        why_not: Why the trainer does not run there, as a sentence; empty where it does.
    """

    accelerator: Accelerator
    verdicts: Mapping[str, Verdict]
    longest: Mapping[str, int]
    tokens_per_second: float | None
    why_not: str

    @property
    def best(self) -> str:
        """The method that keeps most of the model's precision and fits; empty for none."""
        return next((m for m in METHODS if self.verdicts.get(m) in ("fits", "tight")), "")

    def as_dict(self) -> dict[str, Any]:
        """The option as `models show --gpus --json` prints it."""
        return {
            "name": self.accelerator.name,
            "kind": self.accelerator.kind,
            "memory_bytes": self.accelerator.memory_bytes,
            "found_in": self.accelerator.found_in,
            "confirmed": self.accelerator.confirmed,
            "fits": dict(self.verdicts) or None,
            "longest": dict(self.longest) or None,
            "best": self.best or None,
            "tokens_per_second": self.tokens_per_second and round(self.tokens_per_second),
            "why_not": self.why_not or None,
        }


def guide(
    model: Architecture,
    recipe: Recipe | None = None,
    among: Iterable[Accelerator] | None = None,
) -> list[Option]:
    """What each accelerator can train of this model, the smallest memory first.

    Args:
        model: The model chosen.
        recipe: What was decided so far; the defaults where nothing was.
        among: Only these accelerators; None for NVIDIA's and TPUs.
    """
    chosen = list(among) if among is not None else [a for a in accelerators() if a.kind != "apple"]
    options = [_option(model, recipe or Recipe(), each) for each in chosen]
    return sorted(options, key=lambda each: (bool(each.why_not), each.accelerator.memory_bytes))


def _option(model: Architecture, recipe: Recipe, each: Accelerator) -> Option:
    if each.kind != "nvidia":
        return Option(each, {}, {}, None, tr(ELSEWHERE[each.kind]))
    found = verdicts(model, each.memory_bytes, each.capability, recipe)
    longest = {method: _longest(model, recipe, method, each) for method in METHODS}
    made = Option(each, found, longest, None, "")
    if not made.best or not each.tflops:
        return made
    asked = _alone(recipe, made.best, recipe.training.sequence_length)
    setup = setup_of(asked, each.capability)
    seconds = step_seconds(model, setup, Speed(each.tflops)) / max(1, setup.accumulation)
    return Option(each, found, longest, setup.tokens / seconds, "")


def _longest(model: Architecture, recipe: Recipe, method: str, each: Accelerator) -> int:
    """Tokens of the longest row that fits, in powers of two and within the model's context."""
    limit = min(model.context or LONGEST, LONGEST)
    length, found = SHORTEST, 0
    while length <= limit:
        plan = plan_memory(model, setup_of(_alone(recipe, method, length), each.capability))
        if plan.total > TIGHT * each.memory_bytes:
            break
        found, length = length, 2 * length
    return found


def _alone(recipe: Recipe, method: str, length: int) -> Recipe:
    """One row at a time, activations computed again, every linear layer adapted."""
    changes: dict[str, Any] = {
        "training.batch_size": 1,
        "training.sequence_length": length,
        "training.gradient_checkpointing": "on",
        "method.kind": method,
    }
    if method != "full":
        changes["method.targets"] = ["all-linear"]
    return store.with_changes(recipe, changes)
