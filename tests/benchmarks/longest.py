"""The longest single row that can be trained on within a memory limit: ours, by QLoRA of rank 32.

    python -m tests.benchmarks.longest MODEL [--limit-gib 24] [--lengths 65536 81920]

On an NVIDIA GPU. Each length is a run of its own, of a few steps, in a process that gets no more of
the GPU's memory than the limit; one JSON line a length: seconds a step, the peak by torch.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.events import EventReader, Failed, Metrics
from finetune_studio.runs.folder import RunFolder
from tests.benchmarks.speed import _write_rows

STEPS = 3


def main() -> None:
    """Print one JSON line a length, until one does not fit."""
    options = _options()
    if options.one:
        _one(Path(options.one), options.limit_gib)
        return
    for length in options.lengths:
        with tempfile.TemporaryDirectory() as folder:
            found = _measure(options, length, Path(folder))
        print(json.dumps({"tokens": length} | found), flush=True)
        if "failed" in found:
            return


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", nargs="?")
    parser.add_argument("--limit-gib", type=float, default=24.0)
    parser.add_argument("--lengths", type=int, nargs="*", default=[65_536, 81_920, 98_304])
    parser.add_argument("--set", action="append", default=[], dest="changes")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(options: argparse.Namespace, length: int, folder: Path) -> dict[str, Any]:
    data = folder / "rows.jsonl"
    _write_rows(data, Path(options.model), "dense", STEPS + 1, length)
    asked = {
        "model.source": options.model,
        "task.kind": "text",
        "method.kind": "qlora",
        "method.rank": 32,
        "data.files": [str(data)],
        "data.split.validation": 0.0,
        "training.batch_size": 1,
        "training.accumulation": 1,
        "training.sequence_length": length,
        "training.max_steps": STEPS,
        "training.gradient_checkpointing": "on",
        "checkpoints.every": 10_000,
    }
    run = RunFolder.create(folder / "run")
    recipe = store.with_changes(Recipe(), asked)
    store.save(store.with_changes(recipe, store.parse_changes(options.changes)), run.recipe)
    command = [sys.executable, "-m", "tests.benchmarks.longest", "--one", str(run.path)]
    command += ["--limit-gib", str(options.limit_gib)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    events = list(EventReader(run.events).read())
    wrong = [f"{each.title} {each.detail}" for each in events if isinstance(each, Failed)]
    if done.returncode or wrong:
        return {"failed": (wrong or done.stderr.strip().splitlines())[-1:]}
    steps = [each for each in events if isinstance(each, Metrics)]
    seconds = (steps[-1].time - steps[0].time) / (len(steps) - 1)
    kept: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {"seconds_a_step": round(seconds, 1), "loss": steps[-1].loss} | kept


def _one(folder: Path, limit: float) -> None:
    import torch

    from finetune_studio.engine.train import main as train

    whole = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(limit * 2**30 / whole)
    code = train([str(folder)])
    print(json.dumps({"peak_gib": round(torch.cuda.max_memory_allocated() / 2**30, 2)}))
    raise SystemExit(code)


if __name__ == "__main__":
    main()
