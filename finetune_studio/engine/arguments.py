"""The recipe as transformers' TrainingArguments; knows no rows and no model.

Reporting, saving and measuring are ours, so off here.
"""

from pathlib import Path
from typing import Any

from transformers import TrainingArguments

from finetune_studio.engine.device import Device
from finetune_studio.recipe.methods import Full, Qlora
from finetune_studio.recipe.schema import Recipe
from finetune_studio.recipe.steps import Steps

SCHEDULES = {
    "cosine": "cosine",
    "linear": "linear",
    "constant": "constant_with_warmup",
    "warmup-stable-decay": "warmup_stable_decay",
}
OPTIMIZERS = {
    "adamw": "adamw_torch",  # on a GPU in one kernel, which borrows nothing for the step
    "adamw-8bit": "adamw_bnb_8bit",
    "paged-adamw-8bit": "paged_adamw_8bit",
    "adafactor": "adafactor",
}
DECAY_SHARE = 0.2
"""The share of steps in which warm-up-stable-decay goes down; MiniCPM (Hu 2024): 10 to 20 %."""


def training_arguments(
    recipe: Recipe, steps: Steps, device: Device, folder: Path
) -> TrainingArguments:
    """The arguments for `steps.total` optimiser steps; checkpoints go below `folder`."""
    training = recipe.training
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=steps.total,
        per_device_train_batch_size=training.batch_size,
        gradient_accumulation_steps=training.accumulation,
        learning_rate=training.learning_rate,
        lr_scheduler_type=SCHEDULES[training.schedule],
        lr_scheduler_kwargs=_schedule_extra(recipe, steps),
        warmup_steps=round(training.warmup_ratio * steps.total),
        optim=_optimizer(recipe, device),
        weight_decay=training.weight_decay,
        adam_beta1=training.adam_beta1,
        adam_beta2=training.adam_beta2,
        max_grad_norm=training.max_grad_norm,
        seed=training.seed,
        data_seed=training.seed,
        bf16=device.precision == "bf16",
        fp16=device.precision == "fp16",
        use_cpu=device.kind == "cpu",
        average_tokens_across_devices=True,
        dataloader_pin_memory=device.kind == "cuda",
        ddp_find_unused_parameters=False,
        remove_unused_columns=False,
        logging_strategy="no",
        logging_nan_inf_filter=False,
        eval_strategy="no",
        save_strategy="no",
        save_only_model=False,
        disable_tqdm=True,
        report_to="none",
    )
    if device.kind == "cuda":
        assert arguments.device.type == "cuda"  # looked up once; counts the GPUs
        arguments._n_gpu = 1  # a process has one GPU: never torch's DataParallel over the others
    return arguments


def _optimizer(recipe: Recipe, device: Device) -> str:
    named = OPTIMIZERS[optimizer_in_use(recipe, device)]
    return f"{named}_fused" if named == "adamw_torch" and device.kind == "cuda" else named


def optimizer_in_use(recipe: Recipe, device: Device) -> str:
    """The optimiser that `auto` stands for: 8-bit AdamW for QLoRA on a GPU, AdamW elsewhere."""
    asked = recipe.training.optimizer
    if asked != "auto":
        return asked
    return "adamw-8bit" if isinstance(recipe.method, Qlora) and device.kind == "cuda" else "adamw"


def checkpointing_in_use(recipe: Recipe, device: Device) -> bool:
    """Whether activations are computed again: `auto` does on a GPU only."""
    asked = recipe.training.gradient_checkpointing
    return device.kind == "cuda" if asked == "auto" else asked == "on"


def lengths_are_grouped(recipe: Recipe) -> bool:
    """Whether rows of like length share a step: `auto` does where rows are not packed."""
    asked = recipe.training.speed.length_grouping
    return not recipe.training.packing if asked == "auto" else asked == "on"


def _schedule_extra(recipe: Recipe, steps: Steps) -> dict[str, Any]:
    if recipe.training.schedule != "warmup-stable-decay":
        return {}
    return {"num_decay_steps": max(1, round(DECAY_SHARE * steps.total))}


def pure_half(recipe: Recipe, device: Device) -> bool:
    """Whether trained weights are held in half precision alone, which is said in `started`."""
    method = recipe.method
    return isinstance(method, Full) and not method.master_weights and device.precision != "fp32"
