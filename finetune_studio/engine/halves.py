"""Answers on a CPU from weights that stay in 16 bits: half the memory, and twice the speed.

A token is written as fast as the weights are read. Here they are read in fp16 and multiplied in
fp32 with what the layers compute, which stays in fp32, too; so the answers are those of fp32. (In
bf16 throughout, as `transformers serve` computes, other words come out, and a long prompt takes
many times longer on a processor without products of its own for that.) Only what was stored in 16
bits is kept so: numbers that fp16 holds, and those of bf16, of which fp16 rounds the ones below
2^-17 by 2^-25 at most. Nothing can be learned in such a model.

FBGEMM has these products, on processors with AVX2; elsewhere a model stays as it is.
"""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from finetune_studio.catalog.weights import read_weights
from finetune_studio.engine.device import Device, one_thread
from finetune_studio.engine.tuned import load_whole

STORED = {"BF16": torch.bfloat16, "F16": torch.float16}
LARGEST = torch.finfo(torch.float16).max
LEAST = 1 << 16
"""Numbers that a matrix must have: a smaller one is in the processor's cache, whatever its type."""
SMALL = 1 << 22
"""Numbers of a matrix that one thread multiplies with one row in less time than two wait for each
other: on two cores 94 microseconds against 181 for 576 by 576, 1.0 ms against 1.4 for 4096 by 1024;
at 14336 by 4096 and at 49152 by 576 as long as each other."""
PIECE = 1 << 16
"""Numbers that are looked at together: fresh memory for more would cost more than the looking."""


class HalfLinear(nn.Module):
    """A linear layer whose weights are held in fp16; in and out in fp32."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = layer.in_features, layer.out_features
        bias = None if layer.bias is None else layer.bias.detach().float()
        self._packed: Any = torch.ops.quantized.linear_prepack_fp16(
            layer.weight.detach().float(), bias
        )
        self._small = layer.weight.numel() < SMALL

    def __getattr__(self, name: str) -> Any:
        """`weight`: the weights in fp32, made anew, for the few models that read them.

        No property, which everybody reads who looks through a module's attributes, as TorchScript.
        """
        if name == "weight":
            return torch.ops.quantized.linear_unpack_fp16(self._packed)[0]
        return super().__getattr__(name)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        """`[..., in]` to `[..., out]`."""
        quick = self._small and given.numel() == given.shape[-1]
        with one_thread() if quick else nullcontext():
            made: torch.Tensor = torch.ops.quantized.linear_dynamic_fp16(given, self._packed)
        return made


class HalfEmbedding(nn.Module):
    """A table of 16-bit rows, told in fp32."""

    def __init__(self, layer: nn.Embedding, dtype: torch.dtype) -> None:
        super().__init__()
        self.register_buffer("weight", layer.weight.detach().to(dtype, copy=True), persistent=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """`[...]` to `[..., size]`."""
        return functional.embedding(ids, self.get_buffer("weight")).float()


def load_to_answer(folder: Path, device: Device) -> nn.Module:
    """A model that stands alone, to answer with: never in memory in more bits than in its files."""
    if device.kind != "cpu" or not has_products():
        return load_whole(folder, False, device)
    stored = stored_type(folder)
    model = load_whole(folder, False, device, stored)
    if rounds_its_constants(model):
        model = load_whole(folder, False, device)
    keep_halves(model)
    return model


def has_products() -> bool:
    """Whether torch has such products for this processor."""
    engines = torch.backends.quantized
    return engines.engine in ("x86", "fbgemm") and "fbgemm" in engines.supported_engines


def serves(model: nn.Module) -> bool:
    """Whether `keep_halves` is for this model: on a CPU that has such products, and without DoRA.

    DoRA looks at its base's weights at every token, which here would be made anew each time.
    """
    on_cpu = all(each.device.type == "cpu" for each in model.parameters())
    dora = any(len(getattr(each, "lora_magnitude_vector", ())) for each in model.modules())
    return has_products() and on_cpu and not dora


def stored_type(folder: Path) -> torch.dtype:
    """The one 16-bit type of a model's files, or fp32 where they have others, too."""
    found = {each.dtype for each in read_weights(folder)}
    return STORED.get(found.pop(), torch.float32) if len(found) == 1 else torch.float32


def rounds_its_constants(model: nn.Module) -> bool:
    """Whether a model loaded in 16 bits has rounded more than its files had."""
    return any(each.dtype in STORED.values() for each in model.buffers())


def keep_halves(model: nn.Module) -> None:
    """Hold in 16 bits what was stored so, and all else in fp32; the model is changed in place."""
    with one_thread():
        for parent in list(model.modules()):
            for name, layer in parent.named_children():
                made = _in_half(layer)
                if made is not None:
                    setattr(parent, name, made)
    for each in model.parameters():
        each.data = each.data.float()


def _in_half(layer: nn.Module) -> nn.Module | None:
    """What takes the layer's place; None where it stays. Own kinds of layers do more: they stay."""
    if type(layer) not in (nn.Linear, nn.Embedding) or layer.weight.numel() < LEAST:
        return None
    dtype = _type_of(layer.weight.detach())
    if dtype is None:
        return None
    return HalfLinear(layer) if isinstance(layer, nn.Linear) else HalfEmbedding(layer, dtype)


def _type_of(weight: torch.Tensor) -> torch.dtype | None:
    """The 16-bit type that holds a matrix as it is; None where none does."""
    rows = weight.split(max(PIECE // weight.shape[1], 1))
    if any(not each.abs().max() <= LARGEST for each in rows):  # or not a number
        return None
    if weight.dtype in STORED.values():
        return weight.dtype
    for dtype in STORED.values():
        if all(torch.equal(each.to(dtype).float(), each) for each in rows):
            return dtype
    return None
