"""Reading the machine that the tests run on, and the parts that can be pointed elsewhere."""

from pathlib import Path

import pytest

from finetune_studio.hardware import nvml
from finetune_studio.hardware.machine import _nvidia_on_the_bus, disk_free, read_machine


def test_this_machine_is_read(tmp_path):
    machine = read_machine(tmp_path)
    assert machine.cores >= 1
    assert 0 < machine.ram_free <= machine.ram_total
    assert machine.disk_free
    assert machine.gpus or machine.driver_error


def test_the_disk_of_a_folder_that_does_not_exist_yet(tmp_path):
    there = disk_free(tmp_path)
    assert there
    assert disk_free(tmp_path / "모델" / "runs") == pytest.approx(there, rel=0.2)


def device(folder, name, vendor, kind):
    place = folder / name
    place.mkdir()
    (place / "vendor").write_text(f"{vendor}\n")
    (place / "class").write_text(f"{kind}\n")


def test_an_nvidia_gpu_on_the_bus_is_seen_without_a_driver(tmp_path):
    device(tmp_path, "0000:00:02.0", "0x8086", "0x030000")
    device(tmp_path, "0000:01:00.1", "0x10de", "0x040300")  # the sound device of a card
    assert _nvidia_on_the_bus(tmp_path) is False
    device(tmp_path, "0000:01:00.0", "0x10de", "0x030200")
    assert _nvidia_on_the_bus(tmp_path) is True
    assert _nvidia_on_the_bus(tmp_path / "none") is None


class Driver:
    """A recorded driver: one GPU whose memory it does not tell, and one that fell off the bus."""

    NVML_ERROR_LIBRARY_NOT_FOUND = 12
    NVML_ERROR_DRIVER_NOT_LOADED = 9
    NVML_ERROR_LIB_RM_VERSION_MISMATCH = 18
    NVML_ERROR_NO_PERMISSION = 4

    class NVMLError(Exception):
        def __init__(self, value):
            self.value = value

    def nvmlDeviceGetCount(self):
        return 2

    def nvmlDeviceGetHandleByIndex(self, index):
        if index:
            raise self.NVMLError(15)
        return index

    def nvmlDeviceGetMemoryInfo(self, handle):
        raise self.NVMLError(3)

    def nvmlDeviceGetCudaComputeCapability(self, handle):
        return 12, 1

    def nvmlDeviceGetName(self, handle):
        return b"NVIDIA GB10"

    def nvmlDeviceGetComputeRunningProcesses(self, handle):
        raise self.NVMLError(3)

    nvmlDeviceGetGraphicsRunningProcesses = nvmlDeviceGetComputeRunningProcesses


def test_a_gpu_that_shares_the_main_memory_shows_that_memory():
    (gpu,) = nvml._gpus(Driver(), "580.1", 128, 100)
    assert (gpu.name, gpu.total_bytes, gpu.free_bytes) == ("NVIDIA GB10", 128, 100)
    assert gpu.compute_capability == (12, 1)
    assert gpu.processes == ()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (12, "library-missing"),
        (9, "not-loaded"),
        (18, "version-mismatch"),
        (4, "no-permission"),
        (999, "other"),
    ],
)
def test_why_the_driver_says_nothing(value, reason):
    assert nvml._reason(Driver, Driver.NVMLError(value)) == reason


@pytest.mark.needs_gpu
def test_a_real_gpu_is_read(tmp_path):
    gpu = read_machine(tmp_path).gpus[0]
    assert 0 < gpu.free_bytes <= gpu.total_bytes
    assert gpu.compute_capability


def test_models_on_another_disk_are_weighed_apart(tmp_path, monkeypatch):
    from finetune_studio.hardware import machine

    monkeypatch.setenv("HF_HOME", str(tmp_path / "models"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    assert machine._models_free(tmp_path / "runs") is None  # the same disk
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs two file systems")
    monkeypatch.setenv("HF_HOME", str(other / "not there yet"))
    assert machine._models_free(tmp_path / "runs") == machine.disk_free(other)
