"""Adapted layers that read one input, such as those of queries, keys and values, computed at once.

Apart, each reads the input for its adapter's narrow side, rounds it anew where the base is in 8-bit
floats, and hands back a gradient of it that is added to the others' in passes of their own. Here
the narrow sides are one product, the input is rounded once, and the gradients are summed inside
products. Which layers read one input is not told by their names: they are watched while the model
computes a few tokens.
"""

import types
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from finetune_studio.engine.device import Device
from finetune_studio.engine.speed import adapter
from finetune_studio.engine.speed.choice import Choice, choose
from finetune_studio.engine.speed.fp8 import computed_in, product, rounded
from finetune_studio.engine.speed.trial import few_tokens
from finetune_studio.engine.speed.unpacking import in_float8
from finetune_studio.recipe.schema import Recipe


def join_layers(recipe: Recipe, model: nn.Module, device: Device, *, compiled: bool) -> Choice:
    """Let layers that read one input compute together; whether any do, and why not.

    Args:
        recipe: What the person decided.
        model: With its adapter, which is in one product with its layers where it can be.
        device: Where it is.
        compiled: Whether its layers are to be compiled.
    """
    layers = [each for each in model.modules() if "folded" in vars(each)]
    obstacle = "" if layers else "no adapter is in one product with its layer"
    if compiled:
        obstacle = "the layers are compiled"
    choice = choose(recipe.training.speed.joined_layers, obstacle)
    if not choice:
        return choice
    groups = _groups(model, layers, device)
    for layers in groups:
        _join(layers)
    if not groups:
        return Choice(False, "no two layers read one input")
    return Choice(True, f"{sum(map(len, groups))} layers in {len(groups)} groups")


def _groups(model: nn.Module, layers: Sequence[nn.Module], device: Device) -> list[list[nn.Module]]:
    """Layers that were given one tensor, one right after the other, and each once."""
    given: list[tuple[nn.Module, torch.Tensor]] = []
    hooks = [
        each.register_forward_pre_hook(lambda layer, args: given.append((layer, args[0])))
        for each in layers
    ]
    was_training = model.training
    try:
        with torch.no_grad():
            few_tokens(model.eval(), device)
    finally:
        model.train(was_training)
        for hook in hooks:
            hook.remove()
    found: list[list[nn.Module]] = []
    before: torch.Tensor | None = None
    for layer, tensor in given:
        if tensor is before and _alike(found[-1][0], layer):
            found[-1].append(layer)
        else:
            found.append([layer])
        before = tensor
    calls = [layer for layer, _ in given]
    once = {layer for layer in calls if calls.count(layer) == 1}
    return [group for group in found if len(group) > 1 and once.issuperset(group)]


def _alike(one: Any, other: Any) -> bool:
    """Whether two layers' adapters can share products."""
    return (one.folded.how, one.folded.scale) == (other.folded.how, other.folded.scale)


def _join(layers: list[Any]) -> None:
    folded = [each.folded for each in layers]
    pile = folded[0].copies.join([each.place for each in folded])
    group = _Group(layers, pile)
    for number, layer in enumerate(layers):
        layer.joined = group, number
        layer.forward = types.MethodType(_forward, layer)


def _forward(self: Any, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    """What a joined layer does: the first computes for all, the others find theirs done."""
    group, number = self.joined
    if self.disable_adapters or self.merged or args or kwargs:
        made: torch.Tensor = type(self).forward(self, x, *args, **kwargs)
        return made
    if number == 0:
        return group.compute(x)
    done: torch.Tensor | None = group.take(number, x)
    return adapter.forward(self, x) if done is None else done


@dataclass
class _Group:
    """Layers that read one input, in the order of their turns.

    Attributes:
        layers: The adapted layers.
        pile: The number of their narrow matrices among the copies.
    """

    layers: list[Any]
    pile: int
    _given: torch.Tensor | None = None
    _done: dict[int, torch.Tensor] = field(default_factory=dict)

    def compute(self, x: torch.Tensor) -> torch.Tensor:
        """What the first makes of an input; the others' waits for their turn."""
        kind, bases = computed_in(x), [each.get_base_layer() for each in self.layers]
        folded = [each.folded for each in self.layers]
        how, weights = folded[0].how, [_weights(each) for each in bases]
        pile, wide, rest = self._operands(kind)
        states = [adapter.state_of(each) for each in bases]
        about = _About(how, rest, folded[0].scale, [len(each.narrow.weight) for each in folded])
        made = _Together.apply(
            x.to(kind),
            about,
            states,
            pile,
            *wide,
            *(each.narrow.weight for each in folded),
            *(each.wide.weight for each in folded),
            *(part for parts in weights for part in parts),
        )
        biased = [
            one if base.bias is None else one + base.bias.to(kind)
            for one, base in zip(made, bases, strict=True)
        ]
        self._given, self._done = x, dict(enumerate(biased[1:], start=1))
        return biased[0]

    def take(self, number: int, x: torch.Tensor) -> torch.Tensor | None:
        """What was made for a layer; None where its input is another than the first one's."""
        if x is not self._given:
            return None
        done = self._done.pop(number, None)
        if not self._done:
            self._given = None
        return done

    def _operands(self, kind: torch.dtype) -> tuple[torch.Tensor, list[torch.Tensor], float]:
        """All c A in one, each c B, and s / c, in a type; see `adapter.Folded`."""
        folded = [each.folded for each in self.layers]
        if folded[0].narrow.weight.dtype is kind:
            narrow = torch.cat([each.narrow.weight.detach() for each in folded])
            return narrow, [each.wide.weight.detach() for each in folded], folded[0].scale
        return *folded[0].copies.of_joined(self.pile, kind), 1.0


def _weights(layer: Any) -> tuple[torch.Tensor, ...]:
    return (layer.quantised, layer.scale) if hasattr(layer, "quantised") else (layer.weight,)


@dataclass(frozen=True)
class _About:
    """How a group computes: the kind of its layers, s / c, s, and the adapters' ranks."""

    how: str
    rest: float
    scale: float
    ranks: list[int]

    @property
    def alpha(self) -> float:
        """What the product of the copies still needs."""
        return self.rest * self.rest / self.scale


class _Together(torch.autograd.Function):
    """x Wᵀ + s (x Aᵀ) Bᵀ of several layers, and their gradients for x and each A and B."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: torch.Tensor,
        about: _About,
        states: list[Any],
        pile: torch.Tensor,
        *tensors: torch.Tensor,
    ) -> tuple[torch.Tensor, ...]:
        """Compute the layers.

        Args:
            ctx: autograd's.
            inputs: `[..., inputs]`, of one type with the copies.
            about: How.
            states: How each 4-bit weight is packed.
            pile: All c A, `[ranks, inputs]`.
            tensors: Each c B; each A and each B, which get the gradients; the layers' weights.
        """
        count = len(about.ranks)
        wide, narrow, weights = tensors[:count], tensors[count], tensors[3 * count :]
        rows = inputs.reshape(-1, inputs.shape[-1])
        inner = rows @ pile.t()
        ctx.save_for_backward(rows, inner, pile, *wide, *weights)
        ctx.about, ctx.states, ctx.kind, ctx.shape = about, states, narrow.dtype, inputs.shape
        ctx.set_materialize_grads(False)
        made = [
            each.addmm_(part, matrix.t(), alpha=about.alpha)
            for each, part, matrix in zip(
                _products(about.how, rows, states, _each(weights, count)),
                inner.split(about.ranks, 1),
                wide,
                strict=True,
            )
        ]
        return tuple(each.view(*inputs.shape[:-1], each.shape[-1]) for each in made)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor | None) -> Any:
        """The gradients of inputs, each A and each B; none of what nobody read."""
        about, count = ctx.about, len(grads)
        rows, inner, pile, *others = ctx.saved_tensors
        wide, weights = others[:count], _each(others[count:], count)
        slopes = [None if each is None else each.reshape(len(rows), -1) for each in grads]
        inward = inner.new_empty(inner.shape)
        of_wide: list[torch.Tensor | None] = []
        parts = inward.split(about.ranks, 1), inner.split(about.ranks, 1)
        for slope, matrix, part, came in zip(slopes, wide, *parts, strict=True):
            if slope is None:
                part.zero_()
                of_wide.append(None)
            else:
                torch.mm(slope, matrix, out=part)
                of_wide.append(adapter.gradient(slope.t(), came, ctx.kind, about.rest))
        of_narrow = adapter.gradient(inward.t(), rows, ctx.kind, about.rest).split(about.ranks)
        of_inputs = None
        if ctx.needs_input_grad[0]:
            summed = _summed(about.how, slopes, ctx.states, weights)
            if summed is not None:
                of_inputs = summed.addmm_(inward, pile, alpha=about.alpha).view(ctx.shape)
        rest = 3 + count, count * len(weights[0])
        return of_inputs, *[None] * rest[0], *of_narrow, *of_wide, *[None] * rest[1]


def _each(weights: Sequence[torch.Tensor], count: int) -> list[Sequence[torch.Tensor]]:
    """The weights of each of `count` layers, which have as many of them each."""
    size = len(weights) // count
    return [weights[start : start + size] for start in range(0, len(weights), size)]


def _products(
    how: str, rows: torch.Tensor, states: list[Any], weights: list[Sequence[torch.Tensor]]
) -> list[torch.Tensor]:
    """`[m, outputs]` of each layer, in new memory."""
    if how not in adapter.IN_WHOLE:
        eighth = rounded(rows)
        if how == "nf4-float8":
            pairs = zip(weights, states, strict=True)
            weights = [in_float8(each, state, turned=False) for (each,), state in pairs]
        return [product(*eighth, *each).to(rows.dtype) for each in weights]
    pairs = zip(states, weights, strict=True)
    return [adapter.FORWARD[how](rows, state, *each) for state, each in pairs]


def _summed(
    how: str,
    slopes: list[torch.Tensor | None],
    states: list[Any],
    weights: list[Sequence[torch.Tensor]],
) -> torch.Tensor | None:
    """The layers' gradients of their input, `[m, inputs]`, summed; None where none has any."""
    made: torch.Tensor | None = None
    for slope, state, each in zip(slopes, states, weights, strict=True):
        if slope is None:
            continue
        if made is None:
            made = adapter.BACKWARD[how](slope, state, *each)
        elif how not in adapter.IN_WHOLE:
            made.add_(adapter.BACKWARD[how](slope, state, *each))
        else:
            made.addmm_(slope, adapter.whole(how, each[0], state, slope.dtype))
    return made
