"""A 4-bit weight made ready for a product: in 16 bits, or in 8-bit floats.

bitsandbytes keeps NF4 as two codes a byte and a scale for each block, the scales themselves in 8
bits with scales of their own. Its unpacking takes a pass for each of the three; here one Triton
kernel does it. In 8-bit floats a row's scale is known beforehand: its largest block's, since each
block has a code of 1 or -1. Plain operations are the reference, and serve where Triton is not.
"""

from functools import cache
from typing import Any

import torch

from finetune_studio.engine.speed.fp8 import FLOAT8, LARGEST, SMALLEST
from finetune_studio.engine.speed.triton_here import kernels_of

BLOCK = 64
"""Numbers of a block, as bitsandbytes has them by default."""
OLDEST_FLOAT8 = (8, 9)  # the compute capability from which GPUs convert to float8


def unpacked(packed: torch.Tensor, state: Any, kind: torch.dtype) -> torch.Tensor:
    """A weight as `[outputs, inputs]` in a float type.

    Args:
        packed: As bitsandbytes keeps it.
        state: Its `QuantState`.
        kind: The type.
    """
    kernels = kernels_of("unpacking_kernels", packed)
    if kernels is None or not _is_usual(state):
        from bitsandbytes.functional import dequantize_4bit

        found: torch.Tensor = dequantize_4bit(packed, state)
        return found.to(kind)
    made = torch.empty(state.shape, dtype=kind, device=packed.device)
    _run(kernels, packed, state, made, made, turned=False)
    return made


def in_float8(
    packed: torch.Tensor, state: Any, *, turned: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """A weight in float8, and the scales of its rows, `[outputs, 1]` fp32.

    Args:
        packed: As bitsandbytes keeps it.
        state: Its `QuantState`.
        turned: `[inputs, outputs]` in place of `[outputs, inputs]`; the scales stay the outputs'.
    """
    scales = _row_scales(state)
    kernels = kernels_of("unpacking_kernels", packed)
    if kernels is None or not _is_usual(state) or not _knows_float8(packed.device):
        made = (in_fp32(packed, state) / scales).to(FLOAT8)
        return (made.t().contiguous() if turned else made), scales
    size = state.shape[::-1] if turned else state.shape
    made = torch.empty(tuple(size), dtype=FLOAT8, device=packed.device)
    _run(kernels, packed, state, made, scales, turned=turned)
    return made, scales


def in_fp32(packed: torch.Tensor, state: Any) -> torch.Tensor:
    """A weight as `[outputs, inputs]` in fp32, by plain operations."""
    pairs = packed.flatten()
    codes = torch.stack([pairs >> 4, pairs & 15], 1).flatten().int()
    values = state.code.to(packed.device)[codes].view(-1, state.blocksize)
    made: torch.Tensor = (values * block_scales(state)[:, None]).view(state.shape)
    return made


def block_scales(state: Any) -> torch.Tensor:
    """The scale of each block, `[blocks]` fp32."""
    if not state.nested:
        found: torch.Tensor = state.absmax.float()
        return found
    inner = state.state2
    values = inner.code.to(state.absmax.device)[state.absmax.int()]
    each = inner.absmax.repeat_interleave(inner.blocksize)[: len(values)]
    made: torch.Tensor = values * each + state.offset
    return made


def _row_scales(state: Any) -> torch.Tensor:
    """What a row is divided by to fit into float8, `[outputs, 1]`; made once and kept."""
    kept: torch.Tensor | None = getattr(state, "row_scales", None)
    if kept is None:
        with torch.inference_mode(False), torch.no_grad():
            largest = block_scales(state).abs().view(state.shape[0], -1).amax(1, keepdim=True)
            kept = largest.clamp(min=SMALLEST) / LARGEST
        state.row_scales = kept
    return kept


def takes_rows(state: Any) -> bool:
    """Whether each row holds whole blocks, so that it has a scale of its own."""
    rows = len(state.shape) == 2 and state.shape[1] % state.blocksize == 0
    return rows and state.quant_type == "nf4"


def _is_usual(state: Any) -> bool:
    """Whether the kernel knows how the weight is packed."""
    return bool(
        state.nested
        and takes_rows(state)
        and state.blocksize == BLOCK
        and state.state2.absmax.dtype == torch.float32
        and state.offset.device == state.absmax.device
    )


@cache
def _knows_float8(place: torch.device) -> bool:
    return torch.cuda.get_device_capability(place) >= OLDEST_FLOAT8


def _run(
    kernels: Any,
    packed: torch.Tensor,
    state: Any,
    made: torch.Tensor,
    scales: torch.Tensor,
    *,
    turned: bool,
) -> None:
    outputs, inputs = state.shape
    inner = state.state2
    tile = kernels.TURNED if turned else kernels.STRAIGHT
    grid = (-(-outputs // tile[0]), -(-(inputs // BLOCK) // tile[1]))
    with torch.cuda.device_of(packed):  # Triton starts on the GPU that is the current one
        kernels.unpack[grid](
            packed, state.code, state.absmax, inner.code, inner.absmax, state.offset, scales, made,
            outputs, inputs // BLOCK,
            BLOCK=BLOCK, INNER=inner.blocksize, ROWS=tile[0], BLOCKS=tile[1],
            SCALED=scales is not made, TURNED=turned, num_warps=4,
        )  # fmt: skip
