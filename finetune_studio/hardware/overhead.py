"""What a run needs of a GPU beside its tensors: context, libraries, gaps between tensors."""

from finetune_studio.hardware.peak import Moment
from finetune_studio.hardware.setup import Setup

MIB = 2**20
CONTEXT = 540 * MIB
"""The CUDA context of a process with torch's kernels loaded as they are used, before Hopper."""
CONTEXT_HOPPER = 761 * MIB
"""The same on an H200, in runs of every method; measured up to an eighth more on an H100."""
HOPPER = (9, 0)
WORKSPACE = 40 * MIB
"""Workspaces of cuBLAS, one for each stream: 32 MiB on Hopper, 8 on others, and its handles."""
GAPS_PASSING = 0.2
"""Share of passing tensors lost in gaps, where layers are computed again: their sizes change, and
what is copied on a stream of its own is free again only later."""
GAPS_KEPT = 0.01
"""The same, where they are not."""
GAPS_HEAD = (0.5, 1.2)
"""32-bit gradients of the head that lie in gaps where it is trained, without and with layers that
are computed again: large tensors that come and go, and no other fits where they were."""
PROCESS = 700 * MIB
"""A process that computes on the processor, with torch and transformers loaded."""
SMALLEST = 20 * MIB
"""What the allocator holds at least and nothing uses."""
SMALLEST_FULL = 150 * MIB
"""The same where every weight is trained."""


def context_bytes(setup: Setup) -> int:
    """Bytes of the CUDA context, or of the process where the processor computes."""
    if not setup.on_gpu:
        return PROCESS
    return CONTEXT_HOPPER if setup.capability and setup.capability >= HOPPER else CONTEXT


def library_bytes(setup: Setup) -> int:
    """Bytes that the libraries keep for themselves."""
    return WORKSPACE if setup.on_gpu else 0


def fragmentation_bytes(moment: Moment, head: float, setup: Setup) -> float:
    """Bytes that the allocator holds and nothing uses, with segments that grow in place.

    Args:
        moment: The fullest; what the optimiser borrows fills the gaps that were there before.
        head: Bytes of the head's gradient in 32 bits.
        setup: What is planned for.
    """
    if setup.full:
        return SMALLEST_FULL + (moment.name != "step") * GAPS_HEAD[setup.checkpointing] * head
    return SMALLEST + (GAPS_PASSING if setup.checkpointing else GAPS_KEPT) * moment.total
