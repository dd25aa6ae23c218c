"""Names what is wrong with a machine, and the remedy.

`examine` judges plain facts; `examine_here` reads them first.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from finetune_studio import installed
from finetune_studio.hardware.check import Check
from finetune_studio.hardware.desktop import packages
from finetune_studio.hardware.machine import Machine, read_machine
from finetune_studio.hardware.nvml import GPU
from finetune_studio.hardware.pace import largest
from finetune_studio.hardware.torch_checks import check_torch
from finetune_studio.hardware.torch_facts import TorchFacts, ask_torch
from finetune_studio.i18n import tr

GIB = 2**30
DISK_LITTLE = 30 * GIB  # an 8B model in 16 bits is 16 GB, and is written again when merged
DISK_NONE = 5 * GIB
RAM_LITTLE = 12 * GIB
RAM_NONE = 4 * GIB
HELD_SHARE = 0.1  # of a GPU's memory, beyond which another program is named


def examine_here(folder: Path) -> list[Check]:
    """Every check of this machine; `folder` is where models and runs go (it need not exist yet).

    Asks the installed torch in a child process, which takes seconds.
    """
    return examine(read_machine(folder), _torch())


def _torch() -> TorchFacts | None:
    """What the torch that trains says: an installed program has it in an environment apart."""
    if installed.program() is None:
        return ask_torch()
    if not installed.can_train():
        return None
    return ask_torch(str(installed.python_of(installed.training_environment())))


def examine(machine: Machine, torch: TorchFacts | None) -> list[Check]:
    """Every check of the machine, and of its torch (None: not installed), in a fixed order."""
    return [check for look in _LOOKS for check in look(machine, torch)]


def _driver(machine: Machine, torch: TorchFacts | None) -> Iterator[Check]:
    if machine.gpus:
        text = tr("NVIDIA driver {version}.").format(version=machine.driver)
        yield Check("driver", "ok", text)
    elif machine.driver_error == "version-mismatch":
        yield Check(
            "driver",
            "problem",
            tr("The NVIDIA driver was updated but the old one is still running."),
            tr("Restart the machine."),
        )
    elif machine.driver_error == "no-permission":
        yield Check(
            "driver",
            "problem",
            tr("This user may not talk to the NVIDIA driver."),
            tr("Add the user to the groups video and render, or start the container with GPUs."),
        )
    elif machine.nvidia_hardware:
        yield Check(
            "driver",
            "problem",
            tr("There is an NVIDIA GPU, but its driver does not run."),
            tr("Install the NVIDIA driver, version 580 or newer, and restart the machine."),
        )
    else:
        yield Check(
            "driver",
            "warning",
            tr("No NVIDIA GPU was found."),
            on_processor(machine.cores),
        )


def on_processor(cores: int) -> str:
    """What can be trained without a GPU, in a sentence."""
    text = tr(
        "The embedded demo and models up to about {size} can be trained on the processor ({cores} "
        "cores); larger ones need a GPU."
    )
    return text.format(size=f"{largest(cores) / 1e9:g}B", cores=cores)


def _gpus(machine: Machine, torch: TorchFacts | None) -> Iterator[Check]:
    for gpu in machine.gpus:
        yield _describe(gpu)
        yield from _held(gpu)


def _describe(gpu: GPU) -> Check:
    name = f"gpu-{gpu.index}"
    size = tr("{name}: {total:.1f} GiB of memory, {free:.1f} GiB free.").format(
        name=gpu.name, total=gpu.total_bytes / GIB, free=gpu.free_bytes / GIB
    )
    if gpu.compute_capability is None or gpu.compute_capability >= (8, 0):
        return Check(name, "ok", size)
    if gpu.compute_capability >= (7, 5):
        return Check(name, "ok", f"{size} {tr('It computes in fp16; it has no bf16.')}")
    return Check(
        name,
        "warning",
        f"{size} {tr('It is older than Turing: no bf16, and no 8-bit models.')}",
        tr("Use LoRA or 4-bit QLoRA in fp16, or a newer GPU."),
    )


def _held(gpu: GPU) -> Iterator[Check]:
    used = gpu.total_bytes - gpu.free_bytes
    if used <= HELD_SHARE * gpu.total_bytes:
        return
    holders = [
        tr("{name} (process {pid})").format(name=p.name or "?", pid=p.pid) for p in gpu.processes
    ]
    yield Check(
        f"gpu-{gpu.index}-held",
        "warning",
        tr("{used:.1f} GiB of {name} are held by {who}.").format(
            used=used / GIB,
            name=gpu.name,
            who=", ".join(holders) or tr("programs that the driver does not name"),
        ),
        tr("Close what you do not need before training."),
    )


def _memory(machine: Machine, torch: TorchFacts | None) -> Iterator[Check]:
    text = tr("{total:.1f} GiB of main memory, {free:.1f} GiB available.").format(
        total=machine.ram_total / GIB, free=machine.ram_free / GIB
    )
    if machine.ram_free >= RAM_LITTLE:
        yield Check("ram", "ok", text)
        return
    yield Check(
        "ram",
        "problem" if machine.ram_free < RAM_NONE else "warning",
        text,
        tr("Close other programs; loading an 8B model takes about 12 GiB."),
    )


def _disk(machine: Machine, torch: TorchFacts | None) -> Iterator[Check]:
    if machine.disk_free is None:
        text = tr("The free space of the disk cannot be read.")
        yield Check("disk", "warning", text, tr("Choose another folder for models and runs."))
    elif machine.models_free is None:
        yield _room("disk", machine.disk_free, tr("{free:.1f} GiB free for models and runs."))
    else:
        yield _room("disk", machine.disk_free, tr("{free:.1f} GiB free on the disk for runs."))
    if machine.models_free is not None:
        text = tr("{free:.1f} GiB free on the disk for downloaded models.")
        yield _room("disk-models", machine.models_free, text)


def _room(name: str, free: int, text: str) -> Check:
    said = text.format(free=free / GIB)
    if free >= DISK_LITTLE:
        return Check(name, "ok", said)
    remedy = tr("Free some space, or choose a folder on another disk; an 8B model takes 16 GB.")
    if name == "disk-models":
        remedy = tr("Remove models you do not need (`models remove`), or set HF_HOME elsewhere.")
    return Check(name, "problem" if free < DISK_NONE else "warning", said, remedy)


def _fonts(machine: Machine, torch: TorchFacts | None) -> Iterator[Check]:
    found = machine.desktop.korean_font
    if found:
        yield Check("fonts", "ok", tr("A font with Hangul is there."))
    else:
        text = tr("No font with Hangul was found; Korean text may show as boxes.")
        remedy = tr("Install one, such as the package fonts-noto-cjk.")
        yield Check("fonts", "warning", text, remedy)


def _window(machine: Machine, torch: TorchFacts | None) -> Iterator[Check]:
    desktop = machine.desktop
    if desktop.missing:
        text = tr("The window cannot open: {names} is missing.")
        yield Check(
            "qt",
            "problem",
            text.format(names=", ".join(desktop.missing)),
            tr("Run: sudo apt install {packages}").format(packages=packages(desktop.missing)),
        )
    elif not desktop.display:
        text = tr("There is no screen here, so the window cannot open; the command line works.")
        yield Check("qt", "warning", text, tr("Sign in on a desktop, or use ssh -X."))
    else:
        yield Check("qt", "ok", tr("The libraries that the window needs are there."))


_LOOKS: tuple[Callable[[Machine, TorchFacts | None], Iterator[Check]], ...] = (
    _driver,
    _gpus,
    check_torch,
    _memory,
    _disk,
    _fonts,
    _window,
)
