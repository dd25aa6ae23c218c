"""The Triton kernel of unpacking.py; can be imported only where Triton is.

Triton reads annotations as types of its own, so there are none but its constants'.
"""

import triton
import triton.language as tl

STRAIGHT = (4, 16)
"""Rows and blocks of what one program unpacks."""
TURNED = (64, 1)
"""The same where it is turned: as many rows as make a line of memory of their own."""


@triton.jit
def unpack(  # type: ignore[no-untyped-def]
    packed,
    code,
    block_scales,
    inner_code,
    inner_scales,
    offset,
    row_scales,
    made,
    rows,
    blocks,
    BLOCK: tl.constexpr,
    INNER: tl.constexpr,
    ROWS: tl.constexpr,
    BLOCKS: tl.constexpr,
    SCALED: tl.constexpr,
    TURNED: tl.constexpr,
):
    """One tile: code of each number, times its block's scale, over its row's where `SCALED`."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    block = tl.program_id(1).to(tl.int64) * BLOCKS + tl.arange(0, BLOCKS)
    inside = (row[:, None] < rows) & (block[None, :] < blocks)
    number = row[:, None] * blocks + block[None, :]
    eighth = tl.load(block_scales + number, mask=inside, other=0).to(tl.int32)
    scale = tl.load(inner_code + eighth) * tl.load(
        inner_scales + number // INNER, mask=inside, other=0.0
    )
    scale = scale + tl.load(offset)
    half = tl.arange(0, BLOCK // 2)
    place = number[:, :, None] * (BLOCK // 2) + half[None, None, :]
    pairs = tl.load(packed + place, mask=inside[:, :, None], other=0).to(tl.int32)
    first = tl.load(code + (pairs >> 4)) * scale[:, :, None]
    second = tl.load(code + (pairs & 15)) * scale[:, :, None]
    values = tl.reshape(tl.join(first, second), (ROWS, BLOCKS * BLOCK))
    column = tl.program_id(1).to(tl.int64) * (BLOCKS * BLOCK) + tl.arange(0, BLOCKS * BLOCK)
    if SCALED:
        over = tl.load(row_scales + row, mask=row < rows, other=1.0)
        values = tl.div_rn(values, tl.broadcast_to(over[:, None], (ROWS, BLOCKS * BLOCK)))
    kept = values.to(made.dtype.element_ty)
    whole = (row[:, None] < rows) & (column[None, :] < blocks * BLOCK)
    if TURNED:
        turned = (column[:, None] < blocks * BLOCK) & (row[None, :] < rows)
        tl.store(made + column[:, None] * rows + row[None, :], tl.trans(kept), mask=turned)
    else:
        tl.store(made + row[:, None] * (blocks * BLOCK) + column[None, :], kept, mask=whole)
