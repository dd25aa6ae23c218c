"""lm-evaluation-harness on a run's models, where it is installed: public benchmarks by their names.

It runs as a program of its own, once for each model, and writes files that are read here. Nothing
of it is imported. Most of its tasks fetch their data from the Hub.
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from finetune_studio.engine.tuned import Tuned
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.i18n import tr
from finetune_studio.recipe.methods import Full, Qlora

MODULE = "lm_eval"
SAID = 300  # characters of its last words that are passed on
COUNTS = ("sample_len", "alias")
"""What stands among a task's figures and is none."""


def refuse_missing() -> None:
    """Refuse where it is not installed.

    Raises:
        RefusedError: It is not.
    """
    if importlib.util.find_spec(MODULE) is None:
        raise RefusedError(
            tr("lm-evaluation-harness is not installed."),
            tr("It is an extra of its own, for it brings many packages."),
            tr('Install it with `pip install "finetune-studio[harness]"`, or leave --harness out.'),
        )


def measure(
    tuned: Tuned, tasks: Sequence[str], include: Path | None, limit: int
) -> dict[str, dict[str, dict[str, float]]]:
    """What it says of the base model and of the tuned one: `{side: {task: {metric: value}}}`.

    Args:
        tuned: The run.
        tasks: Names of its tasks.
        include: A folder with task files of the person's own.
        limit: At most so many rows of each task; 0 takes all.

    Raises:
        RefusedError: The run classifies: there is no text to score.
        StudioError: It failed; its last words say why.
    """
    if tuned.labels:
        raise RefusedError(
            tr("lm-evaluation-harness measures models that write; this run classifies."),
            hint=tr("Leave --harness out."),
        )
    return {side: _run(tuned, side == "base", tasks, include, limit) for side in ("base", "tuned")}


def _run(
    tuned: Tuned, base: bool, tasks: Sequence[str], include: Path | None, limit: int
) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory(prefix="studio-harness-") as place:
        command = [sys.executable, "-m", MODULE, "--model", "hf"]
        command += ["--model_args", ",".join(f"{k}={v}" for k, v in model_of(tuned, base).items())]
        command += ["--tasks", ",".join(tasks), "--output_path", place, "--device", _device(tuned)]
        command += ["--include_path", str(include)] if include else []
        command += ["--limit", str(limit)] if limit else []
        child = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", check=False, env=_environ()
        )
        if child.returncode:
            raise StudioError(
                tr("lm-evaluation-harness failed."),
                (child.stderr.strip().splitlines() or [""])[-1][-SAID:],
                tr("Check the names of the tasks, and that their data can be fetched."),
            )
        return results(Path(place))


def model_of(tuned: Tuned, base: bool) -> dict[str, Any]:
    """What its `hf` model is told of one side."""
    whole = isinstance(tuned.recipe.method, Full)
    if whole and not base:
        return {"pretrained": tuned.folder, "dtype": str(tuned.device.dtype).split(".")[-1]}
    found: dict[str, Any] = {"pretrained": tuned.source, "tokenizer": tuned.folder}
    found["dtype"] = str(tuned.device.dtype).split(".")[-1]
    if not base:
        found["peft"] = tuned.folder
    if isinstance(tuned.recipe.method, Qlora):
        found[f"load_in_{tuned.recipe.method.bits}bit"] = True
    return found


def results(folder: Path) -> dict[str, dict[str, float]]:
    """The newest results file in a folder: each task's numbers, without their deviations."""
    file = max(folder.rglob("results_*.json"), key=lambda each: each.stat().st_mtime)
    found = json.loads(file.read_text(encoding="utf-8"))["results"]
    return {
        task: {
            name.partition(",")[0]: float(value)
            for name, value in figures.items()
            if isinstance(value, int | float) and "stderr" not in name and name not in COUNTS
        }
        for task, figures in found.items()
    }


def _device(tuned: Tuned) -> str:
    return f"cuda:{tuned.device.index}" if tuned.device.kind == "cuda" else "cpu"


def _environ() -> dict[str, str]:
    return dict(os.environ) | {"TOKENIZERS_PARALLELISM": "false"}
