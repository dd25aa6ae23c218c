"""300 MB to a Hub on the loopback: our upload beside plain huggingface_hub, in turns.

    python -m tests.benchmarks.upload [--rounds 3]

Both run as new processes with the same files, with Xet and over plain HTTPS; what is measured is
the whole process, its imports too: seconds, and those of CPU, which tell more on a busy machine.
The Hub checks every hash; the figures are ratios of medians.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.catalog.receiving import ReceivingHub
from tests.helpers.past import past_run

PLAIN = """
import sys
from huggingface_hub import HfApi
api = HfApi()
api.create_repo("kim/" + sys.argv[2], private=True, exist_ok=True)
api.upload_folder(repo_id="kim/" + sys.argv[2], folder_path=sys.argv[1])
"""
SIZES = (270_000_000, *(3_000_000,) * 10)


def make(folder: Path) -> Path:
    """A run whose result is 300 MB in eleven weight files; nothing of it compresses."""
    changes = {"model__source": "maker/model", "licence__model": "apache-2.0"}
    run = past_run(folder / "run", licence__data="cc0-1.0", **changes)
    run.result.mkdir()
    about = {"task": "chat", "method": "full", "base": "maker/model", "labels": []}
    (run.result / "studio.json").write_text(json.dumps(about))
    (run.result / "config.json").write_text("{}")
    for number, size in enumerate(SIZES, 1):
        name = f"model-{number:05d}-of-{len(SIZES):05d}.safetensors"
        (run.result / name).write_bytes(os.urandom(size))
    return run.path


def timed(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds of one process, and CPU seconds, those of its own children too."""
    begun, busy = time.perf_counter(), _busy()
    subprocess.run(
        command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return time.perf_counter() - begun, _busy() - busy


def _busy() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(run: Path, xet: bool, rounds: int, home: str) -> dict[str, list[tuple[float, float]]]:
    """Each way in turns, every time into a new repository of an empty Hub."""
    found: dict[str, list[tuple[float, float]]] = {"plain": [], "studio": []}
    for number in range(rounds):
        for way in found:
            with ReceivingHub() as hub:
                hub.tokens["hf_right"] = "kim"
                plain = {n: v for n, v in os.environ.items() if not n.startswith("SSL_CERT")}
                environment = plain | {
                    "HF_ENDPOINT": hub.url,
                    "HF_TOKEN": "hf_right",
                    "HF_HOME": home,
                    "HF_HUB_OFFLINE": "0",
                    "HF_HUB_DISABLE_TELEMETRY": "1",
                    "HF_HUB_DISABLE_XET": "0" if xet else "1",
                }
                name = f"model-{number}"
                command = [sys.executable, "-c", PLAIN, str(run / "result"), name]
                if way == "studio":
                    command = [sys.executable, "-m", "finetune_studio", "push", str(run)]
                    command += ["--repo", name] + ([] if xet else ["--compatible"])
                found[way].append(timed(command, environment))
                assert not hub.wrong
                assert len(hub.files(f"kim/{name}")) >= len(SIZES) + 3
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = make(Path(folder))
        for xet in (False, True):
            found = measure(run, xet, options.rounds, folder)
            for place, what in enumerate(("seconds", "of CPU")):
                each = {way: [times[place] for times in told] for way, told in found.items()}
                plain, studio = (statistics.median(each[way]) for way in ("plain", "studio"))
                print(
                    f"{'Xet' if xet else 'HTTPS':6} {what:8} plain {plain:6.2f}"
                    f"  studio {studio:6.2f}  ratio {studio / plain:.2f}   {each}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
