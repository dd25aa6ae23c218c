"""Two steps at the longest batch, to learn what a run really needs: `dry_run RECIPE [HELD]`.

Loads, adapts and trains as the trainer does, writes nothing but one JSON document on stdout, and
keeps nothing of what was learned.
"""

import gc
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback, set_seed

from finetune_studio.catalog.resolve import resolve_model
from finetune_studio.engine.adapters import count_parameters
from finetune_studio.engine.arguments import training_arguments
from finetune_studio.engine.dataset import Prepared, prepare
from finetune_studio.engine.device import Device, find_device
from finetune_studio.engine.figures import Meter
from finetune_studio.engine.footing import stand
from finetune_studio.engine.loss import Loss
from finetune_studio.engine.process import run_as_process
from finetune_studio.engine.sharing import SharingTrainer, batches_to_learn
from finetune_studio.recipe import store
from finetune_studio.recipe.checks import refuse_errors
from finetune_studio.recipe.schema import Recipe
from finetune_studio.recipe.steps import count_steps

STEPS = 2
"""The second finds optimiser states there already, as all later ones do."""


class Clock(TrainerCallback):
    """Times each step."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._began = 0.0

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """Start."""
        self._began = time.monotonic()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """Stop, once the GPU is done."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.seconds.append(time.monotonic() - self._began)


def dry_run(recipe: Recipe, held: int = 0) -> dict[str, Any]:
    """Train two steps and return what they took; memory that ran out is an answer, too.

    Args:
        recipe: What the person decided.
        held: Bytes of the GPU that other programs hold.
    """
    refuse_errors(recipe)
    recipe = store.with_changes(
        recipe,
        {"training.max_steps": STEPS, "training.speed.selective_checkpointing": "off"},
    )  # what is filled because it is free says nothing of what is needed
    device = find_device(recipe)
    set_seed(recipe.training.seed)
    model = recipe.model
    source = resolve_model(model.source, model.revision, model.trust_remote_code)
    data = prepare(recipe, source, _unheard)
    about: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if device.kind == "cuda" else "cpu",
        "out_of_memory": False,
    }
    try:
        about |= _train(recipe, source, device, data, about)
    except torch.OutOfMemoryError:
        gc.collect()
        about["out_of_memory"] = True
    return about | {"peak_bytes": _peak(device, held)}


def _longest(recipe: Recipe, data: Prepared) -> Any:
    """The rows of the fullest step, once for each step."""
    lengths = [len(ids) for ids in data.train["input_ids"]]
    count = recipe.training.batch_size * recipe.training.accumulation
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])[:count]
    whole = [order[index % len(order)] for index in range(count)]
    return data.train.select(whole * STEPS)


def _unheard(*_: Any, **__: Any) -> None:
    """What a dry run would tell is told by the run."""


def _train(
    recipe: Recipe, source: Path, device: Device, data: Prepared, about: dict[str, Any]
) -> dict[str, Any]:
    footing = stand(recipe, source, device, data, _unheard)
    model, data = footing.model, footing.data
    rows = _longest(recipe, data)
    about["longest"] = len(rows[0]["input_ids"])
    trainable, whole = count_parameters(model)
    meter, training, clock = Meter(), recipe.training, Clock()
    with tempfile.TemporaryDirectory(prefix="dry-run-") as folder:
        trainer = SharingTrainer(
            batches_to_learn(
                rows, data.collator.counting(meter.fed), training.batch_size, training.seed, device
            ),
            Loss(recipe.task.kind, meter, footing.head),
            model=model,
            args=training_arguments(recipe, count_steps(recipe, len(rows)), device, Path(folder)),
            callbacks=[clock],
        )
        for each in _printers(trainer):
            trainer.remove_callback(each)
        trainer.train()
    return {
        "steps": len(clock.seconds),
        "step_seconds": clock.seconds[-1],
        "trainable_parameters": trainable,
        "parameters": whole,
    }


def _printers(trainer: SharingTrainer) -> list[type]:
    kinds = [type(each) for each in trainer.callback_handler.callbacks]
    return [kind for kind in kinds if "Print" in kind.__name__]


def _used() -> int:
    """Bytes of the GPU in use, by whomever."""
    free, total = torch.cuda.mem_get_info()
    return total - free


def _peak(device: Device, held: int) -> int:
    """What the driver reports at the peak: reserved memory and the context; else the process's.

    Args:
        device: Where it ran.
        held: Bytes of the GPU that other programs held before this one began.
    """
    if device.kind == "cuda":
        return torch.cuda.max_memory_reserved() + max(
            0, _used() - held - torch.cuda.memory_reserved()
        )
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kibibytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main(arguments: list[str]) -> int:
    """Run as a process: one JSON document on stdout."""
    held = int(arguments[1]) if len(arguments) > 1 else 0
    print(json.dumps(dry_run(store.load(Path(arguments[0])), held)))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(run_as_process(main))
