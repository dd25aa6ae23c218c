"""The Triton kernel of entropy.py; can be imported only where Triton is.

Triton reads annotations as types of its own, so there are none but its constants'.
"""

import triton
import triton.language as tl

BLOCK = 8192
"""Numbers of a row that are held at once."""
WARPS = 16


@triton.jit
def cross_entropy(  # type: ignore[no-untyped-def]
    logits,
    targets,
    slopes,
    lost,
    hits,
    SIZE: tl.constexpr,
    SLOPED: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """One place: its loss, whether its likeliest token is right, the gradient of its logits."""
    row = tl.program_id(0).to(tl.int64)
    target = tl.load(targets + row)
    columns = tl.arange(0, BLOCK)
    top = float("-inf")
    total = 0.0
    best = 0
    for start in range(0, SIZE, BLOCK):
        at = start + columns
        values = tl.load(logits + row * SIZE + at, mask=at < SIZE, other=float("-inf"))
        values = values.to(tl.float32)
        highest, where = tl.max(values, 0, return_indices=True)
        raised = tl.maximum(top, highest)
        best = tl.where(highest > top, start + where, best)
        total = total * tl.exp(top - raised) + tl.sum(tl.exp(values - raised), 0)
        top = raised
    aimed = tl.load(logits + row * SIZE + target).to(tl.float32)
    tl.store(lost + row, tl.log(total) - (aimed - top))
    tl.store(hits + row, (best == target).to(tl.int32))
    if SLOPED:
        for start in range(0, SIZE, BLOCK):
            at = start + columns
            inside = at < SIZE
            values = tl.load(logits + row * SIZE + at, mask=inside, other=0.0).to(tl.float32)
            slope = tl.exp(values - top) / total - (at == target).to(tl.float32)
            tl.store(slopes + row * SIZE + at, slope.to(slopes.dtype.element_ty), mask=inside)
