"""One fine-tuning, from recipe to result: `python -m finetune_studio.engine.train RUN [--resume]`.

Reads RUN/recipe.yaml, appends to RUN/events.jsonl, obeys RUN/orders.jsonl, writes
RUN/checkpoints and
RUN/result. Several processes (torchrun) do the same work in parts; only the first of them writes.
"""

import gc
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, set_seed

from finetune_studio import interrupts
from finetune_studio.catalog.resolve import resolve_model
from finetune_studio.engine import checkpoints
from finetune_studio.engine.adapters import count_parameters, with_adapter
from finetune_studio.engine.arguments import (
    checkpointing_in_use,
    lengths_are_grouped,
    optimizer_in_use,
    pure_half,
    training_arguments,
)
from finetune_studio.engine.callback import Watch
from finetune_studio.engine.collating import batches_of
from finetune_studio.engine.dataset import Prepared, prepare
from finetune_studio.engine.device import Device, find_device
from finetune_studio.engine.evaluate import evaluate
from finetune_studio.engine.loading import context_length, keep_fewer_activations, load_model
from finetune_studio.engine.loss import Loss, Meter
from finetune_studio.engine.process import as_studio_error, quiet
from finetune_studio.engine.records import Records
from finetune_studio.engine.result import restore_best, save_result
from finetune_studio.engine.samples import Voice, voice_of
from finetune_studio.engine.sharing import Grouping, SharingTrainer, batches_to_learn, lengths_of
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import mark, tr
from finetune_studio.recipe import store
from finetune_studio.recipe.checks import check_context, refuse_errors
from finetune_studio.recipe.schema import Recipe
from finetune_studio.recipe.steps import Steps, count_steps
from finetune_studio.runs.folder import RunFolder

PACKAGES = ("torch", "transformers", "peft", "trl", "accelerate", "bitsandbytes", "datasets")


def train(run: RunFolder, resume: bool, records: Records) -> str:
    """Do the whole job and return why it ended: `finished`, `early-stopping`, or an order."""
    recipe = store.load(run.recipe)
    device = find_device(recipe)
    refuse_errors(recipe)
    set_seed(recipe.training.seed)

    records.emit("phase", name="loading")
    source = resolve_model(
        recipe.model.source, recipe.model.revision, recipe.model.trust_remote_code
    )
    refuse_errors(check_context(recipe, context_length(source)))
    records.emit("phase", name="tokenizing")
    data = prepare(recipe, source, records.emit)
    steps = count_steps(recipe, len(data.train), device.world)
    records.emit("phase", name="loading")
    model = load_model(recipe, source, device, data.labels, data.pad_id)
    if checkpointing_in_use(recipe, device):
        keep_fewer_activations(model)
    model = with_adapter(model, recipe)
    start = _start_point(run, resume, device, records)
    _refuse_nothing_to_do(run, start, steps)
    _announce(recipe, device, model, data, steps, start, records)

    meter = Meter()
    voice = voice_of(recipe, data.tokenizer, data.template, data.label_names)
    trainer = SharingTrainer(
        _batches(recipe, data, device, meter),
        model=model,
        args=training_arguments(recipe, steps, device, run.checkpoints),
        compute_loss_func=Loss(recipe.task.kind, meter),
    )
    trainer.remove_callback(_printer(trainer))
    measure = _measuring(recipe, trainer, data, device)
    speak = _speaking(recipe, trainer, voice, device, records.emit)
    watch = Watch(recipe, steps, device, meter, records, measure, speak, run.checkpoints)
    trainer.add_callback(watch)

    if start:
        watch.come_back(start)
    elif measure:
        records.emit("phase", name="evaluating")
        records.emit("evaluated", step=0, metrics=measure())
        speak(0)
    records.emit("phase", name="training")
    trainer.train(resume_from_checkpoint=str(start) if start else None)

    if watch.reason == "cancelled":
        return watch.reason
    records.emit("phase", name="saving")
    restore_best(trainer.model, _sound_best(watch, records))
    if device.first:
        save_result(trainer.model, recipe, source, data, run.result)
    return watch.reason or "finished"


def _sound_best(watch: Watch, records: Records) -> Path | None:
    """The best checkpoint; None where none was measured or it is damaged, which is told."""
    best = watch.best_folder()
    if best is None or checkpoints.is_sound(best):
        return best
    records.emit(
        "notice",
        level="warning",
        code="best-damaged",
        text=mark("The best checkpoint, {name}, is damaged: the last weights are kept."),
        values={"name": best.name},
    )
    return None


def _refuse_nothing_to_do(run: RunFolder, start: Path | None, steps: Steps) -> None:
    if start and checkpoints.step_of(start) >= steps.total and run.result.is_dir():
        raise RefusedError(
            tr("This run has done all its {steps} steps.").format(steps=steps.total),
            hint=tr("Raise training.epochs or training.max_steps to go on."),
        )


def _announce(
    recipe: Recipe,
    device: Device,
    model: Any,
    data: Prepared,
    steps: Steps,
    start: Path | None,
    records: Records,
) -> None:
    trainable, whole = count_parameters(model)
    in_use = {
        "device": torch.cuda.get_device_name() if device.kind == "cuda" else "cpu",
        "processes": device.world,
        "precision": device.precision,
        "optimizer": optimizer_in_use(recipe, device),
        "gradient_checkpointing": checkpointing_in_use(recipe, device),
        "pure_half_precision": pure_half(recipe, device),
        "attention": model.config._attn_implementation,
        "trainable_parameters": trainable,
        "parameters": whole,
        "rows": data.rows,
        "validation_rows": data.validation_rows,
        "steps": steps.total,
        "steps_per_epoch": steps.per_epoch,
        "packing": recipe.training.packing,
        "length_grouping": lengths_are_grouped(recipe),
    }
    if start:
        in_use["resumed_from_step"] = checkpoints.step_of(start)
    records.emit(
        "started",
        recipe_hash=store.digest(recipe),
        asked=recipe.model_dump(mode="json"),
        in_use=in_use,
        versions={name: version(name) for name in PACKAGES},
    )


def _batches(recipe: Recipe, data: Prepared, device: Device, meter: Meter) -> Any:
    training = recipe.training
    grouping = None
    if lengths_are_grouped(recipe):
        step = training.batch_size * training.accumulation * device.world
        grouping = Grouping(lengths_of(data.train), step)
    collator = data.collator.counting(meter.fed)
    return batches_to_learn(
        data.train, collator, training.batch_size, training.seed, device, grouping
    )


def _printer(trainer: Trainer) -> type:
    return next(
        type(c) for c in trainer.callback_handler.callbacks if "Printer" in type(c).__name__
    )


def _measuring(
    recipe: Recipe, trainer: Trainer, data: Prepared, device: Device
) -> Callable[[], dict[str, float]] | None:
    if not len(data.validation):
        return None
    size = recipe.evaluation.batch_size or recipe.training.batch_size
    batches = batches_of(data.validation, data.collator, size, device)
    return lambda: evaluate(trainer.model, batches(), device, len(data.label_names))


def _speaking(
    recipe: Recipe, trainer: Trainer, voice: Voice, device: Device, emit: Callable[..., None]
) -> Callable[[int], None]:
    def speak(step: int) -> None:
        if not device.first:
            return
        for prompt in recipe.evaluation.prompts:
            asked = [{"role": "user", "content": prompt}]
            text = voice.answer(trainer.model, asked, recipe.evaluation.sample_tokens)
            emit("sample", step=step, prompt=prompt, text=text)

    return speak


def _start_point(run: RunFolder, resume: bool, device: Device, records: Records) -> Path | None:
    if not resume:
        return None
    start, damaged = checkpoints.newest_sound(run.checkpoints)
    for each in damaged:
        records.emit(
            "notice",
            level="warning",
            code="checkpoint-damaged",
            text=mark("{name} is damaged and was passed over."),
            values={"name": each.name},
        )
    if device.first and start is None and any(run.checkpoints.glob("checkpoint-*")):
        records.emit(
            "notice",
            level="warning",
            code="no-checkpoint",
            text=mark("No whole checkpoint was found; training starts again."),
            values={},
        )
    return start


def export_as_asked(run: RunFolder, records: Records) -> None:
    """Write the formats that the recipe asks for; one that fails is told and ends nothing."""
    if os.environ.get("RANK", "0") != "0":
        return
    for name in store.load(run.recipe).export.formats:
        out = run.path / "exports" / name
        shutil.rmtree(out, ignore_errors=True)  # of a run that was extended
        command = [sys.executable, "-m", "finetune_studio.engine.export", str(run.path), name]
        gc.collect()
        torch.cuda.empty_cache()
        done = subprocess.run([*command, str(out), "--json"], stdout=subprocess.PIPE, check=False)
        if done.returncode:
            records.emit(
                "notice",
                level="error",
                code="export-failed",
                text=mark("The export {format} failed; trainer.log says why."),
                values={"format": name},
            )
            continue
        report = json.loads(done.stdout)
        if not report["agrees"]:
            records.emit(
                "notice",
                level="warning",
                code="export-differs",
                text=mark("The export {format} is {kl:.2g} nats away from what was trained."),
                values={"format": name, "kl": report["parity"]["mean_kl"]},
            )


def main(arguments: list[str]) -> int:
    """Run as a process; every end is an event, and an exit code."""
    quiet()
    interrupts.raise_interrupts()
    run = RunFolder(Path(arguments[0]))
    with Records(run) as records:
        try:
            reason = train(run, "--resume" in arguments[1:], records)
            if reason != "cancelled":
                export_as_asked(run, records)
        except KeyboardInterrupt:
            _last_word(records, "stopped", step=records.step, reason="interrupted")
            return 130
        except Exception as error:  # noqa: BLE001  (the last door: whatever it is becomes an event)
            told = as_studio_error(error)
            _last_word(records, "failed", **told.as_dict())
            return 2 if isinstance(told, RefusedError) else 1
        kind = "finished" if reason in ("finished", "early-stopping") else "stopped"
        return 0 if _last_word(records, kind, step=records.step, reason=reason) else 1


def _last_word(records: Records, kind: str, **fields: Any) -> bool:
    """Say how it ended; a disk without room for it is told in the log, which may still have some.

    Returns:
        Whether it could be said.
    """
    try:
        records.emit(kind, **fields)
    except OSError as error:
        print(f"{kind}: {fields}: {as_studio_error(error)}", file=sys.stderr)  # noqa: T201
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
