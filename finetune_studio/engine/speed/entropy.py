"""Cross-entropy of a chunk of logits with its gradient; on a GPU by one Triton kernel.

The kernel reads the logits twice and writes the gradient once, where plain operations read and
write copies in 32 bits several times. The plain operations are the reference.
"""

import torch

from finetune_studio.engine.speed.triton_here import kernels_of

Found = tuple[torch.Tensor | None, torch.Tensor, torch.Tensor]


def cross_entropy(logits: torch.Tensor, targets: torch.Tensor, sloped: bool) -> Found:
    """Summed cross-entropy of a chunk, its gradient for the logits, and the right guesses.

    Args:
        logits: `[places, vocabulary]`; without a graph.
        targets: `[places]`, token ids.
        sloped: Whether the gradient is wanted.

    Returns:
        The gradient in the logits' type and shape, or None; the loss, a scalar in fp32; how many
        guesses are right, a scalar.
    """
    kernels = kernels_of("entropy_kernels", logits)
    if kernels is None:
        return plain(logits, targets, sloped)
    logits = logits.contiguous()
    count, size = logits.shape
    slopes = torch.empty_like(logits) if sloped else logits
    lost = torch.empty(count, dtype=torch.float32, device=logits.device)
    hits = torch.empty(count, dtype=torch.int32, device=logits.device)
    if count:
        with torch.cuda.device_of(logits):  # Triton starts on the GPU that is the current one
            kernels.cross_entropy[(count,)](
                logits, targets, slopes, lost, hits,
                SIZE=size, SLOPED=sloped, BLOCK=kernels.BLOCK, num_warps=kernels.WARPS,
            )  # fmt: skip
    return slopes if sloped else None, lost.sum(), hits.sum()


def plain(logits: torch.Tensor, targets: torch.Tensor, sloped: bool) -> Found:
    """The same by PyTorch's own operations."""
    values = logits.float()
    places = torch.arange(len(targets), device=targets.device)
    top, guesses = values.max(-1)
    hits = (guesses == targets).sum()
    aimed = values.sub_(top[:, None])[places, targets]
    whole = values.exp_().sum(-1)  # in place: one fp32 copy of the logits is enough
    lost = (whole.log() - aimed).sum()
    if not sloped:
        return None, lost, hits
    values.div_(whole[:, None])
    values[places, targets] -= 1
    return values.to(logits.dtype), lost, hits
