"""Bytes that stay for the whole run: weights, adapter, gradients, optimiser states."""

from finetune_studio.catalog.layers import Architecture, Matrix
from finetune_studio.hardware.adapters import adapter_parameters, target_names
from finetune_studio.hardware.setup import BYTES, Setup

NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)
"""A 4-bit number, an 8-bit scale for 64 of them, a 32-bit scale for 256 scales.

Source: Dettmers et al. 2023, QLoRA, double quantisation.
"""
SMALL_STATE = 4096
"""Tensors of fewer numbers keep 32-bit states in the 8-bit optimisers (bitsandbytes)."""
STATE_BLOCK = 256
"""Numbers that share a scale in 8-bit states (bitsandbytes)."""


def weight_bytes(model: Architecture, setup: Setup) -> float:
    """Bytes of the base model's weights."""
    if not setup.bits:
        return float(model.parameters * setup.weight_bytes)
    quantised = sum(count * each.weights for each, count in model.kinds.items())
    rest = (model.parameters - quantised) * setup.weight_bytes
    return rest + sum(
        count * quantised_bytes(each, setup.bits) for each, count in model.kinds.items()
    )


def quantised_bytes(matrix: Matrix, bits: int) -> float:
    """Bytes of one quantised matrix, without its bias."""
    if bits == 4:
        return matrix.weights * NF4_BYTES
    return matrix.weights + 4 * matrix.outputs


def trainable_parameters(model: Architecture, setup: Setup) -> int:
    """Parameters that are trained; a new classification head is among them."""
    head = setup.labels * model.hidden
    if setup.full:
        return model.text_parameters + head - (model.head if setup.labels else 0)
    names = target_names(model, setup.targets)
    return adapter_parameters(model, names, setup.rank, setup.dora) + head


def trained_bytes(setup: Setup) -> int:
    """Bytes of a trained number: adapters are held in fp32 beside 16-bit weights (peft)."""
    return setup.weight_bytes if setup.full else 4


def adapter_bytes(model: Architecture, setup: Setup) -> int:
    """Bytes of the adapter, and of copies in the type of products; 0 without an adapter."""
    if setup.full:
        return 0
    copies = setup.compute_bytes if setup.fused and setup.compute_bytes < BYTES["fp32"] else 0
    return (4 + copies) * trainable_parameters(model, setup)


def gradient_bytes(model: Architecture, setup: Setup) -> int:
    """Bytes of the gradients, which are of their weights' type."""
    return trained_bytes(setup) * trainable_parameters(model, setup)


def state_bytes(model: Architecture, setup: Setup) -> float:
    """Bytes of the optimiser's states; paged ones live in main memory until they are needed."""
    count = trainable_parameters(model, setup)
    if setup.optimizer == "adamw":
        return 2.0 * trained_bytes(setup) * count
    if setup.optimizer == "adafactor":
        return 4.0 * _factored(model, setup)
    if setup.optimizer == "paged-adamw-8bit":
        return 0.0
    return 2 * (1 + 4 / STATE_BLOCK) * count + 6 * (_small(model, setup) + _embedded(model, setup))


def step_bytes(model: Architecture, setup: Setup) -> int:
    """Bytes that the optimiser borrows for the step itself.

    AdamW computes in place in one kernel on a GPU; elsewhere it makes square roots.
    """
    if setup.optimizer == "adamw":
        return 0 if setup.on_gpu else trained_bytes(setup) * trainable_parameters(model, setup)
    if setup.optimizer == "adafactor":
        return 2 * 4 * _widest(model, setup)
    return 0


def _widest(model: Architecture, setup: Setup) -> int:
    """Numbers of the largest tensor that is trained."""
    if setup.full:
        return max(model.embedding, *(each.weights for each in model.written_kinds))
    names = target_names(model, setup.targets)
    wide = (max(each.inputs, each.outputs) for each in model.written_kinds if each.name in names)
    return setup.rank * max(wide, default=0)


def _factored(model: Architecture, setup: Setup) -> int:
    """Numbers of Adafactor's states: a row and a column for each matrix."""
    if setup.full:
        rows = sum(n * (each.inputs + each.outputs) for each, n in model.written_kinds.items())
        heads = 1 if model.tied else 2
        return rows + heads * (model.vocabulary + model.hidden)
    names = target_names(model, setup.targets)
    return sum(
        count * (each.inputs + each.outputs + 2 * setup.rank)
        for each, count in model.written_kinds.items()
        if each.name in names
    )


def _embedded(model: Architecture, setup: Setup) -> int:
    """Trained numbers of an embedding, whose states transformers keeps in 32 bits."""
    return model.embedding if setup.full else 0


def _small(model: Architecture, setup: Setup) -> int:
    """Trained numbers in tensors too small for 8-bit states."""
    if setup.full:
        return sum(layer.small for layer in model.layers) + model.hidden
    names = target_names(model, setup.targets)
    thin = [
        (setup.rank * width, count)
        for each, count in model.written_kinds.items()
        if each.name in names
        for width in (each.inputs, each.outputs)
    ]
    return sum(size * count for size, count in thin if size < SMALL_STATE)
