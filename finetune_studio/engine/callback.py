"""Between two steps: events out, orders in, measuring, checkpoints, early stopping."""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from finetune_studio.engine import checkpoints
from finetune_studio.engine.device import Device
from finetune_studio.engine.figures import Meter, OnTheirWay
from finetune_studio.engine.gauges import Gauges
from finetune_studio.engine.pace import Pace
from finetune_studio.engine.records import Records
from finetune_studio.errors import StudioError
from finetune_studio.i18n import tr
from finetune_studio.recipe.schema import Recipe
from finetune_studio.recipe.steps import Steps

MEMORY_EVERY = 5.0  # seconds between two looks at memory
PAUSE_LOOK = 0.2  # seconds between two looks at the orders while paused


def steps_behind(device: Device) -> int:
    """How many steps that were sent are not told of yet: one, so that a GPU never waits."""
    return 1 if device.kind == "cuda" else 0


@dataclass(frozen=True)
class _Step:
    """A step that is over and not told of yet."""

    number: int
    epoch: float
    rate: float
    figures: OnTheirWay


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
        self._untold: deque[_Step] = deque()
        self._behind = steps_behind(device)
        self._rate = 0.0
        self._memory_at = 0.0
        self._gauges = Gauges(device)

    def begin(self, checkpoint: Path | None) -> None:
        """Go on from a checkpoint, with its best loss and its patience, or measure the start."""
        if checkpoint:
            kept = checkpoints.progress_of(checkpoint)
            self.best = tuple(kept["best"]) if kept["best"] else None
            self._waited = kept["waited"]
            if (best := self.best_folder()) and not checkpoints.is_sound(best):
                self.best = None  # what cannot be gone back to must not outdo what can
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

    def on_pre_optimizer_step(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        lr_scheduler: Any = None,
        **_: Any,
    ) -> None:
        """Note the rate that this step learns at."""
        self._rate = float(lr_scheduler.get_last_lr()[0])

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Tell, measure and save what is due, and obey."""
        step = state.global_step
        figures = self._meter.close(self._device.world)
        self._untold.append(_Step(step, state.epoch or 0.0, self._rate, figures))
        last = step >= self._steps.total
        measured = last or step % self._steps.every(self._recipe.evaluation.every) == 0
        saved = last or step % self._steps.every(self._recipe.checkpoints.every) == 0
        order = self._next_order()
        self._tell_steps(0 if measured or saved or order else self._behind)
        if measured and self._measure:
            self._evaluate(step, control)
        control.should_save = control.should_save or saved
        self._obey(order, control)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Tell what is left."""
        self._tell_steps(0)

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
        checkpoints.tidy(self._folder, self._recipe.checkpoints.keep, self.best_folder(), step)

    def _tell_steps(self, left: int) -> None:
        """Tell of the steps that are over, but for the latest `left`."""
        while len(self._untold) > left:
            self._tell(self._untold.popleft())

    def _tell(self, done: "_Step") -> None:
        """A step's figures; a loss or gradient that is no number ends the run."""
        figures = done.figures.read()
        now = time.monotonic()
        seconds, self._clock = max(now - self._clock, 1e-9), now
        self._emit(
            "metrics",
            step=done.number,
            loss=figures.loss,
            learning_rate=done.rate,
            grad_norm=figures.grad_norm,
            tokens_per_second=figures.fed / seconds,
            token_accuracy=figures.accuracy,
        )
        self._pace.step(now)
        self._emit(
            "progress",
            step=done.number,
            steps=self._steps.total,
            epoch=done.epoch,
            seconds_left=self._pace.left(self._steps.total - done.number),
        )
        self._tell_memory(now)
        if not math.isfinite(figures.loss):
            raise _diverged(tr("The loss is no longer a number."), done.number)
        scaled = self._device.precision == "fp16"  # such a step is left out, and the scale lowered
        if not (scaled or math.isfinite(figures.grad_norm)):
            raise _diverged(tr("The gradient is no longer a number."), done.number)

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
        lower = self.best is None or loss < self.best[0] - stopping.minimum_change
        if lower and math.isfinite(loss):
            self.best, self._waited = (loss, step), 0
            control.should_save = True
            return
        self._waited += 1
        if stopping.enabled and self._waited >= stopping.patience:
            control.should_training_stop = control.should_save = True
            self.reason = "early-stopping"

    def _obey(self, order: str, control: TrainerControl) -> None:
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


def _diverged(what: str, step: int) -> StudioError:
    return StudioError(
        what,
        tr("It diverged at step {step}.").format(step=step),
        tr("Lower training.learning_rate, or raise training.warmup_ratio."),
    )
