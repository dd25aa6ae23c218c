"""Puts an adapter into its base model and writes the whole, in 16 or 32 bits.

A LoRA adapter goes in tensor by tensor (streaming.py), what cannot be done so is loaded whole.
"""

import gc
import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from finetune_studio.engine import streaming
from finetune_studio.engine.collating import padding_id
from finetune_studio.engine.device import DTYPES
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

    Args:
        tuned: The finished run.
        part: A folder that exists.
        precision: bf16, fp16 or fp32.
    """
    planned = _plan(tuned)
    if planned is None:
        way = _write_loaded(tuned, part, DTYPES[precision])
    else:
        streaming.write(planned, part, DTYPES[precision])
        _write_config(tuned, part, DTYPES[precision])
        full = isinstance(tuned.recipe.method, Full)
        way = "whole model" if full else "adapter merged into the base model"
    copy_tokenizer(tuned.folder, part, tuned.template)
    (part / "README.md").unlink(missing_ok=True)
    return way


def base_folder(tuned: Tuned, part: Path) -> Path:
    """A folder with the base model as the adapter was trained on it.

    That is its own folder, or `part`, an empty one, where it was quantised for the run: the adapter
    has learned to correct those weights, and on the original ones it says something else.
    """
    method = tuned.recipe.method
    fp8 = not isinstance(method, Full) and method.base_precision == "fp8"
    if not (isinstance(method, Qlora) or fp8 or streaming.is_quantised(tuned.source)):
        return tuned.source
    base = tuned.base()
    whole: Any = in_full(base) if fp8 else _dequantised(base)
    _save(whole, part, torch.float16)
    copy_tokenizer(tuned.folder, part, tuned.template)
    return part


def _plan(tuned: Tuned) -> streaming.Plan | None:
    """How to do it tensor by tensor; None where the model must be loaded."""
    method = tuned.recipe.method
    if tuned.labels or isinstance(method, Qlora) or method.base_precision == "fp8":
        return None
    if isinstance(method, Full):
        return streaming.whole(tuned.folder)
    return streaming.plan(tuned.source, tuned.folder)


def _write_config(tuned: Tuned, part: Path, dtype: torch.dtype) -> None:
    """The model's configuration, as it is after training."""
    full = isinstance(tuned.recipe.method, Full)
    source = tuned.folder if full else tuned.source
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    config = {name: value for name, value in config.items() if name not in OF_THE_MACHINE}
    config |= {"dtype": str(dtype).removeprefix("torch."), "use_cache": True}
    config |= {"pad_token_id": padding_id(tuned.tokenizer)}
    text = json.dumps(config, indent=2, ensure_ascii=False)
    (part / "config.json").write_text(text + "\n", encoding="utf-8")


def _write_loaded(tuned: Tuned, part: Path, dtype: torch.dtype) -> str:
    model, way = _merge(tuned)
    _save(model, part, dtype)
    del model
    gc.collect()
    return way


def _save(model: Any, part: Path, dtype: torch.dtype) -> None:
    model.to(dtype)
    model.config.dtype = dtype
    model.config.use_cache = True
    model.save_pretrained(part, max_shard_size=SHARD)


def _merge(tuned: Tuned) -> tuple[nn.Module, str]:
    """The merged model, in 16 or 32 bits, and how it was made.

    An adapter on 4- or 8-bit weights is merged into those weights dequantised: that is the model
    that was trained, measured and looked at. Merged into the original weights it is another one
    (SmolLM2-135M after 6 steps: 0.8 nats away, the dequantised 0.002), and a lower loss on a few
    held-out rows is no reason to hand out what nobody has tried. Merging into quantised weights
    is never done: rounding takes the fine-tuning away again.
    """
    method = tuned.recipe.method
    if isinstance(method, Full):
        return tuned.model(), "whole model"
    if method.base_precision == "fp8":
        return _with_adapter(in_full(tuned.base()), tuned), "adapter merged into the 8-bit floats"
    base = tuned.base()
    if not getattr(base, "is_quantized", False):
        return _with_adapter(base, tuned), "adapter merged into the base model"
    return (
        _with_adapter(_dequantised(base), tuned),
        "adapter merged into the dequantised base model",
    )


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


def _with_adapter(base: nn.Module, tuned: Tuned) -> nn.Module:
    return with_its_adapter(base, tuned.folder).merge_and_unload()
