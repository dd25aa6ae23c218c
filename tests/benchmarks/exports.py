"""Exports, measured: `python -m tests.benchmarks.exports RUN...` and `... --shape 8b FOLDER`.

The first writes each run in every format and compares each with the trained model. The second
merges a LoRA adapter of random numbers into a model of that shape, beside a plain copy of the same
files, to the disk itself, before and after; it deletes all of them again.
"""

import argparse
import json
import math
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

FORMATS = (
    ("adapter",),
    ("merged",),
    ("merged", "--precision", "fp32"),
    ("gguf", "--quant", "f16"),
    ("gguf", "--quant", "bf16"),
    ("gguf", "--quant", "q8_0"),
    ("gguf", "--quant", "q6_k"),
    ("gguf", "--quant", "q5_k_m"),
    ("gguf", "--quant", "q4_k_m"),
    ("gguf", "--quant", "q4_0"),
    ("gguf-adapter",),
)
SHAPES = {  # layers, width, inner, key and value width, vocabulary
    "8b": (32, 4096, 14336, 1024, 128256),
    "3b": (28, 3072, 8192, 1024, 128256),
    "1b": (16, 2048, 8192, 512, 128256),
}
RANK = 16


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("places", type=Path, nargs="+")
    parser.add_argument("--shape", choices=SHAPES)
    parser.add_argument("--write", action="store_true", help="merge what lies there (a child)")
    parser.add_argument("--only", nargs="*", default=[], help="formats, such as merged or q8_0")
    options = parser.parse_args()
    if options.write:
        _write(options.places[0])
    elif options.shape:
        _merge(options.places[0], options.shape)
    else:
        _every(options.places, options.only)


def _every(runs: list[Path], only: list[str]) -> None:
    print(
        "| run | export | MB | s | verdict | tokens | KL | top-1 | answers | max Δlogit | ppl × |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for run in runs:
        for form, *options in FORMATS:
            name = " ".join((form, *options[1:]))
            if not only or set(only) & {form, *options}:
                print(_line(run, name, form, options), flush=True)


def _line(run: Path, name: str, form: str, options: list[str]) -> str:
    out = run.with_name(f"{run.name}-{name.replace(' ', '-')}")
    shutil.rmtree(out, ignore_errors=True)
    begun = time.monotonic()
    made = _call("export", str(run), "--to", form, *options, "--out", str(out), "--json")
    seconds = time.monotonic() - begun
    if "error" in made:
        return f"| {run.parent.name} | {name} | {made['error']['title']} |"
    found = _call("verify", str(out), "--run", str(run), "--json")
    size = sum(each["bytes"] for each in made["files"]) / 1e6
    shutil.rmtree(out)
    return (
        f"| {run.parent.name} | {name} | {size:.1f} | {seconds:.0f} | {found['verdict']} | "
        f"{'same' if found['token_ids_equal'] else 'OTHER'} | {found['mean_kl']:.1e} | "
        f"{found['top1_match']:.3f} | {_share(found['greedy_match'])} | "
        f"{found['max_difference']:.1e} | {found.get('perplexity_ratio', 1):.3f} |"
    )


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _call(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "finetune_studio", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout.strip():
        sys.exit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _merge(folder: Path, shape: str) -> None:
    try:
        size = _make(folder, shape)
        os.sync()
        copies = [_copied(folder)]
        command = [sys.executable, "-m", "tests.benchmarks.exports", str(folder), "--write"]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        copies.append(_copied(folder))
        seconds, busy, peak = json.loads(done.stdout)
        copied = sum(each for each, _ in copies) / len(copies)
        print(f"model {size / 1e9:.2f} GB, load {os.getloadavg()[0]:.1f}")
        print(f"merged in {seconds:.1f} s, {size / seconds / 1e6:.0f} MB/s; {busy:.1f} s of CPU")
        told = ", ".join(f"{wall:.1f} s ({cpu:.1f} s of CPU)" for wall, cpu in copies)
        print(f"copied before and after in {told}: {copied / seconds:.2f} of its speed")
        print(f"peak memory {peak / 1e9:.2f} GB, {peak / size:.2f} of the model")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copied(folder: Path) -> tuple[float, float]:
    """Seconds and CPU seconds of copying the base model's weights to the disk itself."""
    begun, busy = time.monotonic(), time.process_time()
    for file in (folder / "base").glob("*.safetensors"):
        shutil.copyfile(file, folder / "copy")
        with (folder / "copy").open("rb+") as opened:
            os.fsync(opened.fileno())
        (folder / "copy").unlink()
    return time.monotonic() - begun, time.process_time() - busy


def _make(folder: Path, shape: str) -> int:
    """A base model of random numbers and an adapter; the model's bytes."""
    import torch
    from safetensors.torch import save_file

    from finetune_studio.engine.shards import Entry, write_shards

    base, adapter = folder / "base", folder / "adapter"
    base.mkdir(parents=True)
    adapter.mkdir()
    shapes = dict(_tensors(*SHAPES[shape]))
    entries = [Entry(name, torch.bfloat16, "BF16", size) for name, size in shapes.items()]
    some = (torch.randn(1 << 20) * 0.02).bfloat16()
    kinds = {size: _filled(some, size) for size in shapes.values()}
    write_shards(base, entries, (kinds[each.shape] for each in entries))
    (base / "config.json").write_text("{}")
    pairs = {}
    for name, size in shapes.items():
        if "_proj" in name:
            key = "base_model.model." + name.removesuffix(".weight")
            pairs[f"{key}.lora_A.weight"] = torch.randn(RANK, size[1])
            pairs[f"{key}.lora_B.weight"] = torch.randn(size[0], RANK) * 1e-3
    save_file(pairs, adapter / "adapter_model.safetensors")
    about = {"peft_type": "LORA", "r": RANK, "lora_alpha": 32, "task_type": "CAUSAL_LM"}
    (adapter / "adapter_config.json").write_text(json.dumps(about))
    return sum(each.size for each in entries)


def _filled(some: Any, size: tuple[int, ...]) -> Any:
    """A tensor of that size, of the same numbers over and over."""
    count = math.prod(size)
    return some.repeat(count // len(some) + 1)[:count].reshape(size)


def _tensors(layers: int, width: int, inner: int, shared: int, words: int) -> Any:
    yield "model.embed_tokens.weight", (words, width)
    for n in range(layers):
        for name, size in (
            ("self_attn.q_proj", (width, width)),
            ("self_attn.k_proj", (shared, width)),
            ("self_attn.v_proj", (shared, width)),
            ("self_attn.o_proj", (width, width)),
            ("mlp.gate_proj", (inner, width)),
            ("mlp.up_proj", (inner, width)),
            ("mlp.down_proj", (width, inner)),
            ("input_layernorm", (width,)),
        ):
            yield f"model.layers.{n}.{name}.weight", size
    yield "lm_head.weight", (words, width)


def _write(folder: Path) -> None:
    """Merge, in a process of its own, whose peak memory is measured."""
    import torch

    from finetune_studio.engine import streaming
    from finetune_studio.engine.deltas import read_adapter

    adapter = folder / "adapter"
    begun, busy = time.monotonic(), time.process_time()
    planned = streaming.plan(folder / "base", adapter, read_adapter(adapter))
    assert planned is not None
    (folder / "out").mkdir()
    streaming.write(planned, folder / "out", torch.bfloat16)
    print(json.dumps([time.monotonic() - begun, time.process_time() - busy, _peak()]))


def _peak() -> int:
    """The most memory that this process has had, in bytes.

    Not getrusage's figure, which a new process takes over from the one that started it.
    """
    told = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", told)[0]) * 1024


if __name__ == "__main__":
    main()
