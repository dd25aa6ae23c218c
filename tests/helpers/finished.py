"""Runs that are finished, trained once for all tests of a session."""

from pathlib import Path
from typing import Any

from finetune_studio.runs.folder import RunFolder
from tests.helpers.running import make_run, train


def finished(
    folder: Path, model: Path, task: str = "chat", method: str = "lora", **changes: Any
) -> RunFolder:
    """A run that has a result, after a few steps."""
    run = make_run(folder, model, task, method, training__max_steps=6, **changes)
    code, state = train(run)
    assert code == 0, state
    return run
