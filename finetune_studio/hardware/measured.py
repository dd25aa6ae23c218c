"""What a dry run measured, and the plan corrected by it. Runs nothing itself."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from finetune_studio.hardware.duration import START_SECONDS, Speed, step_seconds
from finetune_studio.hardware.duration import corrected as corrected_speed
from finetune_studio.hardware.estimate import Estimate
from finetune_studio.hardware.fit import make_fit
from finetune_studio.hardware.memory import MemoryPlan, plan_memory
from finetune_studio.hardware.setup import setup_of
from finetune_studio.recipe.schema import Recipe

PASSING = ("gradients", "activations", "logits", "buffers", "libraries", "fragmentation", "context")
"""Parts that a count can only come near; weights, adapter and optimiser states are counted."""


@dataclass(frozen=True)
class Measured:
    """What two steps at the longest batch took.

    Attributes:
        peak: Bytes at the fullest moment: what the driver reports, of this run alone.
        step_seconds: Seconds of the second step; None where it never came to that.
        longest: Tokens of the longest row.
        out_of_memory: Whether the GPU had too little; `peak` is what there was then.
        device: Where it was measured.
    """

    peak: int
    step_seconds: float | None
    longest: int
    out_of_memory: bool
    device: str

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Measured":
        """From what the engine's dry run prints."""
        seconds = document.get("step_seconds")
        return cls(
            int(document["peak_bytes"]),
            None if seconds is None else float(seconds),
            int(document["longest"]),
            bool(document["out_of_memory"]),
            str(document["device"]),
        )

    def as_dict(self, planned: int) -> dict[str, Any]:
        """As `estimate --measure --json` prints it, beside what had been planned."""
        return {
            "peak_bytes": self.peak,
            "planned_bytes": planned,
            "step_seconds": self.step_seconds,
            "longest": self.longest,
            "out_of_memory": self.out_of_memory,
            "device": self.device,
        }


def corrected(plan: MemoryPlan, peak: int) -> MemoryPlan:
    """The plan whose parts sum to what was measured; what was counted exactly stays."""
    counted = sum(size for name, size in plan.parts.items() if name not in PASSING)
    guessed = plan.total - counted
    stays = peak > counted and guessed > 0
    share = (peak - counted) / guessed if stays else peak / max(1, plan.total)
    parts = {
        name: round(size * share) if not stays or name in PASSING else size
        for name, size in plan.parts.items()
    }
    largest = max(PASSING if stays else parts, key=lambda name: parts[name])
    parts[largest] += peak - sum(parts.values())  # what rounding left
    return replace(plan, parts=parts)


def with_measured(plan: Estimate, recipe: Recipe, measured: Measured) -> Estimate:
    """The estimate with the truth in place of the plan; time and what would make it fit follow.

    What ran out of memory does not fit, and needs at least what there was.
    """
    true = corrected(plan.plan, max(measured.peak, plan.plan.total * measured.out_of_memory))
    verdict = "does-not-fit" if measured.out_of_memory else true.verdict(plan.target.free)
    fitted = None
    if verdict == "does-not-fit":
        setup = setup_of(recipe, plan.target.capability, measured.longest)
        planned = plan_memory(plan.model, setup).total  # of the rows that were measured
        room = int(plan.target.free * planned / max(1, measured.peak))
        fitted = make_fit(
            recipe,
            plan.model,
            min(room, planned - 1),
            plan.target.capability,
            plan.workload.cut if plan.workload else None,
            measured.longest,
        )
    return replace(
        plan, plan=true, verdict=verdict, fitted=fitted, seconds=_seconds(plan, measured)
    )


def _seconds(plan: Estimate, measured: Measured) -> float | None:
    """The run's time, by the measured speed: the longest batch is no average one."""
    if plan.seconds is None or measured.step_seconds is None:
        return plan.seconds
    speed = Speed(plan.target.tflops)
    planned = step_seconds(plan.model, plan.plan.setup, speed, measured.longest)
    factor = corrected_speed(speed, planned, measured.step_seconds).measured
    return START_SECONDS + (plan.seconds - START_SECONDS) * factor
