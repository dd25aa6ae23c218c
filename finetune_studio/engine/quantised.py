"""What quantising has made of a model's weights, one matrix at a time.

The model that a QLoRA run trained on is never in memory whole: each matrix is quantised as the
loading of the run does it, by bitsandbytes, and taken back into numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification
from transformers.pytorch_utils import Conv1D
from transformers.quantizers.quantizers_utils import should_convert_module

from finetune_studio.engine.device import Device
from finetune_studio.engine.loading import HEADS, Labels, quantisation
from finetune_studio.recipe.methods import Qlora


@dataclass(frozen=True)
class Rounding:
    """How matrices were quantised.

    Attributes:
        names: The tensors that were.
        method: In which way.
        device: Where, and from which type.
    """

    names: frozenset[str]
    method: Qlora
    device: Device

    def of(self, value: torch.Tensor) -> torch.Tensor:
        """What became of a matrix: `[out, in]` in, `[out, in]` in the type of the run out."""
        from bitsandbytes import functional
        from bitsandbytes.nn import Int8Params, Params4bit

        given = value.to(self.device.place, self.device.dtype)
        if self.method.bits == 8:
            whole = Int8Params(given, requires_grad=False, has_fp16_weights=False)
            whole = whole.to(self.device.place)
            made = functional.int8_vectorwise_dequant(whole.data, whole.SCB)
            return made.to(self.device.dtype).cpu()
        how = quantisation(self.method, self.device)
        kinds = {
            "quant_type": how.bnb_4bit_quant_type,
            "compress_statistics": how.bnb_4bit_use_double_quant,
        }
        packed = Params4bit(given, requires_grad=False, **kinds).to(self.device.place)
        return functional.dequantize_4bit(packed.data, packed.quant_state).cpu()


def skeleton(source: Path, labels: Sequence[str] = (), own_code: bool = False) -> nn.Module:
    """The model of a folder without its weights, which no memory is taken for.

    Args:
        source: The folder.
        labels: Those of a classification.
        own_code: Whether the person agreed to run code that the model brings.
    """
    kind: Any = AutoModelForSequenceClassification if labels else AutoModelForCausalLM
    more = Labels(tuple(labels)).config() if labels else {}
    config = AutoConfig.from_pretrained(
        source, local_files_only=True, trust_remote_code=own_code, **more
    )
    with torch.device("meta"):
        made: nn.Module = kind.from_config(config, trust_remote_code=own_code)
    return made


def rounding_of(model: nn.Module, method: Qlora, device: Device) -> Rounding | None:
    """Which tensors of a model a QLoRA run quantises; None where it turns them round to do so.

    Args:
        model: The model, with or without weights.
        method: The run's.
        device: The run's.
    """
    layers = list(model.named_modules())
    if any(isinstance(each, Conv1D) for _, each in layers):
        return None
    linear = [name for name, each in layers if type(each) is nn.Linear]
    names = {f"{name}.weight" for name in linear if should_convert_module(name, HEADS)}
    return Rounding(frozenset(names), method, device)
