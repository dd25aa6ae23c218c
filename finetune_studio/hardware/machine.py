"""The machine as it is: GPUs through NVML, memory and disk through the OS.

Never torch, and never an exception: what cannot be read is said in the value (None, "" or an empty
tuple), because a machine with a broken driver is exactly the one that somebody wants described.
"""

import os
import platform
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from finetune_studio.catalog.figures import cache_folder
from finetune_studio.hardware.desktop import Desktop, read_desktop
from finetune_studio.hardware.nvml import GPU, read_nvml

CGROUP_LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)


@dataclass(frozen=True)
class Machine:
    """What was found.

    Attributes:
        gpus: NVIDIA GPUs that the driver shows.
        driver: Version of the NVIDIA driver, such as `580.95.05`; empty without one.
        ram_total: Bytes of main memory this program may use (a container's limit counts).
        ram_free: Bytes of it that are available now.
        disk_free: Bytes free where models and runs are written; None where unknown.
        cores: Processor cores this program may use.
        os: Name and version of the system.
        driver_error: Why NVML gave nothing: `library-missing`, `not-loaded`, `version-mismatch`,
            `no-permission`, `other`; empty when it answered.
        nvidia_hardware: Whether an NVIDIA device sits in the machine; None where unknown.
        cuda: The newest CUDA version that the driver speaks.
        desktop: What the window needs.
        models_free: Bytes free where downloaded models are kept; None where that is the disk of
            `disk_free`, or unknown.
    """

    gpus: tuple[GPU, ...]
    driver: str
    ram_total: int
    ram_free: int
    disk_free: int | None
    cores: int
    os: str
    driver_error: str = ""
    nvidia_hardware: bool | None = None
    cuda: tuple[int, int] | None = None
    desktop: Desktop = field(default_factory=Desktop)
    models_free: int | None = None


def read_machine(folder: Path, desktop: bool = True) -> Machine:
    """Read this machine; `folder` is where models and runs go (it need not exist yet).

    Without `desktop`, what the window needs is not looked at, which saves a quarter of a second.
    """
    total, free = _memory()
    nvml = read_nvml(total, free)
    return Machine(
        gpus=nvml.gpus,
        driver=nvml.driver,
        ram_total=total,
        ram_free=free,
        disk_free=disk_free(folder),
        cores=_cores(),
        os=f"{platform.system()} {platform.release()}",
        driver_error=nvml.error,
        nvidia_hardware=True if nvml.gpus else _nvidia_on_the_bus(),
        cuda=nvml.cuda,
        desktop=read_desktop() if desktop else Desktop(),
        models_free=_models_free(folder),
    )


def disk_free(folder: Path) -> int | None:
    """Bytes free on the disk that holds `folder`, or would hold it; None where unknown."""
    place = folder.expanduser().absolute()
    for candidate in (place, *place.parents):
        with suppress(OSError):
            return shutil.disk_usage(candidate).free
    return None


def _models_free(folder: Path) -> int | None:
    """Bytes free in the Hub's cache, where it lies on another disk than `folder`."""
    models = cache_folder("any/model").parent
    with suppress(OSError, StopIteration):
        here, there = (
            next(each for each in (place, *place.parents) if each.exists()).stat().st_dev
            for place in (folder.expanduser().absolute(), models.absolute())
        )
        return disk_free(models) if here != there else None
    return None


def _memory() -> tuple[int, int]:
    import psutil

    memory = psutil.virtual_memory()
    total, free = int(memory.total), int(memory.available)
    for limit, used in CGROUP_LIMITS:
        with suppress(OSError, ValueError):  # "max" is no number: no limit
            allowed = int(Path(limit).read_text())
            taken = int(Path(used).read_text())
            total = min(total, allowed)
            free = min(free, max(0, allowed - taken))
    return total, free


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _nvidia_on_the_bus(devices: Path = Path("/sys/bus/pci/devices")) -> bool | None:
    """Whether a display or compute device of NVIDIA (PCI vendor 10de, class 03) is present."""
    if not devices.is_dir():
        return None
    for device in devices.iterdir():
        with suppress(OSError):
            vendor = (device / "vendor").read_text().strip()
            kind = (device / "class").read_text().strip()
            if vendor == "0x10de" and kind.startswith("0x03"):
                return True
    return False
