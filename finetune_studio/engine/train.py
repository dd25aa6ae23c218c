"""One fine-tuning, from recipe to result: `python -m finetune_studio.engine.train RUN [--resume]`.

Reads RUN/recipe.yaml, appends to RUN/events.jsonl, obeys RUN/orders.jsonl, writes RUN/checkpoints,
RUN/result and the exports that are asked for. Several processes (torchrun) do the same work in
parts; only the first of them writes.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch.utils.data import DataLoader
from transformers import Trainer, set_seed

from finetune_studio import interrupts
from finetune_studio.catalog.resolve import resolve_model
from finetune_studio.engine import checkpoints
from finetune_studio.engine.announce import announce
from finetune_studio.engine.arguments import lengths_are_grouped, training_arguments
from finetune_studio.engine.callback import Watch
from finetune_studio.engine.collating import batches_of
from finetune_studio.engine.dataset import prepare
from finetune_studio.engine.device import Device, find_device
from finetune_studio.engine.evaluate import evaluate
from finetune_studio.engine.figures import Meter
from finetune_studio.engine.footing import Footing, stand
from finetune_studio.engine.formats import export_as_asked
from finetune_studio.engine.loading import context_length
from finetune_studio.engine.loss import Loss
from finetune_studio.engine.process import as_studio_error, quiet
from finetune_studio.engine.records import Records
from finetune_studio.engine.result import restore_best, save_result
from finetune_studio.engine.samples import Voice, voice_of
from finetune_studio.engine.sharing import (
    Grouping,
    SharingTrainer,
    batches_to_learn,
    lengths_of,
)
from finetune_studio.engine.speed.compile_time import CompileTime
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import keep_sources, mark, sources_of, tr
from finetune_studio.recipe import store
from finetune_studio.recipe.checks import check_context, refuse_errors
from finetune_studio.recipe.schema import Recipe
from finetune_studio.recipe.steps import Steps
from finetune_studio.runs.folder import RunFolder


def train(run: RunFolder, resume: bool, records: Records) -> str:
    """Do the whole job and return why it ended: `finished`, `early-stopping`, or an order."""
    recipe = store.load(run.recipe)
    device = find_device(recipe)
    refuse_errors(recipe)
    set_seed(recipe.training.seed)
    source = _find_model(recipe, records)
    footing = _make_ready(recipe, source, device, records)
    start = _start_point(run, resume, device, records)
    _refuse_nothing_to_do(run, start, footing.steps)
    announce(recipe, device, footing, start, records)

    trainer, watch = _trainer(run, recipe, device, footing, records)
    watch.begin(start)
    records.emit("phase", name="training")
    trainer.train(resume_from_checkpoint=str(start) if start else None)

    if watch.reason != "cancelled":
        records.emit("phase", name="saving")
        restore_best(trainer.model, _sound_best(watch, records))
        if device.first:
            save_result(trainer.model, recipe, source, footing.data, run.result)
    return watch.reason or "finished"


def _find_model(recipe: Recipe, records: Records) -> Path:
    """The model's folder, inspected: safe to load, and with room for the rows."""
    records.emit("phase", name="loading")
    model = recipe.model
    source = resolve_model(model.source, model.revision, model.trust_remote_code)
    refuse_errors(check_context(recipe, context_length(source, model.trust_remote_code)))
    return source


def _make_ready(recipe: Recipe, source: Path, device: Device, records: Records) -> Footing:
    records.emit("phase", name="tokenizing")
    data = prepare(recipe, source, records.emit)
    records.emit("phase", name="loading")
    return stand(recipe, source, device, data, records.emit)


def _trainer(
    run: RunFolder, recipe: Recipe, device: Device, footing: Footing, records: Records
) -> tuple[SharingTrainer, Watch]:
    """Transformers' loop over our batches with our loss, and what happens between its steps."""
    data, steps, meter = footing.data, footing.steps, Meter()
    trainer = SharingTrainer(
        _batches(recipe, footing, device, meter),
        Loss(recipe.task.kind, meter, footing.head),
        model=footing.model,
        args=training_arguments(recipe, steps, device, run.checkpoints),
    )
    trainer.remove_callback(_printer(trainer))
    voice = voice_of(recipe, data.tokenizer, data.template, data.label_names)
    measure = _measuring(recipe, trainer, footing, device)
    speak = _speaking(recipe, trainer, voice, device, records.emit)
    watch = Watch(recipe, steps, device, meter, records, measure, speak, run.checkpoints)
    trainer.add_callback(watch)
    if footing.ideas.choices["compile"]:
        trainer.add_callback(CompileTime(records.emit))
    return trainer, watch


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


def _batches(
    recipe: Recipe, footing: Footing, device: Device, meter: Meter
) -> DataLoader[dict[str, Any]]:
    training, data, grouping = recipe.training, footing.data, None
    if lengths_are_grouped(recipe):
        step = training.batch_size * training.accumulation * device.world
        grouping = Grouping(lengths_of(data.train), step)
    return batches_to_learn(
        data.train,
        data.collator.counting(meter.fed),
        training.batch_size,
        training.seed,
        device,
        grouping,
        ahead=footing.ahead,
    )


def _printer(trainer: Trainer) -> type:
    return next(
        type(c) for c in trainer.callback_handler.callbacks if "Printer" in type(c).__name__
    )


def _measuring(
    recipe: Recipe, trainer: Trainer, footing: Footing, device: Device
) -> Callable[[], dict[str, float]] | None:
    data, labels = footing.data, len(footing.data.label_names)
    if not len(data.validation):
        return None
    size = recipe.evaluation.batch_size or recipe.training.batch_size
    collator = replace(data.collator, flat=data.collator.flat or data.collator.edges, length=0)
    batches = batches_of(data.validation, collator, size, device)
    return lambda: evaluate(trainer.model, batches(), device, labels, footing.head)


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
    records.step = checkpoints.step_of(start) if start else 0
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


def main(arguments: list[str]) -> int:
    """Run as a process; every end is an event, and an exit code."""
    quiet()
    keep_sources()
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
            parts = told.as_dict()
            _last_word(records, "failed", **parts, sources=sources_of(parts))
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
