"""What the GPU, or the process, shows while it trains: memory, load, heat, power.

Drivers may take a tenth of a second for each answer, so they are asked on a thread of its own, and
the trainer reads what was last heard.
"""

import threading
from contextlib import suppress
from typing import Any

import torch

from finetune_studio.engine.device import Device


class Gauges:
    """The figures of the event `memory`, as they were last heard."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._heard: dict[str, float | None] = {}
        self._asking: threading.Thread | None = None

    def read(self) -> dict[str, float | int | None]:
        """Memory now, in bytes; load in percent, heat in degrees and watts as last heard.

        None stands for what the driver does not tell, or has not told yet.
        """
        figures: dict[str, float | int | None] = dict.fromkeys(ASKED)
        if self._device.kind == "cuda":
            free, total = torch.cuda.mem_get_info()
            figures |= {"used": total - free, "total": total} | self._heard
            self._ask()
        else:
            import psutil

            figures |= {"used": psutil.Process().memory_info().rss}
            figures |= {"total": psutil.virtual_memory().total}
        return figures

    def _ask(self) -> None:
        if self._asking is None or not self._asking.is_alive():
            self._asking = threading.Thread(target=self._hear, daemon=True, name="gauges")
            self._asking.start()

    def _hear(self) -> None:
        for name, ask in ASKED.items():
            with suppress(Exception):  # each driver has errors of its own
                self._heard[name] = ask()


ASKED: dict[str, Any] = {
    "utilisation": torch.cuda.utilization,
    "temperature": torch.cuda.temperature,
    "power": lambda: torch.cuda.power_draw() / 1000,
}
