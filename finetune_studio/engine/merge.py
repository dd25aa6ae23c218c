"""Puts an adapter into its base model and writes the whole, in 16 or 32 bits.

It goes in tensor by tensor (streaming.py), also into weights that were quantised for the run; what
cannot be done so is loaded whole.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import nn

from finetune_studio.engine import streaming
from finetune_studio.engine.collating import padding_id
from finetune_studio.engine.deltas import Adapter, read_adapter
from finetune_studio.engine.device import DTYPES
from finetune_studio.engine.loading import Labels
from finetune_studio.engine.quantised import rounding_of, skeleton
from finetune_studio.engine.result import copy_tokenizer
from finetune_studio.engine.speed.fp8 import in_full
from finetune_studio.engine.tuned import Tuned, with_its_adapter
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr
from finetune_studio.recipe.methods import Full, Qlora

SHARD = "5GB"
OF_THE_MACHINE = ("_name_or_path", "quantization_config", "torch_dtype")
"""What a configuration says of the folder or the form that the model was loaded from."""


def write_merged(tuned: Tuned, part: Path, precision: str = "bf16") -> str:
    """Write the merged model with its tokenizer; how it was made.

    An adapter on 4- or 8-bit weights is merged into those weights dequantised: that is the model
    that was trained, measured and looked at. Merged into the original weights it is another one
    (SmolLM2-135M after 6 steps: 0.8 nats away, the dequantised 0.002), and a lower loss on a few
    held-out rows is no reason to hand out what nobody has tried. Merging into quantised weights
    is never done: rounding takes the fine-tuning away again.

    Args:
        tuned: The finished run.
        part: A folder that exists.
        precision: bf16, fp16 or fp32.
    """
    planned, dtype = _plan(tuned), DTYPES[precision]
    if planned is None:
        _write_loaded(_merged(tuned), part, dtype)
    else:
        streaming.write(planned, part, dtype)
        _write_config(tuned, part, dtype)
    copy_tokenizer(tuned.folder, part, tuned.template)
    if tuned.recipe.model.trust_remote_code:
        _copy_code(tuned.source, part)
    (part / "README.md").unlink(missing_ok=True)
    return _way(tuned)


def _way(tuned: Tuned) -> str:
    method = tuned.recipe.method
    if isinstance(method, Full):
        return "whole model"
    if method.base_precision == "fp8":
        return "adapter merged into the 8-bit floats"
    if isinstance(method, Qlora) or streaming.is_quantised(tuned.source):
        return "adapter merged into the dequantised base model"
    return "adapter merged into the base model"


def base_folder(tuned: Tuned, part: Path) -> Path:
    """A folder with the base model as the adapter was trained on it.

    That is its own folder, or `part`, an empty one, where it was quantised for the run: the adapter
    has learned to correct those weights, and on the original ones it says something else.
    """
    method = tuned.recipe.method
    fp8 = not isinstance(method, Full) and method.base_precision == "fp8"
    if not (isinstance(method, Qlora) or fp8 or streaming.is_quantised(tuned.source)):
        return tuned.source
    planned = None if fp8 else _plan(tuned, Adapter({}, {}))
    if planned is None:
        _write_loaded(_in_full(tuned), part, torch.float16)
    else:
        streaming.write(planned, part, torch.float16)
        _write_config(tuned, part, torch.float16)
    copy_tokenizer(tuned.folder, part, tuned.template)
    return part


def _plan(tuned: Tuned, adapter: Adapter | None = None) -> streaming.Plan | None:
    """How to do it tensor by tensor; None where the model must be loaded.

    Args:
        tuned: The finished run.
        adapter: What is to be merged; the run's own without it.
    """
    method = tuned.recipe.method
    if isinstance(method, Full):
        return streaming.whole(tuned.folder)
    adapter = adapter or read_adapter(tuned.folder)
    if method.base_precision == "fp8" or adapter is None:
        return None
    if not (tuned.labels or isinstance(method, Qlora)):
        return streaming.plan(tuned.source, tuned.folder, adapter)
    rounding = wanted = None
    model = _skeleton(tuned)
    if isinstance(method, Qlora):
        rounding = rounding_of(model, method, tuned.device)
        if rounding is None:
            return None
    if tuned.labels:
        wanted = set(model.state_dict())
    return streaming.plan(tuned.source, tuned.folder, adapter, rounding, wanted)


def _skeleton(tuned: Tuned) -> nn.Module:
    return skeleton(tuned.source, tuned.labels, tuned.recipe.model.trust_remote_code)


def _write_config(tuned: Tuned, part: Path, dtype: torch.dtype) -> None:
    """The model's configuration, as it is after training."""
    full = isinstance(tuned.recipe.method, Full)
    source = tuned.folder if full else tuned.source
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    config = {name: value for name, value in config.items() if name not in OF_THE_MACHINE}
    config |= {"dtype": str(dtype).removeprefix("torch."), "use_cache": True}
    config |= {"pad_token_id": padding_id(tuned.tokenizer)}
    if tuned.labels and not full:
        config |= {"architectures": [type(_skeleton(tuned)).__name__]}
        config |= {name: Labels(tuned.labels).config()[name] for name in ("id2label", "label2id")}
    text = json.dumps(config, indent=2, ensure_ascii=False)
    (part / "config.json").write_text(text + "\n", encoding="utf-8")


def _copy_code(source: Path, part: Path) -> None:
    """The code that the model brings, without which nobody could load it."""
    for file in source.rglob("*.py"):
        there = part / file.relative_to(source)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, there)


def _write_loaded(model: Any, part: Path, dtype: torch.dtype) -> None:
    model.to(dtype)
    model.config.dtype = dtype
    model.config.use_cache = True
    model.save_pretrained(part, max_shard_size=SHARD)


def _merged(tuned: Tuned) -> nn.Module:
    """The merged model, loaded."""
    if isinstance(tuned.recipe.method, Full):
        return tuned.model()
    return with_its_adapter(_in_full(tuned), tuned.folder).merge_and_unload()


def _in_full(tuned: Tuned) -> nn.Module:
    """The base model as it was trained on, in 16 or 32 bits."""
    method, base = tuned.recipe.method, tuned.base()
    if not isinstance(method, Full) and method.base_precision == "fp8":
        return in_full(base)
    return _dequantised(base) if getattr(base, "is_quantized", False) else base


def _dequantised(base: Any) -> nn.Module:
    try:
        whole: nn.Module = base.dequantize()
    except (NotImplementedError, ValueError, AttributeError) as error:
        raise RefusedError(
            tr("The base model is quantised in a way that cannot be undone."),
            " ".join(str(error).split())[:300],
            tr("Export the adapter, or train on the original model."),
        ) from error
    return whole
