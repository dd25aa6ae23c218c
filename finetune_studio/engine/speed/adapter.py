"""An adapter's two small products, folded into the product of the layer that they stand beside.

y = x Wᵀ + s (x Aᵀ) Bᵀ costs little arithmetic, but as separate operations it reads and writes wide
tensors six times and casts each input to the adapter's type and back. Here the sum is made by the
second product itself, forward and backward, and inputs stay in the type that is computed in. The
trained weights stay in 32 bits and get their gradients in them; products read copies. What it does
not serve, such as DoRA or dropout, stays peft's.
"""

import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from peft.tuners.lora import LoraLayer
from torch import nn

from finetune_studio.engine.speed.again import Again, unread
from finetune_studio.engine.speed.choice import Choice, choose
from finetune_studio.engine.speed.copies import Copies
from finetune_studio.engine.speed.fp8 import (
    Float8Linear,
    computed_in,
    input_gradient,
    product,
    rounded,
    turned_gradient,
)
from finetune_studio.engine.speed.unpacking import in_float8, unpacked
from finetune_studio.recipe.methods import Full, Qlora
from finetune_studio.recipe.schema import Recipe


def fuse_adapters(recipe: Recipe, model: nn.Module) -> Choice:
    """Let the model's adapted layers compute in one; whether any does, and why not.

    Args:
        recipe: What the person decided.
        model: With its adapter.
    """
    asked = recipe.training.speed.fused_adapters
    obstacle = "" if asked == "off" else _obstacle(recipe)
    choice = choose(asked, obstacle)
    if not choice:
        return choice
    layers = [each for each in model.modules() if isinstance(each, LoraLayer)]
    served = [each for each in layers if _serves(each)]
    if not served:
        return Choice(False, "no adapted layer is of a kind that it serves")
    copies = Copies(served)
    for place, layer in enumerate(served):
        layer.folded = _folded(layer, copies, place)
        layer.unread = layer.spends = False
        layer.forward = types.MethodType(forward, layer)
    model.get_input_embeddings().register_forward_pre_hook(copies.renew)
    return Choice(True, f"{len(served)} of {len(layers)} adapted layers")


def _obstacle(recipe: Recipe) -> str:
    method = recipe.method
    if isinstance(method, Full):
        return "full fine-tuning has no adapter"
    if method.dora:
        return "DoRA scales the layer's own product"
    if method.dropout:
        return "dropout changes the adapter's inputs alone"
    if isinstance(method, Qlora) and method.bits == 8:
        return "8-bit layers keep their inputs themselves"
    return ""


def _serves(layer: LoraLayer) -> bool:
    name = layer.active_adapters[0]
    parts = layer.lora_A, layer.lora_B
    return (
        _kind_of(layer.get_base_layer()) != ""
        and list(layer.lora_A) == [name]
        and all(type(part[name]) is nn.Linear and part[name].bias is None for part in parts)
        and isinstance(layer.lora_dropout[name], nn.Identity)
        and layer.scaling[name] != 0
        and not layer.lora_variant
        and not getattr(layer, "fan_in_fan_out", False)
    )


def _kind_of(layer: nn.Module) -> str:
    """Which of `FORWARD` computes a layer; empty for a kind that is not served."""
    if isinstance(layer, Float8Linear):
        return "float8"
    if type(layer) is nn.Linear:
        return "plain"
    return "nf4" if type(layer).__name__ == "Linear4bit" else ""


@dataclass(frozen=True)
class Folded:
    """What an adapted layer looks up once: its matrices, their copies, and the kind of its own."""

    narrow: nn.Module
    wide: nn.Module
    scale: float
    how: str
    copies: Copies
    place: int

    def operands(self, kind: torch.dtype) -> Any:
        """Matrices c A and c B in a type, and s / c: what of the scale they do not carry."""
        narrow, wide = self.narrow.weight, self.wide.weight
        if narrow.dtype is kind or torch.compiler.is_compiling():  # compiled casts cost nothing
            return narrow.detach().to(kind), wide.detach().to(kind), self.scale
        return *self.copies.of(self.place, kind), 1.0


def _folded(layer: LoraLayer, copies: Copies, place: int) -> Folded:
    name, how = layer.active_adapters[0], _kind_of(layer.get_base_layer())
    parts = layer.lora_A[name], layer.lora_B[name]
    return Folded(*parts, layer.scaling[name], how, copies, place)


def forward(self: Any, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    """What an adapted layer does instead of peft's forward pass."""
    if self.disable_adapters or self.merged or args or kwargs:
        return type(self).forward(self, x, *args, **kwargs)
    folded, layer, kind = self.folded, self.get_base_layer(), computed_in(x)
    how = folded.how
    weights = (layer.quantised, layer.scale) if how == "float8" else (layer.weight,)
    made: torch.Tensor = _Adapted.apply(
        x.to(kind),
        folded.narrow.weight,
        folded.wide.weight,
        *folded.operands(kind),
        folded.scale,
        how,
        self.unread and Again.now,
        self.spends and how in IN_WHOLE,
        state_of(layer),
        *weights,
    )
    return made if layer.bias is None else made + layer.bias.to(kind)


class _Adapted(torch.autograd.Function):
    """x Wᵀ + s (x Aᵀ) Bᵀ, and its gradients for x, A and B; W is frozen."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: torch.Tensor,
        trained_narrow: torch.Tensor,
        trained_wide: torch.Tensor,
        narrow: torch.Tensor,
        wide: torch.Tensor,
        rest: float,
        scale: float,
        how: str,
        skipped: bool,
        spends: bool,
        state: Any,
        *weights: torch.Tensor,
    ) -> torch.Tensor:
        """Compute the layer.

        Args:
            ctx: autograd's.
            inputs: `[..., inputs]`, of one type with the copies.
            trained_narrow: A, `[rank, inputs]`, which gets the gradient.
            trained_wide: B, `[outputs, rank]`, which gets the gradient.
            narrow: c A, which is computed with.
            wide: c B, which is computed with.
            rest: s / c.
            scale: s.
            how: A key of `FORWARD`.
            skipped: Whether nobody reads the answer, only its gradients are wanted.
            spends: Whether nobody reads the inputs after this, so that their gradient may be
                written in their place.
            state: How a 4-bit weight is packed.
            weights: W as the layer holds it.
        """
        rows = inputs.reshape(-1, inputs.shape[-1])
        inner = rows @ narrow.t()
        ctx.save_for_backward(rows, inner, narrow, wide, *weights)
        ctx.alpha, ctx.rest, ctx.kind = rest * rest / scale, rest, trained_narrow.dtype
        ctx.how, ctx.state, ctx.spends = how, state, spends
        if skipped:
            made = unread(rows, wide.shape[0])
        else:
            made = FORWARD[how](rows, state, *weights).addmm_(inner, wide.t(), alpha=ctx.alpha)
        return made.view(*inputs.shape[:-1], wide.shape[0])

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> Any:
        """The gradients of inputs, A and B."""
        rows, inner, narrow, wide, *weights = ctx.saved_tensors
        slopes = grad.reshape(-1, grad.shape[-1])
        inward = slopes @ wide
        of_narrow = gradient(inward.t(), rows, ctx.kind, ctx.rest)
        of_wide = gradient(slopes.t(), inner, ctx.kind, ctx.rest)
        of_inputs = None
        if ctx.needs_input_grad[0]:
            if ctx.spends:
                matrix = whole(ctx.how, weights[0], ctx.state, slopes.dtype)
                of_inputs = torch.mm(slopes, matrix, out=rows)
            else:
                of_inputs = BACKWARD[ctx.how](slopes, ctx.state, *weights)
            of_inputs = of_inputs.addmm_(inward, narrow, alpha=ctx.alpha)
            of_inputs = of_inputs.view(*grad.shape[:-1], narrow.shape[1])
        return of_inputs, of_narrow, of_wide, *[None] * (8 + len(weights))


def gradient(
    left: torch.Tensor, right: torch.Tensor, kind: torch.dtype, scale: float
) -> torch.Tensor:
    """`scale * left @ right` in the type of a trained weight: a GPU sums it in 32 bits anyway."""
    wider = kind is torch.float32 and left.dtype is not kind
    if wider and left.is_cuda and not torch.compiler.is_compiling():
        made: torch.Tensor = torch.mm(left, right, out_dtype=kind)
    else:
        made = (left @ right).to(kind)
    return made if scale == 1 else made.mul_(scale)


def state_of(layer: nn.Module) -> Any:
    """How a 4-bit layer's weight is packed; None for any other."""
    return getattr(layer._parameters.get("weight"), "quant_state", None)


def whole(how: str, weight: torch.Tensor, state: Any, kind: torch.dtype) -> torch.Tensor:
    """A weight of 16 bits or more, or of 4, as `[outputs, inputs]` to multiply with.

    Of 4 bits it is made at each product, and never kept.
    """
    return unpacked(weight, state, kind) if how == "nf4" else weight.to(kind)


def _eighth_gradient(slopes: torch.Tensor, state: Any, packed: torch.Tensor) -> torch.Tensor:
    return turned_gradient(slopes, *in_float8(packed, state, turned=True)).to(slopes.dtype)


IN_WHOLE = ("plain", "nf4")
"""The kinds whose products are of 16 bits or more."""


FORWARD: dict[str, Callable[..., torch.Tensor]] = {
    "plain": lambda rows, state, weight: rows @ whole("plain", weight, state, rows.dtype).t(),
    "nf4": lambda rows, state, weight: rows @ whole("nf4", weight, state, rows.dtype).t(),
    "float8": lambda rows, _, *weight: product(*rounded(rows), *weight).to(rows.dtype),
    "nf4-float8": lambda rows, state, packed: product(
        *rounded(rows), *in_float8(packed, state, turned=False)
    ).to(rows.dtype),
}
"""`[m, inputs]`, the state and the weights to `[m, outputs]`, in new memory."""
BACKWARD: dict[str, Callable[..., torch.Tensor]] = {
    "plain": lambda slopes, state, weight: slopes @ whole("plain", weight, state, slopes.dtype),
    "nf4": lambda slopes, state, weight: slopes @ whole("nf4", weight, state, slopes.dtype),
    "float8": lambda slopes, _, *weight: input_gradient(slopes, *weight).to(slopes.dtype),
    "nf4-float8": _eighth_gradient,
}
"""`[m, outputs]`, the state and the weights to `[m, inputs]`, in new memory."""
