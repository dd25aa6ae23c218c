"""The first event: what was asked, and what is in use, side by side; no fallback is silent."""

from importlib.metadata import version
from pathlib import Path

import torch

from finetune_studio.engine import checkpoints
from finetune_studio.engine.adapters import count_parameters
from finetune_studio.engine.arguments import (
    checkpointing_in_use,
    lengths_are_grouped,
    optimizer_in_use,
    pure_half,
)
from finetune_studio.engine.device import Device
from finetune_studio.engine.footing import Footing
from finetune_studio.engine.records import Records
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe

PACKAGES = ("torch", "transformers", "peft", "trl", "accelerate", "bitsandbytes", "datasets")


def announce(
    recipe: Recipe, device: Device, footing: Footing, start: Path | None, records: Records
) -> None:
    """Emit `started`."""
    model, data, steps = footing.model, footing.data, footing.steps
    trainable, whole = count_parameters(model)
    in_use = {
        "engine": recipe.training.engine,
        "device": torch.cuda.get_device_name() if device.kind == "cuda" else "cpu",
        "processes": device.world,
        "precision": device.precision,
        "optimizer": optimizer_in_use(recipe, device),
        "gradient_checkpointing": checkpointing_in_use(recipe, device),
        "pure_half_precision": pure_half(recipe, device),
        "attention": model.config._attn_implementation,
        "trainable_parameters": trainable,
        "parameters": whole,
        "rows": data.rows,
        "validation_rows": data.validation_rows,
        "steps": steps.total,
        "steps_per_epoch": steps.per_epoch,
        "packing": data.packed,
        "length_grouping": lengths_are_grouped(recipe),
        "speed": footing.ideas.told(),
    }
    if start:
        in_use["resumed_from_step"] = checkpoints.step_of(start)
    records.emit(
        "started",
        recipe_hash=store.digest(recipe),
        asked=recipe.model_dump(mode="json"),
        in_use=in_use,
        versions={name: version(name) for name in (*PACKAGES, *_others(recipe))},
    )


def _others(recipe: Recipe) -> tuple[str, ...]:
    """Packages that only this run is made with."""
    return ("unsloth",) if recipe.training.engine == "unsloth" else ()
