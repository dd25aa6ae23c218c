"""Decides which build of PyTorch a machine gets. The one place; it knows plain facts alone.

The set-up, the doctor and the first start ask here; `packaging/studio/torch.sh` says the same in
shell, where no Python is known yet, and a test holds the two together. Only the standard library
is used, for the first start has nothing else.

Source of the table: PyTorch's release matrix for 2.12 to 2.14 (CUDA 12.6 has code for compute
capability 5.0 to 9.0, CUDA 13.0 from 7.5 on) and NVIDIA's CUDA release notes (CUDA 12 needs driver
525, CUDA 13 driver 580). CUDA 13.2 brings no further GPU, so there is one build less to go wrong.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from finetune_studio.i18n import tr

Build = Literal["cpu", "cu126", "cu130", "default"]
BUILDS: tuple[Build, ...] = ("cpu", "cu126", "cu130")
TORCH = "2.13.0"
"""The newest version with builds for CUDA 12.6, CUDA 13.0 and the processor that was tested."""
CUDA13, CUDA12 = 580, 525
"""Oldest drivers."""
TURING, BLACKWELL = 7.5, 10.0
"""Lowest compute capability of CUDA 13, and the lowest that CUDA 12.6 has no code for."""
QUERY = ("--query-gpu=driver_version,compute_cap", "--format=csv,noheader")
PATIENCE = 30  # seconds; a sleeping laptop GPU takes several to wake
PROC = Path("/proc/driver/nvidia/version")
DEVICE = Path("/dev/nvidiactl")


@dataclass(frozen=True)
class Card:
    """One GPU: its driver's major version, its compute capability (None where not told)."""

    driver: int
    capability: float | None


@dataclass(frozen=True)
class Choice:
    """A build, and why.

    Attributes:
        build: `cpu`, `cu126`, `cu130`; `default` where the registry's own build is right (macOS).
        reason: One sentence for the person.
        remedy: What would give a better build; empty where this is the best.
    """

    build: Build
    reason: str
    remedy: str = ""

    @property
    def requirement(self) -> str:
        """The version to install; the local part names one build, so that no other is taken."""
        return requirement(self.build)


def requirement(build: Build) -> str:
    """Such as `torch==2.13.0+cu130`."""
    return f"torch=={TORCH}" if build == "default" else f"torch=={TORCH}+{build}"


def cards(rows: str) -> list[Card]:
    """What nvidia-smi printed for `QUERY`, a GPU a line; lines that say something else are not."""
    found = []
    for line in rows.splitlines():
        told = re.match(r"\s*(\d+)[.\d]*\s*,\s*(\d+(?:\.\d+)?)?", line)
        if told:
            found.append(Card(int(told[1]), float(told[2]) if told[2] else None))
    return found


def choose(found: Iterable[Card], system: str = sys.platform) -> Choice:
    """The build for these GPUs: one that has code for all of them, where there is one."""
    if system == "darwin":
        return Choice("default", tr("macOS has one build, which uses Apple's GPU."))
    all_cards = list(found)
    if not all_cards:
        return Choice("cpu", tr("No NVIDIA GPU was found, so the small build is enough."))
    driver = min(card.driver for card in all_cards)
    known = [card.capability for card in all_cards if card.capability is not None]
    low, high = min(known, default=None), max(known, default=0.0)
    if driver >= CUDA13 and (low is None or low >= TURING or high >= BLACKWELL):
        return Choice("cu130", tr("Driver {driver} runs CUDA 13.").format(driver=driver))
    if driver >= CUDA12 and high < BLACKWELL:
        return Choice("cu126", _why_cuda12(driver, low))
    text = tr("NVIDIA driver {driver} is too old for this GPU's builds of PyTorch.")
    return Choice(
        "cpu",
        text.format(driver=driver),
        tr("Update the NVIDIA driver to {version} or newer.").format(version=CUDA13),
    )


def _why_cuda12(driver: int, low: float | None) -> str:
    if driver >= CUDA13 and low is not None:
        text = tr("A GPU of compute capability {low:.1f} is older than CUDA 13 can use.")
        return text.format(low=low)
    return tr("Driver {driver} runs CUDA 12.").format(driver=driver)


def choose_here() -> Choice:
    """The build for this machine; asks nvidia-smi, or the kernel module where that is silent."""
    return choose(cards(ask()))


def ask() -> str:
    """Driver and compute capability of each GPU; empty where there is no NVIDIA GPU."""
    tool = _nvidia_smi()
    if tool:
        try:
            said = subprocess.run([tool, *QUERY], capture_output=True, timeout=PATIENCE, check=True)
        except (OSError, subprocess.SubprocessError):
            pass  # a container of a host with a driver; a driver that was updated a moment ago
        else:
            return said.stdout.decode("utf-8", "replace")
    return from_kernel(PROC, DEVICE)


def from_kernel(version: Path, device: Path) -> str:
    """What the kernel module tells; its GPU may not be handed to this container."""
    try:
        text = version.read_text() if device.exists() else ""
    except OSError:
        return ""
    told = re.search(r"NVRM version:.*?\s(\d+\.[\d.]+)\s", text)
    return f"{told[1]}, unknown\n" if told else ""


def _nvidia_smi() -> str | None:
    places = (r"C:\Windows\System32\nvidia-smi.exe", "/usr/lib/wsl/lib/nvidia-smi")
    return shutil.which("nvidia-smi") or next((p for p in places if Path(p).is_file()), None)
