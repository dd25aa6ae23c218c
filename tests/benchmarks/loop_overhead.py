"""Our trainer against a bare loop on the same batches, interleaved in one process.

The bare loop does what training needs and nothing more: forward, the model's own loss, backward,
clipping, optimiser, schedule. Ours also counts, logs every step, writes events and reads orders.

    python -m tests.benchmarks.loop_overhead                  demo model, CPU
    python -m tests.benchmarks.loop_overhead --shape 8b       random weights of an 8B shape, GPU
"""

import argparse
import itertools
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from finetune_studio import paths
from finetune_studio.engine.adapters import with_adapter
from finetune_studio.engine.collating import batches_of
from finetune_studio.engine.dataset import prepare
from finetune_studio.engine.device import find_device
from finetune_studio.engine.loading import load_model
from finetune_studio.engine.train import main as train_run
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.events import EventReader, Metrics
from finetune_studio.runs.folder import RunFolder

SHAPES = {
    "8b": {
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "max_position_embeddings": 4096,
    }
}
WARM = 5  # steps that are not counted, of each round


def main() -> None:
    """Print both medians and their ratio."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        model = _model(options.shape, Path(folder))
        recipe = _recipe(model, Path(folder), options)
        ours: list[float] = []
        bare: list[float] = []
        for number in range(options.rounds):
            ours += _ours(recipe, Path(folder) / f"run-{number}")
            bare += _bare(recipe, model)
    ratio = statistics.median(ours) / statistics.median(bare)
    print(
        json.dumps(
            {
                "shape": options.shape,
                "ours_median_s": statistics.median(ours),
                "bare_median_s": statistics.median(bare),
                "steps_each": len(ours),
                "ratio": ratio,
            }
        )
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shape", choices=("demo", *SHAPES), default="demo")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--batch", type=int, default=8)
    return parser.parse_args()


def _model(shape: str, folder: Path) -> Path:
    """The demo model's folder, or one of random weights made on the GPU with its tokenizer."""
    demo = paths.resources() / "models" / "demo"
    if shape == "demo":
        return demo
    from transformers import LlamaConfig, LlamaForCausalLM

    from finetune_studio.engine.result import copy_tokenizer

    config = LlamaConfig(vocab_size=32000, **SHAPES[shape])
    with torch.device("cuda"):
        torch.set_default_dtype(torch.bfloat16)
        model = LlamaForCausalLM(config)
        torch.set_default_dtype(torch.float32)
    target = folder / "model"
    model.save_pretrained(target)
    copy_tokenizer(demo, target, None)
    del model
    torch.cuda.empty_cache()
    return target


def _recipe(model: Path, folder: Path, options: argparse.Namespace) -> Recipe:
    """A text task on rows that all fill the sequence, so that every step weighs the same."""
    rows = options.steps * options.batch
    text = (paths.resources() / "samples" / "korean_text.txt").read_text(encoding="utf-8")
    piece = " ".join(text.split()) * 40
    size = options.length * 8
    data = folder / "rows.jsonl"
    with data.open("w", encoding="utf-8") as out:
        for number in range(rows):
            start = number * 97 % (len(piece) - size)
            out.write(json.dumps({"text": piece[start : start + size]}, ensure_ascii=False) + "\n")
    return store.with_changes(
        Recipe(),
        {
            "model.source": str(model),
            "task.kind": "text",
            "data.files": [str(data)],
            "data.split.validation": 0.0,
            "training.batch_size": options.batch,
            "training.accumulation": 1,
            "training.sequence_length": options.length,
            "training.max_steps": options.steps,
            "training.optimizer": "adamw",
            "evaluation.early_stopping.enabled": False,
            "checkpoints.every": options.steps,
        },
    )


def _ours(recipe: Recipe, folder: Path) -> list[float]:
    run = RunFolder.create(folder)
    store.save(recipe, run.recipe)
    if code := train_run([str(run.path)]):
        raise SystemExit(code)
    times = [e.time for e in EventReader(run.events).read() if isinstance(e, Metrics)]
    return [after - before for before, after in itertools.pairwise(times)][WARM:]


def _bare(recipe: Recipe, source: Path) -> list[float]:
    device = find_device(recipe)
    data = prepare(recipe, source, lambda *_, **__: None)
    model = with_adapter(load_model(recipe, source, device, None, data.pad_id), recipe)
    if device.kind == "cuda":
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    model.train()
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=recipe.training.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, recipe.training.max_steps)
    batches = batches_of(data.train, data.collator, recipe.training.batch_size, device)()
    seconds: list[float] = []
    for step, batch in enumerate(batches):
        if step == recipe.training.max_steps:
            break
        begun = time.perf_counter()
        _step(model, batch, optimizer, schedule, trained, device)
        seconds.append(time.perf_counter() - begun)
    return seconds[WARM + 1 :]


def _step(
    model: Any, batch: dict[str, torch.Tensor], optimizer: Any, schedule: Any, trained: Any, on: Any
) -> None:
    moved = {name: value.to(on.kind) for name, value in batch.items()}
    with torch.autocast(on.kind, on.dtype, enabled=on.precision != "fp32"):
        loss = model(**moved).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step()
    schedule.step()
    optimizer.zero_grad()
    loss.item()


if __name__ == "__main__":
    main()
