"""What a processor can train in bearable time: one answer for everybody who is asked.

From the same figures as the plan of time: operations a weight and token, and what a core reaches.
"""

from finetune_studio.hardware.duration import CPU_TFLOPS, EFFICIENCY

ROWS, TOKENS = 500, 200
"""Of a small job: its rows, each of so many tokens, seen once."""
PASSES = 4
"""Operations a weight and token where the weights are frozen: forward, and back to the adapter."""
BEARABLE = 3 * 3600.0
"""Seconds for that job; more is too slow."""


def job_seconds(parameters: int, tflops: float) -> float:
    """Seconds that the small job takes with LoRA.

    Args:
        parameters: Of the model.
        tflops: What the processor reaches, in 10^12 operations a second.
    """
    return ROWS * TOKENS * PASSES * parameters / (tflops * 1e12 * EFFICIENCY)


def too_slow(parameters: int, tflops: float) -> bool:
    """Whether a processor takes too long for a model of that size."""
    return job_seconds(parameters, tflops) > BEARABLE


def largest(cores: int) -> int:
    """Parameters of the largest model that a processor trains in bearable time, in round tenths."""
    tflops = CPU_TFLOPS * max(1, cores)
    exact = BEARABLE * tflops * 1e12 * EFFICIENCY / (ROWS * TOKENS * PASSES)
    step = 10**8 if exact < 10**9 else 10**9
    return int(exact // step * step)
