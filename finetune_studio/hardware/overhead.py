"""What a run needs of a GPU beside its tensors: context, libraries, gaps between tensors."""

from finetune_studio.hardware.peak import Moment
from finetune_studio.hardware.setup import Setup

MIB = 2**20
CONTEXT = 540 * MIB
"""The CUDA context of a process with torch's kernels loaded as they are used."""
QUANTISED = 60 * MIB
"""The kernels of bitsandbytes, on top."""
WORKSPACE = 40 * MIB
"""Workspaces of cuBLAS, one for each stream: 32 MiB on Hopper, 8 on others, and its handles."""
GAPS_LASTING = 0.002
"""Share of lasting tensors lost by rounding up to whole pages of 2 MiB."""
GAPS_PASSING = 0.04
"""Share of passing tensors lost in gaps that no other tensor fits."""
PROCESS = 700 * MIB
"""A process that computes on the processor, with torch and transformers loaded."""
SMALLEST = 24 * MIB
"""What the allocator holds at least for small tensors."""


def context_bytes(setup: Setup) -> int:
    """Bytes of the CUDA context, or of the process where the processor computes."""
    if not setup.on_gpu:
        return PROCESS
    return CONTEXT + (QUANTISED if setup.bits or "8bit" in setup.optimizer else 0)


def library_bytes(setup: Setup) -> int:
    """Bytes that the libraries keep for themselves."""
    return WORKSPACE if setup.on_gpu else 0


def fragmentation_bytes(lasting: float, moment: Moment) -> float:
    """Bytes that the allocator holds and nothing uses."""
    return SMALLEST + GAPS_LASTING * lasting + GAPS_PASSING * moment.total
