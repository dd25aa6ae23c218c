"""Whether Triton's kernels can run here, and the modules that hold them."""

import importlib
import importlib.util
from functools import cache
from typing import Any

import torch


@cache
def kernels_in(module: str) -> Any:
    """A module of kernels beside this one; None where Triton is not, or cannot read its source."""
    if importlib.util.find_spec("triton") is None:
        return None
    try:
        return importlib.import_module(f"{__package__}.{module}")
    except (ImportError, OSError):  # a frozen app has no source that Triton could compile
        return None


def kernels_of(module: str, given: torch.Tensor) -> Any:
    """The same for a tensor: None where it is on no GPU, or a compiler is looking."""
    if not given.is_cuda or torch.compiler.is_compiling():
        return None
    return kernels_in(module)
