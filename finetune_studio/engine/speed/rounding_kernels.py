"""The Triton kernels of rounding.py; can be imported only where Triton is.

Triton reads annotations as types of its own, so there are none but its constants'.
"""

import triton
import triton.language as tl

power_above = triton.next_power_of_2


@triton.jit
def round_rows(  # type: ignore[no-untyped-def]
    rows,
    factors,
    kept,
    scales,
    size,
    LARGEST: tl.constexpr,
    SMALLEST: tl.constexpr,
    SCALED: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """One row, `size` numbers, times the factors of its columns: into float8, and its scale."""
    row = tl.program_id(0).to(tl.int64)
    columns = tl.arange(0, BLOCK)
    inside = columns < size
    values = tl.load(rows + row * size + columns, mask=inside, other=0.0).to(tl.float32)
    if SCALED:
        values = values * tl.load(factors + columns, mask=inside, other=0.0)
    scale = tl.div_rn(tl.maximum(tl.max(tl.abs(values), 0), SMALLEST), LARGEST)
    tl.store(scales + row, scale)
    tl.store(kept + row * size + columns, tl.div_rn(values, scale).to(tl.float8e4nv), mask=inside)


@triton.jit
def turn(source, target, count, size, SIDE: tl.constexpr):  # type: ignore[no-untyped-def]
    """One tile of bytes `[count, size]`, to its place in `[size, count]`."""
    rows = tl.program_id(0).to(tl.int64) * SIDE + tl.arange(0, SIDE)
    columns = tl.program_id(1).to(tl.int64) * SIDE + tl.arange(0, SIDE)
    inside = (rows[:, None] < count) & (columns[None, :] < size)
    tile = tl.load(source + rows[:, None] * size + columns[None, :], mask=inside, other=0)
    outside = (columns[:, None] < size) & (rows[None, :] < count)
    tl.store(target + columns[:, None] * count + rows[None, :], tl.trans(tile), mask=outside)
