"""A frozen base model in 8-bit floats: half the memory of 16 bits, and products at twice the speed.

Weights are rounded row by row while they are loaded, so that the 16-bit model never fills the GPU.
Inputs and gradients are rounded the same way at each product (compute capability 8.9 and newer).
Elsewhere, such as on a CPU that answers from a run of a GPU, the same roundings are done in plain
operations: slower, to the same result. Own code, since libraries' 8-bit training rounds the trained
weights too, or serves inference alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from finetune_studio.engine.device import Device
from finetune_studio.engine.speed import rounding

FLOAT8 = torch.float8_e4m3fn
LARGEST = 448.0
"""The largest number of float8 e4m3 (Micikevicius et al. 2022, FP8 Formats for Deep Learning)."""
SMALLEST = 1e-12  # a scale for rows of zeros
WHOLE = 16  # what the product's inner sizes must be multiples of


def rounded(
    rows: torch.Tensor, factors: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows in float8 and their scales: `[rows, size]` to the same and `[rows, 1]` fp32.

    Args:
        rows: In any float.
        factors: What each column is multiplied by first, `[size]` fp32; None for nothing.
    """
    if rounding.serves(rows):
        return rounding.rounded_rows(rows, factors, FLOAT8, LARGEST, SMALLEST)
    wide = rows.float() if factors is None else rows.float() * factors
    scale = wide.abs().amax(-1, keepdim=True).clamp(min=SMALLEST) / LARGEST
    return (wide / scale).to(FLOAT8), scale


def product(
    left: torch.Tensor, left_scale: torch.Tensor, right: torch.Tensor, right_scale: torch.Tensor
) -> torch.Tensor:
    """`left @ right.T` of scaled float8 rows, in bf16 on a GPU and fp32 elsewhere.

    Args:
        left: `[m, k]` float8, with scales `[m, 1]`.
        left_scale: See `left`.
        right: `[n, k]` float8, with scales `[n, 1]`.
        right_scale: See `right`.
    """
    if left.device.type == "cuda":
        made: torch.Tensor = torch._scaled_mm(
            left, right.t(), scale_a=left_scale, scale_b=right_scale.t(),
            out_dtype=torch.bfloat16, use_fast_accum=True,
        )  # fmt: skip
        return made
    return (left.float() @ right.float().t()) * left_scale * right_scale.t()


def input_gradient(slopes: torch.Tensor, weight: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """The gradient of x of y = x Wᵀ, as a float8 product.

    Args:
        slopes: The gradient of y, `[m, n]`.
        weight: W, `[n, k]` float8, with scales `[n, 1]`.
        scale: See `weight`.

    Returns:
        `[m, k]`, in bf16 on a GPU and fp32 elsewhere.
    """
    return turned_gradient(slopes, rounding.turned(weight), scale)


def turned_gradient(
    slopes: torch.Tensor, turned: torch.Tensor, scale: torch.Tensor
) -> torch.Tensor:
    """`input_gradient` of a weight that is turned already, `[k, n]` float8."""
    rows = rounded(slopes, scale.flatten())  # W's scales go along
    return product(*rows, turned, _ones(len(turned), slopes.device))


@lru_cache(maxsize=64)
def _ones(size: int, place: torch.device) -> torch.Tensor:
    """Scales that change nothing, `[size, 1]`; a model has few sizes."""
    with torch.inference_mode(False):
        return torch.ones(size, 1, device=place)


class _Product(torch.autograd.Function):
    """y = x Wᵀ with a frozen W; forward pass and input gradient are float8 products."""

    @staticmethod
    def forward(
        ctx: Any, inputs: torch.Tensor, weight: torch.Tensor, scale: torch.Tensor
    ) -> torch.Tensor:
        ctx.save_for_backward(weight, scale)
        ctx.kind = inputs.dtype
        made = product(*rounded(inputs.reshape(-1, inputs.shape[-1])), weight, scale)
        return made.to(inputs.dtype).reshape(*inputs.shape[:-1], weight.shape[0])

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        weight, scale = ctx.saved_tensors
        made = input_gradient(grad.reshape(-1, grad.shape[-1]), weight, scale)
        return made.to(ctx.kind).reshape(*grad.shape[:-1], weight.shape[1]), None, None


class Float8Linear(nn.Linear):
    """A frozen linear layer in float8; adapters take it for any other.

    Attributes:
        quantised: `[outputs, inputs]` float8.
        scale: `[outputs, 1]` fp32.
    """

    def __init__(self, layer: nn.Linear, place: torch.device) -> None:
        """Take over a layer's weight, rounded on `place`."""
        nn.Module.__init__(self)
        self.in_features, self.out_features = layer.in_features, layer.out_features
        kept, scale = rounded(layer.weight.data.to(place))
        self.kind = layer.weight.dtype
        self.quantised = nn.Parameter(kept, requires_grad=False)
        self.scale = nn.Parameter(scale, requires_grad=False)
        bias = None if layer.bias is None else layer.bias.data.to(place)
        self.bias = None if bias is None else nn.Parameter(bias, requires_grad=False)

    @property
    def weight(self) -> torch.Tensor:
        """The weight that is computed with, in its former type; made at each look."""
        return (self.quantised.float() * self.scale).to(self.kind)

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002  (torch's name)
        """`[..., inputs]` to `[..., outputs]`, in the type that is computed in."""
        kind = computed_in(input)
        if not _Inputs.rounded:
            return functional.linear(input.to(kind), self.weight.to(kind), self.bias)
        made: torch.Tensor = _Product.apply(input.to(kind), self.quantised, self.scale)
        return made if self.bias is None else made + self.bias.to(made.dtype)


class _Inputs:
    """Whether inputs are rounded at this moment."""

    rounded = True


@contextmanager
def whole_inputs() -> Iterator[None]:
    """Meanwhile layers multiply inputs as they are.

    What is exchanged between products is compared so: their rounding makes much of little, since
    a row's largest number decides the scale of all.
    """
    _Inputs.rounded = False
    try:
        yield
    finally:
        _Inputs.rounded = True


def computed_in(given: torch.Tensor) -> torch.dtype:
    """The type that a layer multiplies in: autocast's where that is on, else the input's."""
    device = given.device.type
    if torch.is_autocast_enabled(device):
        return torch.get_autocast_dtype(device)
    return given.dtype


def into_float8(model: nn.Module, device: Device, skipped: list[str]) -> None:
    """Move the model to the device, its linear layers in float8, one layer at a time.

    Args:
        model: On the CPU.
        device: Where to.
        skipped: Last names of layers that stay as they are, such as heads.
    """
    for path, layer in list(model.named_modules()):
        name = path.rpartition(".")[2]
        if type(layer) is nn.Linear and name not in skipped and fits(layer):
            parent = model.get_submodule(path.rpartition(".")[0])
            setattr(parent, name, Float8Linear(layer, device.place))
            layer.weight = None  # gone before the next comes
    model.to(device.place)


def fits(layer: nn.Linear) -> bool:
    """Whether float8 products take a layer's sizes."""
    return layer.in_features % WHOLE == 0 and layer.out_features % WHOLE == 0


def in_full(model: nn.Module) -> nn.Module:
    """The model with plain layers again, of the weights that were computed with: to merge into."""
    for path, layer in list(model.named_modules()):
        if isinstance(layer, Float8Linear):
            plain = nn.Linear(
                layer.in_features, layer.out_features, layer.bias is not None, device="meta"
            )
            plain.weight = nn.Parameter(layer.weight, requires_grad=False)
            if layer.bias is not None:
                plain.bias = layer.bias
            parent, _, name = path.rpartition(".")
            setattr(model.get_submodule(parent), name, plain)
    return model
