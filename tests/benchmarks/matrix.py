"""Every task with every method on a real model: train, measure, save, export, load again, answer.

    python -m tests.benchmarks.matrix [--model FOLDER] [--steps 20] [--set training.batch_size=2]

One JSON line each: validation loss before and after, seconds, and what the merged export, loaded
in a fresh process, says compared with the trained model.
"""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from finetune_studio import paths
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.events import EventReader
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.state import fold

SAMPLES = {
    "chat": "korean_qa.csv",
    "text": "korean_text.txt",
    "classify": "korean_sentiment.csv",
}
PROMPTS = {"chat": "배고프다", "text": "이 영화는", "classify": "정말 재미있는 영화였다"}
METHODS = {
    "full": {"method.kind": "full", "training.learning_rate": 1e-4},
    "lora": {"method.kind": "lora"},
    "lora-dora-rslora": {"method.kind": "lora", "method.dora": True, "method.rslora": True},
    "qlora-4": {"method.kind": "qlora"},
    "qlora-8": {"method.kind": "qlora", "method.bits": 8},
}
ENGINE = [sys.executable, "-m"]


def main() -> None:
    """Print a line for each pair."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="demo")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--methods", nargs="*", default=list(METHODS))
    parser.add_argument("--tasks", nargs="*", default=list(SAMPLES))
    parser.add_argument("--set", action="append", default=[], dest="changes")
    options = parser.parse_args()
    for task, method in itertools.product(options.tasks, options.methods):
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(_one(options, task, method, Path(folder)), ensure_ascii=False))
            sys.stdout.flush()


def _one(options: argparse.Namespace, task: str, method: str, folder: Path) -> dict[str, object]:
    recipe = store.with_changes(
        Recipe(),
        {
            "model.source": options.model,
            "task.kind": task,
            "data.files": [str(paths.resources() / "samples" / SAMPLES[task])],
            "data.max_rows": 600,
            "training.max_steps": options.steps,
            "training.accumulation": 1,
            "training.batch_size": 8,
            "training.sequence_length": 96,
            "training.learning_rate": 1e-3,
            "evaluation.every": 0.5,
            "evaluation.max_rows": 32,
            "evaluation.early_stopping.enabled": False,
        }
        | METHODS[method]
        | store.parse_changes(options.changes),
    )
    run = RunFolder.create(folder / "run")
    store.save(recipe, run.recipe)
    found: dict[str, object] = {"model": Path(options.model).name, "task": task, "method": method}
    begun = time.perf_counter()
    trained = _call("finetune_studio.engine.train", run.path)
    found["seconds"] = round(time.perf_counter() - begun, 1)
    state = fold(EventReader(run.events).read())
    if trained.returncode:
        return found | {"failed": str(state.outcome)}
    losses = [round(each.metrics["loss"], 4) for each in state.evaluations]
    found |= {"loss_before": losses[0], "loss_after": losses[-1], **state.evaluations[-1].metrics}
    out = folder / "merged"
    merged = _call("finetune_studio.engine.export", run.path, "merged", out, "--json")
    if merged.returncode:
        return found | {"failed": merged.stderr.strip().splitlines()[-1]}
    report = json.loads(merged.stdout.splitlines()[-1])
    said = _call("finetune_studio.engine.chat", run.path, "--prompt", PROMPTS[task], "--tokens", 16)
    answer = " ".join(said.stdout.split())
    return found | {"way": report["way"], "parity": report["parity"], "answer": answer}


def _call(module: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ENGINE, module, *map(str, arguments)], capture_output=True, text=True, check=False
    )


if __name__ == "__main__":
    main()
