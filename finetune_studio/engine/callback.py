"""Between two steps: events out, orders in, measuring, checkpoints, early stopping."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from finetune_studio.engine import checkpoints
from finetune_studio.engine.device import Device
from finetune_studio.engine.gauges import Gauges
from finetune_studio.engine.loss import Meter
from finetune_studio.engine.pace import Pace
from finetune_studio.engine.records import Records
from finetune_studio.errors import StudioError
from finetune_studio.i18n import tr
from finetune_studio.recipe.schema import Recipe
from finetune_studio.recipe.steps import Steps

MEMORY_EVERY = 5.0  # seconds between two looks at memory
PAUSE_LOOK = 0.2  # seconds between two looks at the orders while paused


class Watch(TrainerCallback):
    """Runs between steps, in every process; only the first writes."""

    def __init__(
        self,
        recipe: Recipe,
        steps: Steps,
        device: Device,
        meter: Meter,
        records: Records,
        measure: Callable[[], dict[str, float]] | None,
        speak: Callable[[int], None],
        folder: Path,
    ) -> None:
        self._recipe, self._steps, self._device, self._meter = recipe, steps, device, meter
        self._emit, self._read_orders, self._folder = records.emit, records.read_orders, folder
        self._measure, self._speak = measure, speak
        self.best: tuple[float, int] | None = None
        self.reason = ""
        self._waited = 0
        self._clock = time.monotonic()
        self._pace = Pace(steps.every(recipe.evaluation.every))
        self._memory_at = 0.0
        self._gauges = Gauges(device)

    def begin(self, checkpoint: Path | None) -> None:
        """Go on from a checkpoint, with its best loss and its patience, or measure the start."""
        if checkpoint:
            kept = checkpoints.progress_of(checkpoint)
            self.best = tuple(kept["best"]) if kept["best"] else None
            self._waited = kept["waited"]
        elif self._measure:
            self._emit("phase", name="evaluating")
            self._emit("evaluated", step=0, metrics=self._measure())
            self._speak(0)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Start the clocks."""
        self._clock = time.monotonic()
        self._pace.begin(self._clock)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Measure and save where it is due, and obey."""
        step = state.global_step
        control.should_log = True
        last = step >= self._steps.total
        if self._measure and (last or step % self._steps.every(self._recipe.evaluation.every) == 0):
            self._evaluate(step, control)
        if last or step % self._steps.every(self._recipe.checkpoints.every) == 0:
            control.should_save = True
        self._obey(control)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Tell the step's figures; a loss that is no number ends the run."""
        if not logs or "loss" not in logs:
            return
        now = time.monotonic()
        fed = self._meter.take_fed(self._recipe.training.accumulation) * self._device.world
        seconds, self._clock = max(now - self._clock, 1e-9), now
        step = state.global_step
        self._emit(
            "metrics",
            step=step,
            loss=logs["loss"],
            learning_rate=logs.get("learning_rate"),
            grad_norm=logs.get("grad_norm"),
            tokens_per_second=fed / seconds,
            token_accuracy=self._meter.take_accuracy(),
        )
        self._pace.step(now)
        self._emit(
            "progress",
            step=step,
            steps=self._steps.total,
            epoch=state.epoch or 0.0,
            seconds_left=self._pace.left(self._steps.total - step),
        )
        self._tell_memory(now)
        if not math.isfinite(logs["loss"]):
            raise StudioError(
                tr("The loss is no longer a number."),
                tr("It diverged at step {step}.").format(step=step),
                tr("Lower training.learning_rate, or raise training.warmup_ratio."),
            )

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Seal the checkpoint, tell of it, and delete the old ones."""
        if not self._device.first:
            return
        step = state.global_step
        path = self._folder / f"checkpoint-{step}"
        whole = checkpoints.seal(path, step, {"best": self.best, "waited": self._waited})
        best = self.best is not None and self.best[1] == step
        self._emit(
            "checkpoint",
            step=step,
            path=f"{self._folder.name}/{path.name}",
            best=best,
            sha256=whole,
        )
        checkpoints.tidy(self._folder, self._recipe.checkpoints.keep, self.best_folder())

    def best_folder(self) -> Path | None:
        """The checkpoint with the lowest validation loss, if one was measured."""
        return self._folder / f"checkpoint-{self.best[1]}" if self.best else None

    def _evaluate(self, step: int, control: TrainerControl) -> None:
        assert self._measure is not None
        began = time.monotonic()
        self._emit("phase", name="evaluating")
        metrics = self._measure()
        self._emit("evaluated", step=step, metrics=metrics)
        self._speak(step)
        self._judge(metrics["loss"], step, control)
        self._emit("phase", name="training")
        self._clock += time.monotonic() - began

    def _judge(self, loss: float, step: int, control: TrainerControl) -> None:
        stopping = self._recipe.evaluation.early_stopping
        if self.best is None or loss < self.best[0] - stopping.minimum_change:
            self.best, self._waited = (loss, step), 0
            control.should_save = True
            return
        self._waited += 1
        if stopping.enabled and self._waited >= stopping.patience:
            control.should_training_stop = control.should_save = True
            self.reason = "early-stopping"

    def _obey(self, control: TrainerControl) -> None:
        order = self._next_order()
        if order == "pause":
            began = time.monotonic()
            self._emit("phase", name="paused")
            while order not in ("go-on", "stop-and-save", "cancel"):
                time.sleep(PAUSE_LOOK)
                order = self._next_order()
            self._rested(time.monotonic() - began)
            self._emit("phase", name="training")
        if order == "stop-and-save":
            control.should_training_stop = control.should_save = True
            self.reason = "stop-and-save"
        elif order == "cancel":
            control.should_training_stop = True
            control.should_save = False
            self.reason = "cancelled"

    def _rested(self, seconds: float) -> None:
        self._clock += seconds
        self._pace.rested(seconds)

    def _next_order(self) -> str:
        orders = self._read_orders() if self._device.first else []
        heard = [orders[-1] if orders else ""]
        if self._device.world > 1:
            torch.distributed.broadcast_object_list(heard, src=0)
        return heard[0]

    def _tell_memory(self, now: float) -> None:
        if now - self._memory_at >= MEMORY_EVERY:
            self._memory_at = now
            self._emit("memory", **self._gauges.read())
