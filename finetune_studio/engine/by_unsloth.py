"""The model with its adapter as Unsloth loads it: its kernels, its checkpointing, no other parts.

Data, loss, loop, events and result stay ours, so that a run by Unsloth is one like all others. What
it does not train here is refused by `recipe.checks` before anything starts. Unsloth is the person's
own installation; its API is that of 2026.10.
"""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from finetune_studio.engine.adapters import find_targets
from finetune_studio.engine.arguments import checkpointing_in_use
from finetune_studio.engine.device import Device
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.recipe.methods import Full, Qlora
from finetune_studio.recipe.schema import Recipe


def load_with_adapter(recipe: Recipe, source: Path, device: Device, pad_id: int) -> Any:
    """The base model and the recipe's adapter on it, as a PEFT model.

    Args:
        recipe: What the person decided; with LoRA, or QLoRA in 4 bits.
        source: The model's folder, already inspected.
        device: Where to.
        pad_id: The token id that padding is made of.

    Raises:
        RefusedError: Unsloth is not installed, or does not take this model.
    """
    if "unsloth" not in sys.modules:
        raise RefusedError(
            tr("Unsloth is not installed where training runs."),
            tr("It would have to be in {folder}.").format(folder=sys.prefix),
            tr("Install it there (pip install unsloth), or set training.engine to studio."),
        )
    if device.world > 1:
        raise RefusedError(
            tr("Unsloth trains on one GPU here."),
            hint=tr("Start one process, or set training.engine to studio."),
        )
    with redirect_stdout(sys.stderr):
        try:
            model = _with_adapter(recipe, source, device)
        except (OSError, ValueError, KeyError, TypeError, NotImplementedError) as error:
            raise RefusedError(
                tr("Unsloth does not take this model."),
                " ".join(str(error).split())[:500],
                tr("Set training.engine to studio."),
            ) from error
    model.config.pad_token_id = pad_id
    model.config.use_cache = False
    return model


def _with_adapter(recipe: Recipe, source: Path, device: Device) -> Any:
    from unsloth import FastLanguageModel

    method, training = recipe.method, recipe.training
    assert not isinstance(method, Full)  # refused by recipe.checks
    saving = "unsloth" if checkpointing_in_use(recipe, device) else False
    model, _ = FastLanguageModel.from_pretrained(
        str(source),
        max_seq_length=training.sequence_length,
        dtype=device.dtype,
        load_in_4bit=isinstance(method, Qlora),
        use_gradient_checkpointing=saving,
        use_exact_model_name=True,  # not another upload of it
        trust_remote_code=recipe.model.trust_remote_code,
        local_files_only=True,
        random_state=training.seed,
    )
    return FastLanguageModel.get_peft_model(
        model,
        r=method.rank,
        lora_alpha=method.alpha,
        lora_dropout=method.dropout,
        target_modules=find_targets(model, method.targets),
        bias="none",
        use_rslora=method.rslora,
        use_gradient_checkpointing=saving,
        random_state=training.seed,
    )
