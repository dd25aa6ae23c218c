"""The demo as a person runs it: seconds, peak memory of the whole process tree, validation loss."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from finetune_studio.runs.events import EventReader
from finetune_studio.runs.state import fold


def main() -> None:
    """Print one JSON line."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        run = home / "run"
        begun = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, "-m", "finetune_studio", "demo", "--out", str(run)],
            env=os.environ | {"FINETUNE_STUDIO_HOME": str(home / "home")},
            stdout=subprocess.DEVNULL,
        )
        peak = _watch(child)
        seconds = time.perf_counter() - begun
        state = fold(EventReader(run / "events.jsonl").read())
    losses = [each.metrics["loss"] for each in state.evaluations]
    print(
        json.dumps(
            {
                "exit_code": child.returncode,
                "seconds": round(seconds, 1),
                "cores": os.cpu_count(),
                "peak_mib": peak // 2**20,
                "validation_loss_before": losses[0],
                "validation_loss_after": min(losses[1:]),
                "fall": 1 - min(losses[1:]) / losses[0],
            }
        )
    )


def _watch(child: subprocess.Popen[bytes]) -> int:
    """The largest sum of proportional memory over the child and its descendants, in bytes."""
    peak = 0
    while child.poll() is None:
        found = 0
        for each in [child.pid, *(p.pid for p in psutil.Process(child.pid).children(True))]:
            try:
                found += psutil.Process(each).memory_full_info().pss
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        peak = max(peak, found)
        time.sleep(0.2)
    return peak


if __name__ == "__main__":
    main()
