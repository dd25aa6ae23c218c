"""How the set-up page names builds, steps and groups of files. Knows no widget."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from finetune_studio.gui.language import tr

if TYPE_CHECKING:
    from finetune_studio.setup.resolve import Wheel

STEPS: dict[str, Callable[[], str]] = {
    "look": lambda: tr("Find what fits this computer"),
    "fetch": lambda: tr("Download and check every file"),
    "install": lambda: tr("Install it in a folder of its own"),
    "prove": lambda: tr("Let it compute, as training will"),
}
BUILDS: dict[str, Callable[[], str]] = {
    "": lambda: tr("What fits"),
    "cu130": lambda: "CUDA 13.0",
    "cu126": lambda: "CUDA 12.6",
    "cpu": lambda: tr("Processor"),
}
GROUPS: dict[str, Callable[[], str]] = {
    "torch": lambda: "PyTorch",
    "nvidia": lambda: tr("NVIDIA's libraries"),
    "others": lambda: tr("Training libraries"),
}


def build_name(build: str) -> str:
    """The build as a person reads it."""
    return BUILDS.get(build, lambda: tr("macOS"))()


def groups(wheels: "Iterable[Wheel]") -> dict[str, int]:
    """Bytes to download by group, in the order in which they are shown."""
    found = dict.fromkeys(GROUPS, 0)
    for wheel in wheels:
        key = "torch" if wheel.name == "torch" else "nvidia" if wheel.for_gpus else "others"
        found[key] += wheel.size
    return {key: size for key, size in found.items() if size}


def own_folder(chosen: Path) -> Path:
    """The folder to install into: the chosen one, or one of ours in it where it holds something."""
    if chosen.name == "Finetune Studio" or not chosen.is_dir() or not any(chosen.iterdir()):
        return chosen
    return chosen / "Finetune Studio"
