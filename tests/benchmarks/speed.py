"""How fast the engine trains, against itself without its ideas and, on a GPU, against its peers.

    python -m tests.benchmarks.speed                      demo model, this machine, a minute or two
    python -m tests.benchmarks.speed --peers FOLDER       8B shape on an NVIDIA GPU, beside peers.py

FOLDER holds peers.py, make_model.py and a tokenizer; their packages are on PYTHONPATH. `--shape`
takes a model of another size. Each line is one system in a process of its own: real tokens a second
(median step after the warm ones), peak memory, and the loss of the last step; interleaved in
`--rounds`, the best of each told.
"""

import argparse
import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from finetune_studio import paths
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.events import EventReader, Metrics, Started
from finetune_studio.runs.folder import RunFolder

WARM = 4  # steps that are not counted
OFF = {"training.speed.chunked_loss": "off", "training.speed.prefetch": "off"}
HERE: dict[str, dict[str, Any]] = {
    "plain": OFF | {"training.speed.length_grouping": "off"},
    "like lengths": OFF,
    "like lengths, chunked loss": {},
    "packed": OFF | {"training.packing": True},
    "packed, chunked loss": {"training.packing": True},
    "end to end, chunked loss": {"training.speed.padding_free": "on"},
}
PEERS = {
    "dense": ("trl", "trl_liger", "unsloth"),
    "instruct": ("trl", "trl_packed", "unsloth_packed"),
}
SHAPES: dict[str, dict[str, Any]] = {
    "1b": {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
           "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64,
           "tie_word_embeddings": True},
    "14b": {"hidden_size": 5120, "intermediate_size": 17_408, "num_hidden_layers": 40,
            "num_attention_heads": 40, "num_key_value_heads": 8, "tie_word_embeddings": False},
}  # fmt: skip
"""Llama 3.2 1B's, and Qwen3 14B's as a Llama, from their published configurations."""
AGAIN = {"training.gradient_checkpointing": "on"}
KEPT = AGAIN | {"training.speed.offload_checkpoints": "off"}
COMPILED = {"training.packing": True, "training.speed.compile": "on"}
FP8 = {"method.base_precision": "fp8"}
OURS: dict[str, dict[str, Any]] = {
    "ours": {},
    "ours, compiled": COMPILED,
    "ours, checkpointed": AGAIN,
    "ours, checkpointed, on the GPU": KEPT,
    "ours, checkpointed, separate adapters": AGAIN | {"training.speed.fused_adapters": "off"},
    "ours, checkpointed, layers apart": AGAIN | {"training.speed.joined_layers": "off"},
    "ours, checkpointed, every product": AGAIN | {"training.speed.unread_products": "off"},
    "ours, checkpointed, products in 8 bits": AGAIN | {"training.speed.float8_products": "on"},
    "ours, checkpointed, compiled": AGAIN | COMPILED,
    "ours, checkpointed, compiled, fp8": AGAIN | COMPILED | FP8,
    "ours, checkpointed, fp8": AGAIN | FP8,
}


def main() -> None:
    """Print one JSON line a system."""
    options = _options()
    if options.one:
        _one(Path(options.one), options.profile)
        return
    with tempfile.TemporaryDirectory() as folder:
        table = _peers(options, Path(folder)) if options.peers else _here(options, Path(folder))
    for name, line in table.items():
        print(json.dumps({"system": name} | line, ensure_ascii=False))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--shape", choices=["8b", *SHAPES], default="8b")
    parser.add_argument("--rows", type=int, default=4000, help="of the data that ours reads")
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--workloads", nargs="*", default=list(PEERS))
    parser.add_argument("--methods", nargs="*", default=["lora", "qlora"])
    parser.add_argument("--profile", type=Path, help="a file for each run's longest GPU kernels")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parser.parse_args()


def _here(options: argparse.Namespace, folder: Path) -> dict[str, dict[str, Any]]:
    """The demo model on instruction data, with and without each idea."""
    data = folder / "rows.jsonl"
    _write_rows(data, paths.resources() / "models" / "demo", "instruct", 1200, 256)
    common = {
        "task.kind": "text",
        "data.files": [str(data)],
        "data.split.validation": 0.05,
        "training.batch_size": 8,
        "training.sequence_length": 256,
        "training.max_steps": options.steps,
        "training.accumulation": 1,
    }
    table: dict[str, dict[str, Any]] = {}
    for number in range(options.rounds):
        for name, changes in HERE.items():
            if not options.only or name in options.only:
                found = _run(
                    folder / f"{number}-{len(table)}-{name}", common | changes, options.profile
                )
                table[name] = _better(table.get(name), _told(name, found))
    return table


def _peers(options: argparse.Namespace, folder: Path) -> dict[str, dict[str, Any]]:
    """One shape with random weights: every peer and ours, on the same GPU in the same run."""
    if not _model(options).is_dir():
        _make(options)
    table: dict[str, dict[str, Any]] = {}
    for number in range(options.rounds):
        for workload in options.workloads:
            for method in options.methods:
                table |= _beside(options, folder, workload, method, number, table)
    return table


def _model(options: argparse.Namespace) -> Path:
    return Path("peers-model" if options.shape == "8b" else f"peers-model-{options.shape}")


def _make(options: argparse.Namespace) -> None:
    """Write the model's random weights, and a tokenizer of as many tokens."""
    if options.shape == "8b":
        subprocess.run([sys.executable, options.peers / "make_model.py"], check=True)
        return
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig

    shape = SHAPES[options.shape] | {"rms_norm_eps": 1e-5, "bos_token_id": 128_000}
    config = LlamaConfig(
        vocab_size=128_256, max_position_embeddings=131_072, eos_token_id=128_001, **shape
    )
    with torch.device("cuda"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(_model(options), max_shard_size="4GB")
    for file in (options.peers / "tokenizer").glob("*.json"):
        shutil.copy(file, _model(options))


def _beside(
    options: argparse.Namespace,
    folder: Path,
    workload: str,
    method: str,
    number: int,
    table: dict[str, dict[str, Any]],
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for system in PEERS[workload]:
        name = f"{workload}, {method}: {system}"
        if not options.only or system in options.only:
            line = _told(name, _peer(options, system, workload, method))
            found[name] = _better(table.get(name), line)
    data = folder / f"{workload}.jsonl"
    if not data.exists():
        _write_rows(data, _model(options), workload, options.rows, 2048)
    common = {
        "model.source": str(_model(options)),
        "task.kind": "text",
        "method.kind": method,
        "data.files": [str(data)],
        "data.split.validation": 0.0,
        "training.batch_size": 4,
        "training.packing": workload == "instruct",
        "training.sequence_length": 2048,
        "training.max_steps": options.steps,
        "training.accumulation": 1,
        "training.optimizer": "adamw-8bit",  # the peers' own
    }
    for system, changes in OURS.items():
        name = f"{workload}, {method}: {system}"
        other = "products in 8 bits" if method == "lora" else "fp8"
        if (not options.only or system in options.only) and other not in system:
            run = folder / f"{number}-{workload}-{method}-{len(found)}"
            line = _told(name, _run(run, common | changes, options.profile))
            found[name] = _better(table.get(name), line)
    return found


def _peer(options: argparse.Namespace, system: str, workload: str, method: str) -> dict[str, Any]:
    asked = ["--system", system, "--workload", workload, "--method", method]
    asked += ["--model", str(_model(options))]
    done = subprocess.run(
        [sys.executable, options.peers / "peers.py", *asked, "--steps", str(options.steps)],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [each for each in done.stdout.splitlines() if each.startswith("RESULT ")]
    if not lines:
        return {"failed": done.stderr.strip().splitlines()[-1:]}
    found: dict[str, Any] = json.loads(lines[-1].removeprefix("RESULT "))
    kept = ("tokens_per_s", "peak_gib", "loss_last", "error")
    return {name: found[name] for name in kept if name in found}


def _run(folder: Path, changes: dict[str, Any], profile: Path | None) -> dict[str, Any]:
    """One run of ours in a process of its own."""
    quiet = {
        "evaluation.every": 10_000,
        "checkpoints.every": 10_000,
        "evaluation.early_stopping.enabled": False,
    }
    run = RunFolder.create(folder)
    store.save(store.with_changes(Recipe(), quiet | changes), run.recipe)
    command = [sys.executable, "-m", "tests.benchmarks.speed", "--one", str(folder)]
    command += ["--profile", str(profile)] if profile else []
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1:]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _one(folder: Path, profile: Path | None) -> None:
    """Train here and print what the events and the process say."""
    import torch
    from torch.profiler import ProfilerActivity

    from finetune_studio.engine.device import find_device
    from finetune_studio.engine.dry_run import _peak
    from finetune_studio.engine.train import main as train

    if profile:
        with torch.profiler.profile(activities=[ProfilerActivity.CUDA]) as seen:
            code = train([str(folder)])
        table = seen.key_averages().table("self_cuda_time_total", row_limit=40)
        with profile.open("a", encoding="utf-8") as out:
            out.write(f"{folder.name}\n{table}\n")
    else:
        code = train([str(folder)])
    if code:
        raise SystemExit(code)
    run = RunFolder(folder)
    events = list(EventReader(run.events).read())
    steps = [each for each in events if isinstance(each, Metrics)]
    started = next(each for each in events if isinstance(each, Started))
    speed = started.in_use["speed"]
    on_gpu = torch.cuda.is_available()
    peak = torch.cuda.max_memory_allocated() if on_gpu else _peak(find_device(Recipe()), 0)
    speeds = [each.tokens_per_second for each in steps[WARM:]]
    told = {
        "tokens_per_s": round(statistics.median(speeds)),
        "peak_gib": round(peak / 2**30, 2),
        "loss_last": steps[-1].loss,
        "first_step_s": round(steps[0].time - events[0].time, 1),
        "in_use": [name for name, each in speed.items() if each["used"]],
        "not": {name: each["why"] for name, each in speed.items() if not each["used"]},
    }
    print(json.dumps(told))


def _told(name: str, found: dict[str, Any]) -> dict[str, Any]:
    """A measurement as it was made, told at once beside the table: a long run may be cut off."""
    print(f"{name}: {json.dumps(found, ensure_ascii=False)}", file=sys.stderr, flush=True)
    return found


def _better(one: dict[str, Any] | None, other: dict[str, Any]) -> dict[str, Any]:
    """The faster of two measurements of the same system."""
    speed = other.get("tokens_per_s", 0)
    return other if one is None or speed > one.get("tokens_per_s", 0) else one


def _write_rows(path: Path, model: Path, workload: str, count: int, most: int) -> None:
    """Texts of so many tokens: all of the longest, or as long as instruction data.

    Log-normal, median 180 tokens, sigma 0.7, as in peers.py. With its two ends a text of the
    longest is one whole row; a longer one would be parted.
    """
    from finetune_studio.tokens.loading import load_tokenizer

    tokenizer = load_tokenizer(model)
    text = (paths.resources() / "samples" / "korean_text.txt").read_text(encoding="utf-8")
    ids = tokenizer.encode(" ".join(text.split()), add_special_tokens=False)[0]
    drawn = random.Random(1)
    with path.open("w", encoding="utf-8") as out:
        for _ in range(count):
            length = most - 2
            if workload == "instruct":
                length = max(16, min(most - 8, int(drawn.lognormvariate(math.log(180), 0.7))))
            start = drawn.randrange(len(ids))
            taken = [ids[(start + offset) % len(ids)] for offset in range(length)]
            row = {"text": tokenizer.decode(taken, skip_special_tokens=True)}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
