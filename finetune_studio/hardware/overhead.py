"""What a run needs of a GPU beside its tensors: context, libraries, gaps between tensors."""

from finetune_studio.hardware.peak import Moment
from finetune_studio.hardware.setup import Setup

MIB = 2**20
CONTEXT = 540 * MIB
"""The CUDA context of a process with torch's kernels loaded as they are used, before Hopper."""
CONTEXT_HOPPER = 761 * MIB
"""The same on an H100, measured in every one of 49 runs, quantised or not."""
HOPPER = (9, 0)
WORKSPACE = 40 * MIB
"""Workspaces of cuBLAS, one for each stream: 32 MiB on Hopper, 8 on others, and its handles."""
GAPS_LASTING = 0.002
"""Share of lasting tensors lost by rounding up to whole pages of 2 MiB."""
GAPS_PASSING = 0.22
"""Share of passing tensors lost in gaps, where layers are computed again: their sizes change, and
what is copied on a stream of its own is free again only later."""
GAPS_TILED = 0.1
"""The same, where feed-forward parts are tiled and their layers are not computed again."""
GAPS_STEP = 0.85
"""Share of the optimiser's own copies that lies in gaps: they come when much is held already."""
PROCESS = 700 * MIB
"""A process that computes on the processor, with torch and transformers loaded."""
SMALLEST = 100 * MIB
"""What the allocator holds at least and nothing uses."""


def context_bytes(setup: Setup) -> int:
    """Bytes of the CUDA context, or of the process where the processor computes."""
    if not setup.on_gpu:
        return PROCESS
    return CONTEXT_HOPPER if setup.capability and setup.capability >= HOPPER else CONTEXT


def library_bytes(setup: Setup) -> int:
    """Bytes that the libraries keep for themselves."""
    return WORKSPACE if setup.on_gpu else 0


def fragmentation_bytes(lasting: float, moment: Moment, stepping: float, setup: Setup) -> float:
    """Bytes that the allocator holds and nothing uses.

    Args:
        lasting: Bytes of tensors that are there all the time.
        moment: The fullest.
        stepping: Bytes that the optimiser's step needs for itself.
        setup: What is planned for.
    """
    again = setup.checkpointing and not setup.full and "backward" in moment.name
    tiled = setup.tiled and not setup.checkpointing and not setup.full
    passing = GAPS_PASSING * again + GAPS_TILED * tiled
    late = GAPS_STEP * stepping if moment.name == "step" or setup.checkpointing else 0.0
    return SMALLEST + GAPS_LASTING * lasting + passing * moment.total + late
