"""Where a run is planned for: a GPU of this machine, a GPU that is named, or the processor."""

from dataclasses import dataclass

from finetune_studio import paths
from finetune_studio.errors import RefusedError
from finetune_studio.hardware.duration import CPU_TFLOPS
from finetune_studio.hardware.gpus import find_accelerator, match
from finetune_studio.hardware.machine import read_machine
from finetune_studio.i18n import tr

USUAL_TFLOPS = 60.0
"""Speed of a GPU that is not in the table: a card of the middle class."""


@dataclass(frozen=True)
class Target:
    """Where a run is planned for.

    Attributes:
        name: What it is called; empty for the processor.
        free: Bytes there are for the run.
        total: Bytes of memory in all.
        capability: Compute capability; None for the processor.
        tflops: Stated 16-bit speed, in 10^12 operations a second.
    """

    name: str
    free: int
    total: int
    capability: tuple[int, int] | None
    tflops: float


def target_of(name: str) -> Target:
    """The GPU of that name; with an empty name, this machine's first GPU or its processor.

    Raises:
        RefusedError: No such GPU is known, or the trainer does not run on it.
    """
    if name:
        return _named(name)
    machine = read_machine(paths.data(), desktop=False)
    if not machine.gpus:
        tflops = CPU_TFLOPS * machine.cores
        return Target("", machine.ram_free, machine.ram_total, None, tflops)
    gpu = machine.gpus[0]
    known = match(gpu)
    speed = known.tflops if known and known.tflops else USUAL_TFLOPS
    return Target(gpu.name, gpu.free_bytes, gpu.total_bytes, gpu.compute_capability, speed)


def _named(name: str) -> Target:
    found = find_accelerator(name)
    if found.kind != "nvidia":
        raise RefusedError(
            tr("The trainer does not run on {name}.").format(name=found.name),
            hint=tr("Choose an NVIDIA GPU, such as an RTX 4090 or an L4."),
        )
    size = found.memory_bytes
    return Target(found.name, size, size, found.capability, found.tflops or USUAL_TFLOPS)
