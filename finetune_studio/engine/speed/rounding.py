"""Rows into float8 in one pass, by Triton kernels on GPUs; what plain operations do in many.

Rounding reads each row once where plain operations read and write it several times in 32 bits. The
plain operations in fp8.py are the reference: to the last bit, but on compute capability 8.9, whose
instruction rounds to 16 bits on the way. Nothing is here where Triton is not.
"""

from functools import cache
from typing import Any

import torch

from finetune_studio.engine.speed.triton_here import kernels_in

WIDEST = 32768
"""Numbers of a row that one program holds at once, in registers; wider rows take the plain way."""
OLDEST = (8, 9)  # the compute capability from which GPUs convert to float8
SIDE = 64
"""Rows and columns of what one program turns; 64 bytes in a line are what memory hands over."""


def kernels() -> Any:
    """The module with the kernels; None where Triton is not."""
    return kernels_in("rounding_kernels")


def serves(rows: torch.Tensor) -> bool:
    """Whether the kernels take a tensor."""
    return (
        rows.is_cuda
        and _knows_float8(rows.device)
        and 0 < rows.shape[-1] <= WIDEST
        and not torch.compiler.is_compiling()
        and kernels() is not None
    )


@cache
def _knows_float8(place: torch.device) -> bool:
    return torch.cuda.get_device_capability(place) >= OLDEST


def rounded_rows(
    rows: torch.Tensor,
    factors: torch.Tensor | None,
    kind: torch.dtype,
    largest: float,
    smallest: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows in float8 and their scales, see fp8.py.

    Args:
        rows: `[m, size]`.
        factors: What each column is multiplied by first, `size` numbers in fp32; None for nothing.
        kind: The float8.
        largest: Its largest number.
        smallest: Of a row's largest number, so that a row of zeros has a scale.
    """
    rows = rows.contiguous()
    count, size = rows.shape
    kept = torch.empty_like(rows, dtype=kind)
    scales = torch.empty(count, 1, dtype=torch.float32, device=rows.device)
    if count:
        found = kernels()
        block = found.power_above(size)
        with torch.cuda.device_of(rows):  # Triton starts on the GPU that is the current one
            found.round_rows[(count,)](
                rows, rows if factors is None else factors, kept, scales, size,
                LARGEST=largest, SMALLEST=smallest, SCALED=factors is not None, BLOCK=block,
                num_warps=min(max(block // 512, 1), 16),
            )  # fmt: skip
    return kept, scales


def turned(weight: torch.Tensor) -> torch.Tensor:
    """`[n, k]` float8 to `[k, n]` in new memory, where the kernels serve; else by PyTorch.

    Products of float8 want both sides in the order of the inner size, and the input gradient's is
    the other one: cuBLAS has no other form on compute capability 8.9 and 9.0, so it takes a copy.
    """
    if not serves(weight):
        return weight.t().contiguous()
    weight = weight.contiguous()
    count, size = weight.shape
    made = torch.empty(size, count, dtype=weight.dtype, device=weight.device)
    grid = (-(-count // SIDE), -(-size // SIDE))
    given = weight.view(torch.uint8), made.view(torch.uint8)
    with torch.cuda.device_of(weight):
        kernels().turn[grid](*given, count, size, SIDE=SIDE, num_warps=4)
    return made
