"""How long a step and a run take: from the operations of the model and the speed of the machine.

A first guess before training; the trainer's own steps correct it (`corrected`).
"""

from dataclasses import dataclass

from finetune_studio.catalog.layers import Architecture, Layer
from finetune_studio.hardware.setup import Setup

EFFICIENCY = 0.37
"""Share of a GPU's stated 16-bit speed that transformers' layers reach. Source: 8B LoRA, batches of
4 x 2,048 tokens, one H200: 7,500 to 8,700 tokens a second."""
FORWARD = 2
"""Operations a token and weight that a forward pass takes."""
QUANTISED = 0.95
"""Speed left where weights are widened from 4 or 8 bits before each product."""
LAYER_SECONDS = 1.6e-3
"""Time a layer takes at least, forward and backward: kernels cannot be started any faster."""
ADAPTER_SECONDS = 1.2e-3
"""The same for a layer's adapters."""
START_SECONDS = 10.0
"""Until the first step: Python, PyTorch and a small model, on two cores and from a warm disk."""
CPU_TFLOPS = 0.03
"""What one processor core reaches, in 10^12 operations a second."""


@dataclass(frozen=True)
class Speed:
    """How fast a machine computes.

    Attributes:
        tflops: Stated speed of dense 16-bit products, in 10^12 a second.
        measured: Factor between a measured step and a planned one; 1 before anything is measured.
    """

    tflops: float
    measured: float = 1.0


def operations(model: Architecture, setup: Setup, length: int | None = None) -> float:
    """Operations a token: forward, backward, and forward again where activations are recomputed.

    Frozen weights need no gradients of their own, which saves a third.
    """
    passes = _passes(setup)
    products = model.active - (model.embedding if setup.labels else 0)
    seen = setup.length if length is None else length
    scores = sum(_scores(layer, seen) for layer in model.layers)
    return passes * products + (6 + (2 if setup.checkpointing else 0)) * scores


def step_seconds(
    model: Architecture, setup: Setup, speed: Speed, length: int | None = None
) -> float:
    """Seconds of one optimiser step.

    Args:
        model: What is trained.
        setup: How.
        speed: What the machine does.
        length: Tokens of an average row with its padding; None for the longest.
    """
    tokens = setup.batch * (setup.length if length is None else length)
    share = EFFICIENCY * (QUANTISED if setup.bits else 1)
    computing = tokens * operations(model, setup, length) / (speed.tflops * 1e12 * share)
    starting = len(model.layers) * (LAYER_SECONDS + (0 if setup.full else ADAPTER_SECONDS))
    starting *= 1.4 if setup.checkpointing else 1
    return speed.measured * setup.accumulation * max(computing, starting)


def measuring_seconds(
    model: Architecture, setup: Setup, speed: Speed, rows: int, length: int, answered: int
) -> float:
    """Seconds of one look at the validation rows, and of the answers to the watched questions.

    Args:
        model: What is trained.
        setup: How.
        speed: What the machine does.
        rows: Rows that are measured.
        length: Tokens of an average one.
        answered: Tokens of the answers, which come one after the other.
    """
    step = step_seconds(model, setup, speed, length) / setup.accumulation
    looking = rows / setup.batch * step * FORWARD / _passes(setup)
    return looking + answered * len(model.layers) * LAYER_SECONDS / 3 * speed.measured


def corrected(speed: Speed, planned: float, measured: float) -> Speed:
    """The speed after a step of `measured` seconds that was planned to take `planned`."""
    if planned <= 0 or measured <= 0:
        return speed
    return Speed(speed.tflops, speed.measured * measured / planned)


def _passes(setup: Setup) -> int:
    return (6 if setup.full else 4) + (2 if setup.checkpointing else 0)


def _scores(layer: Layer, length: int) -> float:
    """Multiplications a token for attention scores and their values; half lie in the future."""
    if layer.mixer in ("linear", "convolution"):
        return layer.heads * layer.head_dim * layer.value_dim
    seen = min(length, layer.window) if layer.window else length
    return layer.heads * (layer.head_dim + layer.value_dim) * seen / 2
