"""An adapter's two small products, folded into the product of the layer that they stand beside.

y = x Wᵀ + s (x Aᵀ) Bᵀ costs little arithmetic, but as separate operations it reads and writes wide
tensors six times and casts each input to the adapter's type and back. Here the sum is made by the
second product itself, forward and backward, and inputs stay in the type that is computed in. The
trained weights stay in 32 bits. What it does not serve, such as DoRA or dropout, stays peft's.
"""

import types
from collections.abc import Callable
from typing import Any

import torch
from peft.tuners.lora import LoraLayer
from torch import nn

from finetune_studio.engine.speed.again import Again, unread
from finetune_studio.engine.speed.choice import Choice, choose
from finetune_studio.engine.speed.fp8 import (
    Float8Linear,
    computed_in,
    input_gradient,
    product,
    rounded,
)
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
    for layer in served:
        layer.forward = types.MethodType(_forward, layer)
        layer.unread = False
    if not served:
        return Choice(False, "no adapted layer is of a kind that it serves")
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
        and not layer.lora_variant
        and not getattr(layer, "fan_in_fan_out", False)
    )


def _kind_of(layer: nn.Module) -> str:
    """Which of `_FORWARD` computes a layer; empty for a kind that is not served."""
    if isinstance(layer, Float8Linear):
        return "float8"
    if type(layer) is nn.Linear:
        return "plain"
    return "nf4" if type(layer).__name__ == "Linear4bit" else ""


def _forward(self: Any, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    """What an adapted layer does instead of peft's forward pass."""
    if self.disable_adapters or self.merged or args or kwargs:
        return type(self).forward(self, x, *args, **kwargs)
    name, layer, kind = self.active_adapters[0], self.get_base_layer(), computed_in(x)
    how = _kind_of(layer)
    weights = (layer.quantised, layer.scale) if how == "float8" else (layer.weight,)
    made: torch.Tensor = _Adapted.apply(
        x.to(kind),
        self.lora_A[name].weight.to(kind),
        self.lora_B[name].weight.to(kind),
        self.scaling[name],
        how,
        self.unread and Again.now,
        layer.weight.quant_state if how == "nf4" else None,
        *weights,
    )
    return made if layer.bias is None else made + layer.bias.to(kind)


class _Adapted(torch.autograd.Function):
    """x Wᵀ + s (x Aᵀ) Bᵀ, and its gradients for x, A and B; W is frozen."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: torch.Tensor,
        narrow: torch.Tensor,
        wide: torch.Tensor,
        scale: float,
        how: str,
        skipped: bool,
        state: Any,
        *weights: torch.Tensor,
    ) -> torch.Tensor:
        """Compute the layer.

        Args:
            ctx: autograd's.
            inputs: `[..., inputs]`, of one type with A and B.
            narrow: A, `[rank, inputs]`.
            wide: B, `[outputs, rank]`.
            scale: s.
            how: A key of `_FORWARD`.
            skipped: Whether nobody reads the answer, only its gradients are wanted.
            state: How a 4-bit weight is packed.
            weights: W as the layer holds it.
        """
        rows = inputs.reshape(-1, inputs.shape[-1])
        inner = rows @ narrow.t()
        ctx.save_for_backward(rows, inner, narrow, wide, *weights)
        ctx.scale, ctx.how, ctx.state = scale, how, state
        if skipped:
            made = unread(rows, wide.shape[0])
        else:
            made = _FORWARD[how](rows, state, *weights).addmm_(inner, wide.t(), alpha=scale)
        return made.view(*inputs.shape[:-1], wide.shape[0])

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> Any:
        """The gradients of inputs, A and B."""
        rows, inner, narrow, wide, *weights = ctx.saved_tensors
        slopes = grad.reshape(-1, grad.shape[-1])
        inward = (slopes @ wide).mul_(ctx.scale)
        of_wide = (slopes.t() @ inner).mul_(ctx.scale)
        of_inputs = None
        if ctx.needs_input_grad[0]:
            of_inputs = _BACKWARD[ctx.how](slopes, ctx.state, *weights).addmm_(inward, narrow)
            of_inputs = of_inputs.view(*grad.shape[:-1], narrow.shape[1])
        rest = [None] * (4 + len(weights))
        return of_inputs, inward.t() @ rows, of_wide, *rest


def _unpacked(packed: torch.Tensor, state: Any, kind: torch.dtype) -> torch.Tensor:
    """A 4-bit weight, `[outputs, inputs]`; made at each product, and never kept."""
    from bitsandbytes.functional import dequantize_4bit

    whole: torch.Tensor = dequantize_4bit(packed, state)
    return whole.to(kind)


_FORWARD: dict[str, Callable[..., torch.Tensor]] = {
    "plain": lambda rows, _, weight: rows @ weight.to(rows.dtype).t(),
    "nf4": lambda rows, state, weight: rows @ _unpacked(weight, state, rows.dtype).t(),
    "float8": lambda rows, _, *weight: product(*rounded(rows), *weight).to(rows.dtype),
}
"""`[m, inputs]`, the state and the weights to `[m, outputs]`, in new memory."""
_BACKWARD: dict[str, Callable[..., torch.Tensor]] = {
    "plain": lambda slopes, _, weight: slopes @ weight.to(slopes.dtype),
    "nf4": lambda slopes, state, weight: slopes @ _unpacked(weight, state, slopes.dtype),
    "float8": lambda slopes, _, *weight: input_gradient(slopes, *weight).to(slopes.dtype),
}
"""`[m, outputs]`, the state and the weights to `[m, inputs]`, in new memory."""
