"""Measures what real training steps need of a GPU: the peak that its driver reports.

`python -m tests.benchmarks.memory.measure --out points.jsonl [--seconds 500]`

Each point runs in a process of its own, forked from one that has imported everything and never
touched the GPU, so that context and fragmentation are those of a fresh run. The engine's own parts
load, adapt and train; weights come from a sparse file and are then drawn at random on the GPU. One
line of JSON a point, written at once; points that are in the file already are not measured again.
Needs an NVIDIA GPU that nothing else uses, peft and bitsandbytes.
"""

import argparse
import contextlib
import json
import math
import multiprocessing as mp
import os
import struct
import sys
import tempfile
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import finetune_studio.engine  # noqa: F401  (before torch: it says how torch's memory grows)
from tests.benchmarks.memory.points import SHAPES, Point, points

STEPS = {"even": 3, "packed": 4, "uneven": 8}
LIMIT = 120  # seconds a point gets
ALIGNED = 64 << 10
ROOM = 70 * 2**30  # bytes of the GPU for points beside each other
FORK_BROKEN = ("Cannot re-initialize CUDA", "initialization error", "forked subprocess")


def main() -> int:
    """Measure what is not in the file yet, as long as there is time."""
    options = _options()
    began = time.monotonic()
    asked = [each for each in points() if options.only in each.key]
    wanted = [each for each in asked if each.key not in _done(options.out)]
    print(f"{len(wanted)} points to measure", flush=True)
    starts = "fork" if _import_without_gpu() and not options.spawn else "spawn"
    with tempfile.TemporaryDirectory(prefix="memory-points-") as place:
        if options.beside > 1:
            _beside(options, wanted, Path(place), starts, began)
            return 0
        for count, point in enumerate(wanted, 1):
            if time.monotonic() - began > options.seconds:
                print(f"time is up: {len(wanted) - count + 1} points are left", flush=True)
                break
            found = _in_child(point, Path(place), starts)
            if starts == "fork" and any(words in found.get("error", "") for words in FORK_BROKEN):
                print("the GPU cannot be used after a fork: starting fresh processes", flush=True)
                starts = "spawn"
                found = _in_child(point, Path(place), starts)
            _write(options.out, found)
            _tell(count, len(wanted), found)
    return 0


def _beside(
    options: argparse.Namespace, wanted: list[Point], place: Path, starts: str, began: float
) -> None:
    """Measure several points at once, as long as their plans fit the GPU together.

    What the driver reports of one process cannot be told then: the context is the one that a first
    process found alone, and what the allocator holds is each process's own.
    """
    wanted = [each for each in wanted if planned(each) < ROOM]  # the others: one by one
    for shape in {point.shape for point in wanted}:
        model_folder(SHAPES[shape], place)
    alone = _in_child(wanted[0], place, starts)
    _write(options.out, alone)
    _tell(1, len(wanted), alone)
    room, held = threading.Condition(), [0.0, 0]

    def measure(number: int, point: Point) -> None:
        size = planned(point)
        with room:
            room.wait_for(lambda: held[1] == 0 or held[0] + size < ROOM)
            held[0] += size
            held[1] += 1
        late = time.monotonic() - began > options.seconds
        found = {"key": point.key, "error": "no time"} if late else _in_child(point, place, starts)
        if "context" in found:
            found["context"] = alone["context"]
            found["peak_bytes"] = found["reserved"] + alone["context"]
        with room:
            held[0] -= size
            held[1] -= 1
            room.notify_all()
            _write(options.out, found)
            _tell(number, len(wanted), found)

    with ThreadPoolExecutor(options.beside) as pool:
        for number, point in enumerate(wanted[1:], 2):
            pool.submit(measure, number, point)


def planned(point: Point) -> int:
    """Bytes that the plan says, to know what has room beside what."""
    from finetune_studio.catalog.architecture import read_architecture
    from finetune_studio.catalog.entries import entry
    from finetune_studio.hardware.memory import plan_memory
    from finetune_studio.hardware.setup import setup_of
    from finetune_studio.recipe import store
    from finetune_studio.recipe.schema import Recipe

    row = entry(SHAPES[point.shape])
    assert row is not None
    recipe = store.with_changes(Recipe(), point.changes)
    return plan_memory(read_architecture(row.config), setup_of(recipe, (9, 0))).total


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=math.inf, help="start no point after")
    parser.add_argument("--only", default="", help="points whose name holds this")
    parser.add_argument("--beside", type=int, default=1, help="points measured at once")
    parser.add_argument("--spawn", action="store_true", help="a fresh process for each point")
    return parser.parse_args()


def _done(out: Path) -> set[str]:
    if not out.is_file():
        return set()
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines() if line]
    return {line["key"] for line in lines if "peak_bytes" in line}


def _write(out: Path, found: dict[str, Any]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(found, ensure_ascii=False) + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def _tell(count: int, of: int, found: dict[str, Any]) -> None:
    told = found.get("error") or "{:.2f} GiB, {:.1f} s".format(
        found["peak_bytes"] / 2**30, found["seconds"]
    )
    print(f"{count}/{of} {found['key']}: {told}"[:300], flush=True)


def _import_without_gpu() -> bool:
    """Import what every point needs; False where that started the GPU, which no fork survives.

    bitsandbytes asks for the GPU's capability while it is imported: NVML answers in torch's place.
    """
    os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch

    asked = torch.cuda.get_device_capability
    try:
        import pynvml

        pynvml.nvmlInit()
        first = pynvml.nvmlDeviceGetHandleByIndex(0)
        capability = tuple(pynvml.nvmlDeviceGetCudaComputeCapability(first))
        pynvml.nvmlShutdown()
        torch.cuda.get_device_capability = lambda device=None: capability
    except Exception as error:  # noqa: BLE001  (without NVML there is another way)
        print(f"no NVML: {error}", flush=True)
        return False
    try:
        import bitsandbytes
        import peft
        import trl

        from finetune_studio.engine import footing, loss, sharing

        with contextlib.suppress(ImportError):
            import liger_kernel.transformers  # noqa: F401
            import torchao.quantization  # noqa: F401  (slow to import, and adapters look for it)
        del bitsandbytes, peft, trl, footing, loss, sharing
    finally:
        torch.cuda.get_device_capability = asked
    if torch.cuda.is_initialized():
        print("something that was imported started the GPU: fresh processes instead", flush=True)
    return not torch.cuda.is_initialized()


def _in_child(point: Point, place: Path, starts: str) -> dict[str, Any]:
    context = mp.get_context(starts)
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(point, place, there))
    child.start()
    there.close()
    found: dict[str, Any] = {"key": point.key, "error": f"no answer within {LIMIT} s"}
    if here.poll(LIMIT):
        with contextlib.suppress(EOFError):
            found = {"key": point.key, "error": "the process died"}
            found = here.recv()
    child.join(10)
    if child.is_alive():
        child.kill()
        child.join()
    return found


def _work(point: Point, place: Path, out: Any) -> None:
    try:
        found = {**_about(point), **_measure(point, place)}
    except BaseException as error:  # noqa: BLE001  (whatever it is becomes a line)
        traceback.print_exc()
        found = {**_about(point), "error": f"{type(error).__name__}: {error}"[:400]}
    out.send(found)
    out.close()
    sys.stdout.flush()
    os._exit(0)  # nothing of the parent's is to be tidied here


def _about(point: Point) -> dict[str, Any]:
    return {
        "key": point.key,
        "shape": point.shape,
        "model": SHAPES[point.shape],
        "rows": point.rows,
        "changes": point.changes,
        "aside": point.aside,
    }


def _measure(point: Point, place: Path) -> dict[str, Any]:
    import torch
    from transformers import TrainerCallback

    from finetune_studio.engine.device import find_device
    from finetune_studio.recipe import store
    from finetune_studio.recipe.schema import Recipe

    began = time.monotonic()
    steps = STEPS[point.rows]
    fixed = {"training.max_steps": steps, "training.speed.selective_checkpointing": "off"}
    recipe = store.with_changes(Recipe(), {**point.changes, **fixed, "task.kind": "text"})
    device = find_device(recipe)
    folder = model_folder(SHAPES[point.shape], place)
    torch.cuda.init()
    peaks: list[int] = []

    class Peaks(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            peaks.append(torch.cuda.max_memory_reserved())

    from finetune_studio.engine.adapters import count_parameters

    loaded, trainer, ideas = _trainer(recipe, folder, device, point.rows, place)
    trainable, whole = count_parameters(trainer.model)
    trainer.add_callback(Peaks())
    trained = time.monotonic()
    trainer.train()
    torch.cuda.synchronize()
    free, total = torch.cuda.mem_get_info()
    context = total - free - torch.cuda.memory_reserved()
    return {
        "peak_bytes": torch.cuda.max_memory_reserved() + context,
        "context": context,
        "reserved": torch.cuda.max_memory_reserved(),
        "allocated": torch.cuda.max_memory_allocated(),
        "after_loading": loaded,
        "reserved_by_step": peaks,
        "trainable": trainable,
        "parameters": whole,
        "loss": trainer.state.log_history[0].get("loss"),
        "gpu": torch.cuda.get_device_name(),
        "capability": torch.cuda.get_device_capability(),
        "attention": trainer.model.config._attn_implementation,
        "in_use": [name for name, each in ideas.choices.items() if each.used],
        "versions": _versions(),
        "step_seconds": (time.monotonic() - trained) / steps,
        "seconds": time.monotonic() - began,
    }


def _trainer(
    recipe: Any, folder: Path, device: Any, rows: str, place: Path
) -> tuple[dict[str, int], Any, Any]:
    """As finetune_studio.engine.train puts it together, without files and orders.

    Returns:
        What loading took, the trainer, and which ideas are in use.
    """
    import torch
    from transformers import AutoConfig

    from finetune_studio.engine import footing
    from finetune_studio.engine.arguments import training_arguments
    from finetune_studio.engine.collating import Collator
    from finetune_studio.engine.dataset import Prepared
    from finetune_studio.engine.figures import Meter
    from finetune_studio.engine.loss import Loss
    from finetune_studio.engine.process import quiet
    from finetune_studio.engine.sharing import SharingTrainer, batches_to_learn
    from finetune_studio.recipe.steps import count_steps

    quiet()
    vocabulary = AutoConfig.from_pretrained(folder).get_text_config().vocab_size
    data = _data(recipe, rows, vocabulary)
    loaded, load = {}, footing.load_model

    def load_and_draw(*given: Any) -> Any:
        model = load(*given)
        loaded.update(
            reserved=torch.cuda.memory_reserved(),
            peak_reserved=torch.cuda.max_memory_reserved(),
            allocated=torch.cuda.memory_allocated(),
            peak_allocated=torch.cuda.max_memory_allocated(),
        )
        _draw(model)
        return model

    footing.load_model = load_and_draw
    tokenizer: Any = None  # nothing is written, and nothing read
    prepared = Prepared(data, data, len(data), 0, tokenizer, 0, None, None, Collator(0))
    stood = footing.stand(recipe, folder, device, prepared, lambda *_, **__: None)
    meter, training, data = Meter(), recipe.training, stood.data.train
    trainer = SharingTrainer(
        batches_to_learn(
            data,
            stood.data.collator.counting(meter.fed),
            training.batch_size,
            training.seed,
            device,
            ahead=stood.ahead,
        ),
        Loss(recipe.task.kind, meter, stood.head),
        model=stood.model,
        args=training_arguments(recipe, count_steps(recipe, len(data)), device, place / "out"),
    )
    for each in [
        type(call) for call in trainer.callback_handler.callbacks if "Print" in type(call).__name__
    ]:
        trainer.remove_callback(each)
    return loaded, trainer, stood.ideas


def _draw(model: Any) -> None:
    """Random weights where the file had zeros, in place."""
    import torch

    torch.manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dtype.is_floating_point:
                weight.normal_(0, 0.02)
            else:
                weight.random_(0, 120)


def _data(recipe: Any, rows: str, vocabulary: int) -> Any:
    """Rows enough for every step; of uneven ones the last batch holds the longest."""
    import torch
    from datasets import Dataset

    training = recipe.training
    length, count = training.sequence_length, 8 * training.batch_size * training.accumulation
    drawn = torch.Generator().manual_seed(1)

    def ids(size: int) -> list[int]:
        return torch.randint(3, vocabulary, (size,), generator=drawn).tolist()

    if rows == "uneven":
        share = torch.rand(count, generator=drawn) * 0.9 + 0.1
        sizes = [max(8, int(length * each)) for each in share.tolist()]
        sizes[:: training.batch_size] = [length] * len(sizes[:: training.batch_size])
    else:
        sizes = [length] * count
    if rows == "packed":  # as they are before they are packed: three fill a sequence
        part = length // 4
        sizes = [part, part, length - 2 * part] * count
    tokens = [ids(size) for size in sizes]
    return Dataset.from_dict({"input_ids": tokens, "labels": tokens})


def model_folder(name: str, place: Path) -> Path:
    """A model folder of that catalogue row whose bf16 weights are zeros that take no disk."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from finetune_studio.catalog.entries import entry

    folder = place / name.replace("/", "--")
    if folder.is_dir():
        return folder
    row = entry(name)
    if row is None:
        raise SystemExit(f"{name} is not in the catalogue")
    given = {key: value for key, value in row.config.items() if key != "model_type"}
    tokens = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    config = AutoConfig.for_model(row.config["model_type"], **{**tokens, **given})
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    config.architectures = [type(model).__name__]
    part = folder.with_suffix(".part")
    part.mkdir(exist_ok=True)
    config.save_pretrained(part)
    tied = (
        set(getattr(model, "_tied_weights_keys", None) or ()) if config.tie_word_embeddings else ()
    )
    weights = {key: value for key, value in model.state_dict().items() if key not in tied}
    _sparse(part / "model.safetensors", weights)
    part.rename(folder)
    return folder


def _sparse(file: Path, weights: dict[str, Any]) -> None:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, weight in weights.items():
        size = weight.numel() * weight.element_size()
        header[name] = {
            "dtype": "BF16",
            "shape": list(weight.shape),
            "data_offsets": [end, end + size],
        }
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-(8 + len(text)) % ALIGNED)
    with file.open("wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        stream.truncate(8 + len(text) + end)


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    names = ("torch", "transformers", "peft", "accelerate", "bitsandbytes")
    return {name: version(name) for name in names}


if __name__ == "__main__":
    sys.exit(main())
