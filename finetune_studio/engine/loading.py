"""Loads the base model as the recipe says: safetensors only, custom code only when opted in."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    BitsAndBytesConfig,
    PreTrainedModel,
)

from finetune_studio.engine.device import Device
from finetune_studio.engine.speed.again import passes
from finetune_studio.engine.speed.fp8 import into_float8
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.recipe.methods import Full, Qlora
from finetune_studio.recipe.schema import Recipe

HEADS = ["score", "classifier", "lm_head"]


@dataclass(frozen=True)
class Labels:
    """The labels of a classification, in the order of the model's outputs."""

    names: tuple[str, ...]

    def config(self) -> dict[str, Any]:
        """What the model's configuration keeps of them."""
        return {
            "num_labels": len(self.names),
            "id2label": dict(enumerate(self.names)),
            "label2id": {name: index for index, name in enumerate(self.names)},
        }


def load_model(
    recipe: Recipe, folder: Path, device: Device, labels: Labels | None, pad_id: int
) -> PreTrainedModel:
    """The base model on its device, ready for an adapter.

    Args:
        recipe: What the person decided.
        folder: The model's folder, already inspected.
        device: Where to.
        labels: The labels for `classify`; None for the generating tasks.
        pad_id: The token id that padding is made of.
    """
    options: dict[str, Any] = {
        "dtype": storage_type(recipe, device),
        "use_safetensors": True,
        "trust_remote_code": recipe.model.trust_remote_code,
        "local_files_only": True,
    }
    in_fp8 = recipe.method.base_precision == "fp8"
    if device.kind == "cuda" and not in_fp8:
        options["device_map"] = {"": device.index}
    if isinstance(recipe.method, Qlora):
        options["quantization_config"] = quantisation(recipe.method, device)
        options["device_map"] = {"": device.index if device.kind == "cuda" else "cpu"}
    if labels:
        options |= labels.config()
    kind = AutoModelForSequenceClassification if labels else AutoModelForCausalLM
    torch.manual_seed(recipe.training.seed)  # a new classification head starts the same each time
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = _loaded(kind, folder, options)
    _keep_weights_differentiable(model)
    if in_fp8:
        into_float8(model, device, HEADS)
    model.config.pad_token_id = pad_id
    model.config.use_cache = False
    return model


def _keep_weights_differentiable(model: PreTrainedModel) -> None:
    """Forbid 4-bit layers on a CPU to repack their weights when the model is first evaluated.

    Repacked weights have no backward pass: training after the first evaluation would go on without
    the gradients of every layer below, and say nothing (bitsandbytes 0.50, CPUs with AVX512-BF16).
    """
    for layer in model.modules():
        if hasattr(layer, "support_avx512bf16_for_cpu"):
            layer.support_avx512bf16_for_cpu = False


def keep_fewer_activations(model: PreTrainedModel) -> None:
    """Compute activations again in the backward pass instead of keeping them.

    Checkpoints of this kind need no gradient of what the embedding makes, which transformers would
    ask for, and keep, with its gradient, until the step is over.
    """
    renamed = getattr(model, "activation_checkpointing_enable", None)  # transformers 5.23
    options = {"use_reentrant": False, "context_fn": passes}
    (renamed or model.gradient_checkpointing_enable)(options)
    model.disable_input_require_grads()


def _loaded(kind: Any, folder: Path, options: dict[str, Any]) -> PreTrainedModel:
    try:
        return kind.from_pretrained(folder, **options)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        raise RefusedError(
            tr("The model in {folder} could not be loaded.").format(folder=folder),
            " ".join(str(error).split())[:500],
            tr("Check that the download is complete and that transformers knows its architecture."),
        ) from error


def storage_type(recipe: Recipe, device: Device) -> torch.dtype:
    """What the weights are held in: fp32 where master weights are trained, else as computed."""
    if isinstance(recipe.method, Full) and recipe.method.master_weights:
        return torch.float32
    return device.dtype


def quantisation(method: Qlora, device: Device) -> BitsAndBytesConfig:
    """NF4 with double quantisation, or LLM.int8; heads stay as they are."""
    if method.bits == 8:
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=HEADS)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=device.dtype,
        llm_int8_skip_modules=HEADS,
    )


def context_length(folder: Path, trust_remote_code: bool = False) -> int:
    """The model's context in tokens, also where its class alone knows; 0 where neither says."""
    config = AutoConfig.from_pretrained(
        folder, local_files_only=True, trust_remote_code=trust_remote_code
    )
    return int(getattr(config.get_text_config(), "max_position_embeddings", 0) or 0)
