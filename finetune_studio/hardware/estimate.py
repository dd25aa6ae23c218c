"""The whole plan of a recipe on a machine: memory, steps, time, disk, what would make it fit."""

import math
from dataclasses import dataclass
from typing import Any

from finetune_studio.catalog.architecture import read_architecture
from finetune_studio.catalog.figures import known_model
from finetune_studio.catalog.layers import Architecture
from finetune_studio.hardware.duration import (
    START_SECONDS,
    Speed,
    measuring_seconds,
    step_seconds,
)
from finetune_studio.hardware.fit import Fitted, make_fit
from finetune_studio.hardware.host import HostNeeds, host_needs
from finetune_studio.hardware.memory import MemoryPlan, Verdict, plan_memory
from finetune_studio.hardware.setup import Setup, setup_of
from finetune_studio.hardware.target import Target, target_of
from finetune_studio.hardware.workload import Workload, measure
from finetune_studio.recipe.schema import Recipe
from finetune_studio.recipe.steps import count_steps, interval_of


@dataclass(frozen=True)
class Estimate:
    """The plan.

    Attributes:
        target: Where the run is planned for.
        plan: Its memory.
        verdict: Whether that fits into what is free.
        workload: What there is to learn from; None where the recipe names no data yet.
        steps: Optimiser steps of the whole run; None without data.
        tokens_per_step: About how many tokens a step learns from.
        seconds: About how long the run takes; None without data.
        host: Main memory and disk.
        fitted: What would make it fit; None where it fits, or where nothing does.
        model: What is trained.
    """

    target: Target
    plan: MemoryPlan
    verdict: Verdict
    workload: Workload | None
    steps: int | None
    tokens_per_step: int
    seconds: float | None
    host: HostNeeds
    fitted: Fitted | None
    model: Architecture

    def as_dict(self) -> dict[str, Any]:
        """The plan as `estimate --json` prints it."""
        return {
            "gpu": self.target.name or None,
            "free_bytes": self.target.free,
            "total_bytes": self.plan.total,
            "parts": self.plan.parts,
            "moment": self.plan.moment,
            "verdict": self.verdict,
            "trainable_parameters": self.plan.trainable,
            "parameters": self.plan.parameters,
            "steps": self.steps,
            "tokens_per_step": self.tokens_per_step,
            "seconds": None if self.seconds is None else round(self.seconds, 1),
            "rows": self.workload.rows if self.workload else None,
            "rows_counted": self.workload.exact if self.workload else None,
            "ram_bytes": self.host.ram,
            "disk_bytes": self.host.disk,
            "changes": [change.as_dict() for change in self.fitted.changes] if self.fitted else [],
            "after_changes": self.fitted.plan.total if self.fitted else None,
        }


def estimate(recipe: Recipe, gpu: str = "", target: Target | None = None) -> Estimate:
    """Plan a recipe on a GPU by its name, or on this machine.

    Args:
        recipe: What is planned.
        gpu: Its name; empty for this machine.
        target: The same as it was looked at before, so that plans share what is free.

    Raises:
        RefusedError: The model, the data or the GPU is not known, or makes no sense.
    """
    target = target or target_of(gpu)
    known = known_model(recipe.model.source, recipe.model.revision)
    model = read_architecture(known.config)
    data = recipe.data
    workload = measure(data.files, data.max_rows) if data.files else None
    longest = workload.bound if workload and workload.exact else 0
    setup = setup_of(recipe, target.capability, longest)
    plan = plan_memory(model, setup)
    verdict = plan.verdict(target.free)
    cut = workload.cut if workload else None
    fitted = None
    if verdict == "does-not-fit":
        fitted = make_fit(recipe, model, target.free, target.capability, cut, longest)
    steps, tokens = _steps(recipe, workload)
    return Estimate(
        target,
        plan,
        verdict,
        workload,
        steps,
        tokens,
        _seconds(recipe, model, setup, Speed(target.tflops), steps, tokens, workload),
        host_needs(model, plan, recipe, known.missing_bytes),
        fitted,
        model,
    )


def _steps(recipe: Recipe, workload: Workload | None) -> tuple[int | None, int]:
    """Steps of the run, and tokens of one of them."""
    training = recipe.training
    batch = training.batch_size * training.accumulation
    if workload is None or not workload.rows:
        return training.max_steps or None, batch * training.sequence_length
    mean = workload.mean(training.sequence_length)
    rows = max(1, workload.rows - _held(recipe, workload))
    if training.packing:
        rows = max(1, round(rows * mean / training.sequence_length))
        mean = training.sequence_length
    return count_steps(recipe, rows).total, round(batch * mean)


def _held(recipe: Recipe, workload: Workload) -> int:
    """Rows of the data that are measured and not learned."""
    data = recipe.data
    return 0 if data.validation_files else round(workload.rows * data.split.validation)


def _seconds(
    recipe: Recipe,
    model: Architecture,
    setup: Setup,
    speed: Speed,
    steps: int | None,
    tokens: int,
    workload: Workload | None,
) -> float | None:
    """From the start to the end: the steps, and what is measured between them."""
    if steps is None:
        return None
    training, evaluation = recipe.training, recipe.evaluation
    mean = max(1, tokens // (training.batch_size * training.accumulation))
    learning = steps * step_seconds(model, setup, speed, mean)
    held = min(evaluation.max_rows, _held(recipe, workload)) if workload else 0
    answered = len(evaluation.prompts) * evaluation.sample_tokens
    looks = math.ceil(steps / interval_of(evaluation.every, steps))
    looking = measuring_seconds(model, setup, speed, held, mean, answered)
    return START_SECONDS + learning + looks * looking
