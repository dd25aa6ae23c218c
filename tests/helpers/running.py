"""Runs the real trainer in this process on a few rows."""

import json
from pathlib import Path
from typing import Any

from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.events import EventReader
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.state import RunState, fold

FAST: dict[str, Any] = {
    "training.epochs": 2,
    "training.batch_size": 4,
    "training.accumulation": 1,
    "training.sequence_length": 64,
    "training.learning_rate": 2e-3,
    "training.warmup_ratio": 0.0,
    "evaluation.every": 0.5,
    "evaluation.early_stopping.enabled": False,
    "checkpoints.every": 0.5,
    "data.split.validation": 0.2,
}
ROWS = {
    "chat": [{"질문": f"숫자 {n}에 하나를 더하면?", "답변": f"{n + 1}입니다."} for n in range(40)],
    "text": [
        {"text": f"오늘은 {n}월이다. 날씨가 좋다. A good film number {n}."} for n in range(40)
    ],
    "classify": [
        {"text": ("재미있는 영화 " if n % 2 else "지루한 영화 ") + str(n), "label": "np"[n % 2]}
        for n in range(40)
    ],
}


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows as JSON Lines."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")
    return path


def make_run(
    folder: Path, model: Path, task: str = "chat", method: str = "lora", **changes: Any
) -> RunFolder:
    """A run's folder with a recipe for `ROWS[task]`; change names have `__` for dots."""
    folder.mkdir(parents=True, exist_ok=True)
    data = write_rows(folder / "rows.jsonl", ROWS[task])
    dotted = {name.replace("__", "."): value for name, value in changes.items()}
    recipe = store.with_changes(
        Recipe(),
        {"task.kind": task, "method.kind": method, "model.source": str(model)}
        | {"data.files": [str(data)]}
        | FAST
        | dotted,
    )
    run = RunFolder.create(folder / "run")
    store.save(recipe, run.recipe)
    return run


def train(run: RunFolder, *, resume: bool = False) -> tuple[int, RunState]:
    """Train in this process; the exit code and what the run has come to."""
    from finetune_studio.engine.train import main

    code = main([str(run.path), *(["--resume"] if resume else [])])
    return code, state_of(run)


def state_of(run: RunFolder) -> RunState:
    """What the run's events say."""
    return fold(EventReader(run.events).read())


def losses(state: RunState) -> list[float | None]:
    """The loss of every step."""
    return [each.loss for each in state.metrics]
