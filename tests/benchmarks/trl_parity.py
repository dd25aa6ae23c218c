"""Does our trainer learn what a plain TRL run learns: the validation loss after the same rows.

    python -m tests.benchmarks.trl_parity [--model FOLDER] [--methods lora full qlora ...]

TRL's SFTTrainer, as it comes, gets the same model, adapter, token rows and order; ours once with
every idea off and once as a person gets it, whose batches differ where rows of like length are put
together. Both final models are measured by one function. One JSON line a method; asked is 0.5 %
(1 % with a base in 8-bit floats, which TRL trains in 16 bits).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from finetune_studio import paths
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.recipe.speed import Speed
from finetune_studio.runs.events import Evaluated, EventReader
from finetune_studio.runs.folder import RunFolder

SAMPLES = {"chat": "korean_qa.csv", "text": "korean_text.txt"}
METHODS: dict[str, dict[str, Any]] = {
    "full": {"method.kind": "full", "training.learning_rate": 2e-4},
    "lora": {"method.kind": "lora", "method.dropout": 0.0},
    "qlora": {"method.kind": "qlora", "method.dropout": 0.0},
    "qlora-float8": {
        "method.kind": "qlora",
        "method.dropout": 0.0,
        "training.speed.float8_products": "on",
    },
    "fp8": {"method.kind": "lora", "method.dropout": 0.0, "method.base_precision": "fp8"},
}
PLAIN = {f"training.speed.{idea}": "off" for idea in Speed.model_fields}
SYSTEMS = ("trl", "ours, plain", "ours")


def main() -> None:
    """Print one JSON line a method."""
    options = _options()
    if options.one:
        print(json.dumps(_trl(RunFolder(Path(options.one)))))
        return
    for method in options.methods:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(_method(options, method, Path(folder))), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="demo")
    parser.add_argument("--task", choices=SAMPLES, default="chat")
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=["lora", "full"])
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("--set", action="append", default=[], dest="changes")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parser.parse_args()


def _method(options: argparse.Namespace, method: str, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"model": Path(options.model).name, "method": method}
    for system in SYSTEMS:
        changes = METHODS[method] | (PLAIN if system != "ours" else {})
        run = RunFolder.create(folder / system)
        recipe = store.with_changes(Recipe(), _common(options) | changes)
        store.save(store.with_changes(recipe, store.parse_changes(options.changes)), run.recipe)
        found[system] = _trl_apart(run) if system == "trl" else _ours(run)
    for system in SYSTEMS[1:]:
        found[f"{system} / trl"] = round(found[system]["after"] / found["trl"]["after"], 5)
    return found


def _common(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "model.source": options.model,
        "task.kind": options.task,
        "data.files": [str(paths.resources() / "samples" / SAMPLES[options.task])],
        "training.max_steps": options.steps,
        "training.batch_size": 8,
        "training.accumulation": 1,
        "training.sequence_length": 128,
        "training.learning_rate": 1e-3,
        "evaluation.every": 10_000,  # at the end it is measured in any case
        "evaluation.prompts": [],
        "evaluation.early_stopping.enabled": False,
    }


def _ours(run: RunFolder) -> dict[str, float]:
    command = [sys.executable, "-m", "finetune_studio.engine.train", str(run.path)]
    subprocess.run(command, check=True, capture_output=True)
    measured = [each for each in EventReader(run.events).read() if isinstance(each, Evaluated)]
    return {"before": measured[0].metrics["loss"], "after": measured[-1].metrics["loss"]}


def _trl_apart(run: RunFolder) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.trl_parity", "--one", str(run.path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _trl(run: RunFolder) -> dict[str, float]:
    """The recipe by SFTTrainer, in this process."""
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    from finetune_studio.catalog.resolve import resolve_model
    from finetune_studio.engine.arguments import training_arguments
    from finetune_studio.engine.collating import batches_of
    from finetune_studio.engine.dataset import prepare
    from finetune_studio.engine.device import find_device
    from finetune_studio.engine.evaluate import evaluate
    from finetune_studio.recipe.steps import count_steps

    recipe = store.load(run.recipe)
    device = find_device(recipe)
    source = resolve_model(recipe.model.source)
    data = prepare(recipe, source, lambda *_, **__: None)
    steps = count_steps(recipe, len(data.train), 1)
    model = _model(recipe, source, device)

    def measure() -> float:
        batches = batches_of(data.validation, data.collator, recipe.training.batch_size, device)
        return evaluate(model, batches(), device)["loss"]

    asked = training_arguments(recipe, steps, device, run.checkpoints).to_dict()
    ours_alone = {"average_tokens_across_devices", "remove_unused_columns"}
    given = {name: value for name, value in asked.items() if name not in ours_alone}
    config = SFTConfig(
        **given | {"train_sampling_strategy": "sequential", "gradient_checkpointing": False},
        max_length=recipe.training.sequence_length,
    )
    before = measure()
    trainer = SFTTrainer(
        model=model,
        args=config,
        train_dataset=data.train.select(list(_order(recipe, len(data.train), device))),
        processing_class=AutoTokenizer.from_pretrained(source),
    )
    trainer.train()
    return {"before": before, "after": measure()}


def _model(recipe: Recipe, source: Path, device: Any) -> Any:
    """The model as TRL's documentation loads it, with the recipe's adapter at its start."""
    import torch
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
    from transformers import AutoModelForCausalLM

    from finetune_studio.engine.loading import quantisation, storage_type
    from finetune_studio.recipe.methods import Full, Qlora

    method = recipe.method
    place = {"": device.index if device.kind == "cuda" else "cpu"}
    quantised = (
        {"quantization_config": quantisation(method, device)} if isinstance(method, Qlora) else {}
    )
    model = AutoModelForCausalLM.from_pretrained(
        source, dtype=storage_type(recipe, device), device_map=place, **quantised
    )
    if isinstance(method, Full):
        return model
    if quantised:
        for layer in model.modules():  # its CPU kernel has no backward pass
            if hasattr(layer, "support_avx512bf16_for_cpu"):
                layer.support_avx512bf16_for_cpu = False
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    torch.manual_seed(recipe.training.seed)
    config = LoraConfig(
        task_type="CAUSAL_LM", r=method.rank, lora_alpha=method.alpha, target_modules="all-linear"
    )
    return get_peft_model(model, config)


def _order(recipe: Recipe, rows: int, device: Any) -> Iterator[int]:
    """The rows as our trainer takes them, without an order by length, for all steps."""
    from finetune_studio.engine.sharing import Share

    share = Share(rows, recipe.training.batch_size, recipe.training.seed, device)
    left, epoch = recipe.training.max_steps, 0
    while left > 0:
        share.set_epoch(epoch)
        for batch in list(share)[:left]:
            yield from batch
        left, epoch = left - len(share), epoch + 1


if __name__ == "__main__":
    main()
