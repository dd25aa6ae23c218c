"""Loads what a run has made, ready to answer: the adapter on its base, or the whole model."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from safetensors import SafetensorError
from torch import nn
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from finetune_studio.catalog.refusals import custom_code, read_config
from finetune_studio.catalog.resolve import resolve_model
from finetune_studio.catalog.weights import read_weights
from finetune_studio.engine.collating import padding_id
from finetune_studio.engine.device import Device, find_device
from finetune_studio.engine.loading import Labels, load_model
from finetune_studio.engine.samples import Voice, voice_of
from finetune_studio.errors import RefusedError, remedy
from finetune_studio.export.about import ABOUT
from finetune_studio.i18n import tr
from finetune_studio.recipe import store
from finetune_studio.recipe.methods import Full
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.folder import RunFolder
from finetune_studio.tokens.loading import Tokenizer, load_tokenizer

FILLED = 0.9
"""Share of the GPU's free memory that weights may take; the rest is for what they compute."""


@dataclass(frozen=True)
class Tuned:
    """A finished run, opened.

    Attributes:
        folder: The run's result.
        source: The base model's folder.
        labels: The labels of a classification; empty for the generating tasks.
        template: The chat template that was trained with; None where the task has none.
    """

    folder: Path
    source: Path
    recipe: Recipe
    device: Device
    tokenizer: Tokenizer
    labels: tuple[str, ...]
    template: str | None

    def base(self) -> nn.Module:
        """The base model as it was trained on, quantised where the run was."""
        labels = Labels(self.labels) if self.labels else None
        return load_model(
            self.recipe, self.source, self.device, labels, padding_id(self.tokenizer)
        ).eval()

    def model(self) -> nn.Module:
        """The tuned model."""
        if not isinstance(self.recipe.method, Full):
            return with_its_adapter(self.base(), self.folder)
        own_code = self.recipe.model.trust_remote_code
        return load_whole(self.folder, bool(self.labels), self.device, own_code=own_code)

    def voice(self) -> Voice:
        """What lets either of them answer."""
        return voice_of(self.recipe, self.tokenizer, self.template, self.labels)


def with_its_adapter(base: nn.Module, folder: Path) -> PeftModel:
    """The base model with the adapter in `folder`.

    Raises:
        RefusedError: The adapter was trained on another model, or is damaged.
    """
    try:
        return PeftModel.from_pretrained(base, folder, local_files_only=True).eval()
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise RefusedError(
            tr("The adapter in {folder} cannot be read.").format(folder=folder),
            " ".join(str(error).split())[:300],
            remedy(
                tr("Go on with `finetune-studio train RUN --resume`: it is made again."),
                tr("Go on with it on the page Training: it is made again."),
            ),
        ) from error
    except RuntimeError as error:
        if "size mismatch" not in str(error):
            raise
        raise RefusedError(
            tr("The base model is not the one that this run was trained on."),
            tr("The adapter in {folder} does not fit it.").format(folder=folder),
            tr("Bring back the model that the run's recipe.yaml names, or train again."),
        ) from error


def open_tuned(run: RunFolder) -> Tuned:
    """Open a run that has a result.

    Raises:
        RefusedError: The run has none yet, or its base model is gone.
    """
    about = _about(run.result)
    recipe = store.load(run.recipe)
    model = recipe.model
    source = resolve_model(model.source, model.revision, model.trust_remote_code)
    tokenizer = load_tokenizer(run.result)
    template = tokenizer.chat_template if recipe.task.kind == "chat" else None
    device = find_device(recipe)
    return Tuned(run.result, source, recipe, device, tokenizer, tuple(about["labels"]), template)


def load_whole(
    folder: Path,
    classifies: bool,
    device: Device,
    dtype: torch.dtype | None = None,
    *,
    own_code: bool = False,
) -> nn.Module:
    """A model that stands alone: a full fine-tuning's result, or a merged export.

    Args:
        folder: Where it is.
        classifies: Whether it has labels.
        device: Where to.
        dtype: The type of its weights; None for the device's.
        own_code: Whether the person agreed to run code that the model brings.

    Raises:
        RefusedError: It brings code, and nobody agreed to that.
    """
    if not own_code and (named := custom_code(folder, read_config(folder))):
        raise RefusedError(
            tr("This model needs to run its own code."),
            tr("Its config names “{name}”, Python code that comes with the model.").format(
                name=named
            ),
            tr("Name the run that it came from instead: its recipe agrees to that."),
        )
    kind: Any = AutoModelForSequenceClassification if classifies else AutoModelForCausalLM
    model = kind.from_pretrained(
        folder,
        dtype=dtype or device.dtype,
        use_safetensors=True,
        trust_remote_code=own_code,
        local_files_only=True,
        device_map=_placed(folder, device),
    )
    return model.eval()


def _placed(folder: Path, device: Device) -> Any:
    """Where a model's layers go.

    A model that was trained in 4 bits may be too large for the same GPU in 16: what it has no room
    for waits in the machine's memory then.
    """
    if device.kind != "cuda":
        return {"": "cpu"}
    size = sum(each.count for each in read_weights(folder)) * device.dtype.itemsize
    free, _ = torch.cuda.mem_get_info(device.index)
    return {"": device.index} if size < free * FILLED else "auto"


def _about(folder: Path) -> dict[str, Any]:
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RefusedError(
            tr("This run has no result yet."),
            str(folder.parent),
            remedy(
                tr("Let it finish, or go on with `finetune-studio train RUN --resume`."),
                tr("Let it finish, or go on with it on the page Training."),
            ),
        ) from error
    return about
