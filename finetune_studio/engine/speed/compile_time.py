"""How long compiling the layers took, apart from training: the first steps beside a later one."""

import time
from collections.abc import Callable
from typing import Any

from transformers import TrainerCallback

from finetune_studio.i18n import mark

COMPILING = 2  # steps in which layers may compile: the second finds gradients there already


class CompileTime(TrainerCallback):
    """Tells it once, after the first step that compiled nothing."""

    def __init__(self, emit: Callable[..., None]) -> None:
        self._emit = emit
        self._began = 0.0
        self._seconds: list[float] = []

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """Start the clock."""
        self._began = time.monotonic()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """Stop it; tell what the first steps took longer."""
        if len(self._seconds) > COMPILING:
            return
        self._seconds.append(time.monotonic() - self._began)
        if len(self._seconds) > COMPILING:
            *first, usual = self._seconds
            self._emit(
                "notice",
                level="advice",
                code="compiled",
                text=mark("Compiling the layers took {seconds} s, once."),
                values={"seconds": round(max(0.0, sum(first) - COMPILING * usual), 1)},
            )
