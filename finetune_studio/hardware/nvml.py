"""NVIDIA GPUs as the driver's management library shows them. Reads only; holds no GPU memory."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class GPUProcess:
    """A program that holds GPU memory; `used_bytes` is None where the driver does not say."""

    pid: int
    name: str
    used_bytes: int | None


@dataclass(frozen=True)
class GPU:
    """One GPU.

    Attributes:
        name: Such as `NVIDIA GeForce RTX 4090`.
        index: Its number in the driver's order.
        total_bytes: All its memory.
        free_bytes: What is free now.
        compute_capability: Such as (8, 9); None where the driver does not say.
        driver: The driver's version.
        processes: Who holds memory on it.
    """

    name: str
    index: int
    total_bytes: int
    free_bytes: int
    compute_capability: tuple[int, int] | None
    driver: str
    processes: tuple[GPUProcess, ...] = ()


@dataclass(frozen=True)
class NvmlFacts:
    """All that NVML said; `error` names why it said nothing."""

    gpus: tuple[GPU, ...] = ()
    driver: str = ""
    cuda: tuple[int, int] | None = None
    error: str = ""


def read_nvml(ram_total: int, ram_free: int) -> NvmlFacts:
    """Ask NVML; the memory figures serve GPUs that share the machine's own memory."""
    try:
        import pynvml
    except ImportError:
        return NvmlFacts(error="library-missing")
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return NvmlFacts(error=_reason(pynvml, error))
    try:
        driver = _text(pynvml.nvmlSystemGetDriverVersion())
        gpus = tuple(_gpus(pynvml, driver, ram_total, ram_free))
        return NvmlFacts(gpus, driver, _cuda(pynvml))
    except pynvml.NVMLError as error:
        return NvmlFacts(error=_reason(pynvml, error))
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def _reason(nvml: Any, error: Any) -> str:
    known = {
        nvml.NVML_ERROR_LIBRARY_NOT_FOUND: "library-missing",
        nvml.NVML_ERROR_DRIVER_NOT_LOADED: "not-loaded",
        nvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH: "version-mismatch",
        nvml.NVML_ERROR_NO_PERMISSION: "no-permission",
    }
    return known.get(error.value, "other")


def _gpus(nvml: Any, driver: str, ram_total: int, ram_free: int) -> Iterator[GPU]:
    for index in range(nvml.nvmlDeviceGetCount()):
        with suppress(nvml.NVMLError):  # a GPU that fell off the bus hides only itself
            handle = nvml.nvmlDeviceGetHandleByIndex(index)
            total, free = ram_total, ram_free
            with suppress(nvml.NVMLError):
                memory = nvml.nvmlDeviceGetMemoryInfo(handle)
                total, free = int(memory.total), int(memory.free)
            capability = None
            with suppress(nvml.NVMLError):
                major, minor = nvml.nvmlDeviceGetCudaComputeCapability(handle)
                capability = (int(major), int(minor))
            name = _text(nvml.nvmlDeviceGetName(handle))
            holders = tuple(_processes(nvml, handle))
            yield GPU(name, index, total, free, capability, driver, holders)


def _processes(nvml: Any, handle: Any) -> Iterator[GPUProcess]:
    found = {}
    for ask in (
        nvml.nvmlDeviceGetComputeRunningProcesses,
        nvml.nvmlDeviceGetGraphicsRunningProcesses,
    ):
        with suppress(nvml.NVMLError):
            found.update({process.pid: process.usedGpuMemory for process in ask(handle)})
    for pid, used in sorted(found.items()):
        yield GPUProcess(pid, _process_name(pid), None if used is None else int(used))


def _process_name(pid: int) -> str:
    import psutil

    with suppress(psutil.Error, ValueError):
        return str(psutil.Process(pid).name())
    return ""


def _cuda(nvml: Any) -> tuple[int, int] | None:
    with suppress(nvml.NVMLError):
        version = int(nvml.nvmlSystemGetCudaDriverVersion_v2())
        return version // 1000, version % 1000 // 10
    return None


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
