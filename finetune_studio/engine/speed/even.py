"""Attention over rows that all have one length: cuDNN's kernel, on Hopper GPUs and newer.

Such rows need no edges: they are a batch of their own. cuDNN's kernel is made for those GPUs, where
PyTorch's variable-length one is not (one H100, forward and backward, 4 rows of 2,048 in bf16:
1.21 ms and 2.06). It makes a plan for each shape, which takes a moment, so it serves the one
length that a run's full rows have.
"""

from functools import cache

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention

OLDEST = (9, 0)  # the compute capability of Hopper
SHORTEST = 512
"""Tokens of a row from which it was faster at every head size that was tried."""
TRIED = 64  # tokens of the rows that it is tried on
CLOSE = 0.02  # how far it may be from attention in fp32, as a share of its size


def serves(query: torch.Tensor, key: torch.Tensor, longest: int) -> bool:
    """Whether the kernel takes rows of this length and these heads.

    Args:
        query: `[lines, heads, tokens, size]`.
        key: The same with as many heads or fewer.
        longest: Tokens of each row.
    """
    if longest < SHORTEST or not query.is_cuda or query.dtype == torch.float32:
        return False
    return _agrees(query.dtype, query.device, (query.shape[1], key.shape[1]), query.shape[-1])


def attend(
    given: tuple[torch.Tensor, ...], length: int, scaling: float | None, backend: SDPBackend
) -> torch.Tensor:
    """Causal attention of each row to itself.

    Args:
        given: Query, key and value, `[lines, heads, tokens, size]`, as in attention.py.
        length: Tokens of each row; lines hold whole rows.
        scaling: Of the products; None takes 1 / √size.
        backend: Whose kernel.

    Returns:
        `[lines, tokens, heads, size]`.
    """
    lines, _, tokens, _ = given[0].shape
    rows = [
        each.transpose(1, 2).reshape(-1, length, each.shape[1], each.shape[3]).transpose(1, 2)
        for each in given
    ]
    query, key, value = rows
    with sdpa_kernel(backend):
        out = scaled_dot_product_attention(
            query, key, value, is_causal=True, scale=scaling, enable_gqa=True
        )
    return out.transpose(1, 2).reshape(lines, tokens, *out.shape[1::2])


@cache
def _agrees(kind: torch.dtype, place: torch.device, heads: tuple[int, int], size: int) -> bool:
    """Whether cuDNN computes such heads, forward and backward, as plain attention in fp32 does."""
    if torch.cuda.get_device_capability(place) < OLDEST:
        return False
    drawn = torch.Generator(place).manual_seed(0)
    given = tuple(
        torch.randn(1, count, 2 * TRIED, size, generator=drawn, device=place).to(kind)
        for count in (heads[0], heads[1], heads[1])
    )

    @torch.enable_grad()
    def attended(kind: torch.dtype, backend: SDPBackend) -> list[torch.Tensor]:
        taken = tuple(each.to(kind).requires_grad_() for each in given)
        out = attend(taken, TRIED, None, backend)
        slopes = torch.autograd.grad(out.float().sin().sum(), taken)
        return [out.detach().float(), *(each.float() for each in slopes)]

    try:
        with torch.autocast(place.type, enabled=False):
            found = attended(kind, SDPBackend.CUDNN_ATTENTION)
            expected = attended(torch.float32, SDPBackend.MATH)
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        return False
    return all(
        bool((one - other).norm() <= CLOSE * other.norm())
        for one, other in zip(found, expected, strict=True)
    )
