"""Adapters' weights in the type of products, made for all of them at once as a pass begins.

Trained weights stay in 32 bits; cast one by one, in each pass and again for the gradients, they
would be hundreds of tiny kernels. The copies are made anew whenever the model begins a pass, and
not when weights are seen to have changed: some optimisers write past what PyTorch sees.
"""

from collections.abc import Sequence
from typing import Any

import torch
from peft.tuners.lora import LoraLayer
from torch import nn


class Copies:
    """Copies of all adapters' matrices, each times its adapter's scale.

    A scaled copy of each matrix spares the gradients a pass for the scale: s B and s A are in them
    already, and where both meet, the product takes 1 / s along. Weights must not change between a
    pass and its gradients.
    """

    def __init__(self, layers: Sequence[LoraLayer]) -> None:
        """Take in the adapted layers, each with one adapter."""
        self._parts: list[nn.Module] = []
        self._scales: list[float] = []
        for layer in layers:
            name = layer.active_adapters[0]
            self._parts += layer.lora_A[name], layer.lora_B[name]
            self._scales += [layer.scaling[name]] * 2
        self._joined: list[list[int]] = []
        self._stacks: list[torch.Tensor] = []
        self._kind: torch.dtype | None = None
        self._made: list[torch.Tensor] = []
        self._shown: list[torch.Tensor] = []

    def of(self, place: int, kind: torch.dtype) -> list[torch.Tensor]:
        """One adapter's matrices: s A, `[rank, inputs]`, and s B, `[outputs, rank]`.

        Args:
            place: Which of the layers.
            kind: The type that is computed in.
        """
        if kind is not self._kind:
            self._begin(kind)
        return self._shown[2 * place : 2 * place + 2]

    def join(self, places: list[int]) -> int:
        """Let the narrow matrices of some layers lie in one pile; its number."""
        self._kind = None  # copies are made anew
        self._joined.append(places)
        return len(self._joined) - 1

    def of_joined(self, number: int, kind: torch.dtype) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """All s A of a pile, `[ranks, inputs]`, and each s B; see `of`."""
        if kind is not self._kind:
            self._begin(kind)
        return self._stacks[number], [self._shown[2 * each + 1] for each in self._joined[number]]

    def renew(self, *_: Any) -> None:
        """Make them anew; a hook for what runs first in every pass of the model."""
        if self._kind is None:
            return
        weights = self._weights()
        if weights[0].device != self._made[0].device:
            self._begin(self._kind)
            return
        with torch.no_grad():
            torch._foreach_copy_(self._made, weights)
            torch._foreach_mul_(self._made, self._scales)

    def _weights(self) -> list[torch.Tensor]:
        return [part._parameters["weight"] for part in self._parts]

    def _begin(self, kind: torch.dtype) -> None:
        """New memory; graphs that hold the old keep it."""
        with torch.inference_mode(False), torch.no_grad():
            weights = self._weights()
            self._made = [torch.empty_like(each, dtype=kind) for each in weights]
            self._stacks = [self._pile(places) for places in self._joined]
        self._shown = [each.data for each in self._made]  # renewing is no change of what is kept
        self._kind = kind
        self.renew()

    def _pile(self, places: list[int]) -> torch.Tensor:
        """Put the narrow copies of some layers into one tensor, which is shown as theirs are."""
        narrow = [self._made[2 * each] for each in places]
        pile = torch.cat(narrow)
        parts = pile.split([len(each) for each in narrow])
        for each, part in zip(places, parts, strict=True):
            self._made[2 * each] = part
        return pile.data
