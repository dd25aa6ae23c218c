"""The result of a run: the best weights, saved so that they can be loaded anywhere."""

import json
import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

from peft import PeftModel, set_peft_model_state_dict
from safetensors.torch import load_file

from finetune_studio.engine.dataset import Prepared
from finetune_studio.errors import StudioError
from finetune_studio.export.about import ABOUT
from finetune_studio.export.files import make_readable
from finetune_studio.i18n import tr
from finetune_studio.recipe.schema import Recipe

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "generation_config.json",
)


def restore_best(model: Any, checkpoint: Path | None) -> None:
    """Put the weights of the best checkpoint back into the model; None leaves it as it is.

    Raises:
        StudioError: The checkpoint does not hold all that was trained.
    """
    if checkpoint is None:
        return
    weights: dict[str, Any] = {}
    for file in sorted(checkpoint.glob("*.safetensors")):
        weights |= load_file(file)
    if isinstance(model, PeftModel):
        found = set_peft_model_state_dict(model, weights)
        lacking = [name for name in found.missing_keys if _is_trained(model, name)]
    else:
        found = model.load_state_dict(weights, strict=False)
        lacking = _without_tied(model, found.missing_keys, weights)
    if lacking or found.unexpected_keys:
        raise StudioError(
            tr("The best checkpoint does not fit the model."),
            ", ".join([*lacking, *found.unexpected_keys][:3]),
            tr("Train again; the run's other checkpoints are as they were."),
        )


def _is_trained(model: Any, name: str) -> bool:
    try:
        return bool(model.get_parameter(name).requires_grad)
    except AttributeError:
        return False  # a buffer


def _without_tied(model: Any, missing: list[str], weights: Collection[str]) -> list[str]:
    """The missing names whose tensors no other name has brought."""
    tensors = model.state_dict()
    brought = {tensors[name].data_ptr() for name in weights if name in tensors}
    return [name for name in missing if tensors[name].data_ptr() not in brought]


def save_result(model: Any, recipe: Recipe, source: Path, data: Prepared, folder: Path) -> None:
    """Save adapter or model with its tokenizer; the folder appears whole or not at all."""
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    model.config.use_cache = True
    model.save_pretrained(part)
    copy_tokenizer(source, part, data.template)
    _end_at(part, data.tokenizer.eos_ids)
    about = {
        "task": recipe.task.kind,
        "method": recipe.method.kind,
        "base": recipe.model.source,
        "system": recipe.task.system if recipe.task.kind == "chat" else "",
        "labels": list(data.label_names),
    }
    (part / ABOUT).write_text(json.dumps(about, ensure_ascii=False, indent=1), encoding="utf-8")
    (part / "README.md").unlink(missing_ok=True)  # peft's is empty places; the card is our own
    make_readable(part)
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(part, folder)


def copy_tokenizer(source: Path, folder: Path, template: str | None) -> None:
    """Copy the tokenizer's files as they are, with the chat template that was trained with."""
    for name in TOKENIZER_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
    if template:
        (folder / "chat_template.jinja").write_text(template, encoding="utf-8")


def _end_at(folder: Path, eos_ids: Collection[int]) -> None:
    """Let generation end at what ended the answers that were learned, whoever loads the result."""
    if not eos_ids:
        return
    file = folder / "generation_config.json"
    about = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    ids = sorted(eos_ids)
    about["eos_token_id"] = ids if len(ids) > 1 else ids[0]
    file.write_text(json.dumps(about, indent=2), encoding="utf-8")
