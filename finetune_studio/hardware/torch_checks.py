"""Whether torch, the driver and the GPUs suit each other, and which build would."""

from collections.abc import Iterator

from finetune_studio.hardware import torch_build
from finetune_studio.hardware.check import Check
from finetune_studio.hardware.machine import Machine
from finetune_studio.hardware.nvml import GPU
from finetune_studio.hardware.torch_facts import TorchFacts, has_code_for
from finetune_studio.i18n import tr

# Oldest driver that runs a CUDA major version, Linux and Windows.
# Source: CUDA Toolkit Release Notes, "CUDA Minor Version Compatibility".
OLDEST_DRIVER = {
    11: ("450.80.02", "452.39"),
    12: ("525.60.13", "528.33"),
    13: ("580.65.06", "580.88"),
}


def check_torch(machine: Machine, torch: TorchFacts | None) -> Iterator[Check]:
    """Whether the installed torch and this machine's GPUs and driver suit each other."""
    if torch is None:
        text = tr("PyTorch is not installed, so nothing can be trained yet.")
        yield Check("torch", "problem", text, tr("Install the training part on the set-up page."))
    elif torch.error:
        text = tr("PyTorch does not start: {error}.").format(error=torch.error.rstrip("."))
        yield Check("torch", "problem", text, tr("Install the training part again."))
    elif machine.gpus and not torch.cuda and not torch.hip:
        yield _cpu_only(machine, torch)
    elif machine.gpus:
        yield from _cuda_build(machine, torch)
    else:
        yield Check("torch", "ok", tr("PyTorch {version}.").format(version=torch.version))


def _cpu_only(machine: Machine, torch: TorchFacts) -> Check:
    build = advised_build(machine)
    return Check(
        "torch",
        "problem",
        tr("PyTorch {version} is a build for the processor alone and leaves the GPU idle.").format(
            version=torch.version
        ),
        _install(build) if build else _driver_remedy(machine, 13),
    )


def _cuda_build(machine: Machine, torch: TorchFacts) -> Iterator[Check]:
    without_code = [
        gpu
        for gpu in machine.gpus
        if gpu.compute_capability
        and torch.architectures
        and not has_code_for(torch.architectures, gpu.compute_capability)
    ]
    for gpu in without_code:
        yield _no_code(machine, torch, gpu)
    if driver_too_old(machine, torch):
        yield _old_driver(machine, torch)
    elif not torch.cuda_available:
        yield _sees_nothing(torch)
    elif not without_code:
        text = tr("PyTorch {version} for CUDA {cuda} sees the GPU.")
        yield Check("torch", "ok", text.format(version=torch.version, cuda=torch.cuda or "–"))


def _no_code(machine: Machine, torch: TorchFacts, gpu: GPU) -> Check:
    major, minor = gpu.compute_capability or (0, 0)
    build = advised_build(machine)
    if build and build in torch.version:
        remedy = tr("Choose another GPU for training.")
    else:
        remedy = _install(build) if build else _driver_remedy(machine, 13)
    return Check(
        "torch-architecture",
        "problem",
        tr("PyTorch {version} has no code for {name} (compute capability {major}.{minor}).").format(
            version=torch.version, name=gpu.name, major=major, minor=minor
        ),
        remedy,
    )


def _install(build: str) -> str:
    return tr("Install the training part again and choose the build {build}.").format(build=build)


def _old_driver(machine: Machine, torch: TorchFacts) -> Check:
    return Check(
        "torch-driver",
        "problem",
        tr(
            "Driver {driver} is too old for PyTorch {version}, which was built for CUDA {cuda}."
        ).format(driver=machine.driver, version=torch.version, cuda=torch.cuda),
        _driver_remedy(machine, int(torch.cuda.split(".")[0])),
    )


def _sees_nothing(torch: TorchFacts) -> Check:
    text = tr("PyTorch {version} sees no GPU although the driver shows one.")
    if torch.visible_devices is not None:
        remedy = tr("CUDA_VISIBLE_DEVICES is set to “{value}”: remove it or name a GPU.").format(
            value=torch.visible_devices
        )
    else:
        remedy = tr("Restart the machine; if that does not help, install the driver again.")
    return Check("torch", "problem", text.format(version=torch.version), remedy)


def driver_too_old(machine: Machine, torch: TorchFacts) -> bool:
    """Whether the driver is older than what the torch build's CUDA version needs."""
    if not torch.cuda:
        return False
    major = int(torch.cuda.split(".")[0])
    if machine.cuda:
        return machine.cuda[0] < major
    oldest = _oldest(machine, major)
    return bool(oldest and machine.driver) and _version(machine.driver) < _version(oldest)


def advised_build(machine: Machine) -> str:
    """The CUDA build for this driver and these GPUs; empty where the driver is too old."""
    driver = next(iter(_version(machine.driver)), 0)
    cards = [torch_build.Card(driver, _decimal(gpu.compute_capability)) for gpu in machine.gpus]
    chosen = torch_build.choose(cards).build
    return chosen if chosen.startswith("cu") else ""


def _decimal(capability: tuple[int, int] | None) -> float | None:
    return None if capability is None else float("{}.{}".format(*capability))


def _driver_remedy(machine: Machine, major: int) -> str:
    oldest = _oldest(machine, major) or tr("the newest version")
    return tr("Update the NVIDIA driver to {version} or newer.").format(version=oldest)


def _oldest(machine: Machine, major: int) -> str:
    linux, windows = OLDEST_DRIVER.get(major, ("", ""))
    return windows if machine.os.startswith("Windows") else linux


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())
