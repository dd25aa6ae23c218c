"""Merges a LoRA adapter piece by piece: read some rows, add B·A·scale in fp32, write them.

What is in memory is a few pieces, never the model, so that a model of any size is merged in the
time the disk takes. Only where each adapter matrix has its own tensor in the base model's files;
`plan` says None elsewhere, and the model is loaded whole (merge.py).
"""

import itertools
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from finetune_studio.catalog.weights import BITS, INDEX, Tensor, read_header, weight_files
from finetune_studio.engine.shards import AHEAD, Entry, write_shards
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

PREFIX = "base_model.model."
PARTS = (".lora_A.weight", ".lora_B.weight")
STORED = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
}
FLOATS = set(STORED)
PIECE = 1 << 21  # numbers that are read, changed and written at once
LARGEST_FP16 = torch.finfo(torch.float16).max
Pairs = dict[str, tuple[torch.Tensor, torch.Tensor]]


@dataclass(frozen=True)
class Source:
    """A tensor of the base model, the file it is in, and its place there in bytes."""

    file: Path
    tensor: Tensor
    place: int


@dataclass(frozen=True)
class Plan:
    """What is to be written.

    Attributes:
        sources: Every tensor of the base model, in the order of its files.
        pairs: `A` `[rank, in]` and `B` `[out, rank]` by the name of the tensor they change.
        scale: What their product is multiplied by.
    """

    sources: list[Source]
    pairs: Pairs
    scale: float

    def entries(self, dtype: torch.dtype) -> list[Entry]:
        """Names, types and shapes as they will be written.

        A tensor that the base model keeps in fp32 among 16-bit ones stays so: it was meant.
        """
        counts: dict[str, int] = {}
        for each in self.sources:
            counts[each.tensor.dtype] = counts.get(each.tensor.dtype, 0) + each.tensor.count
        main = max(counts, key=lambda name: counts[name])
        return [
            Entry(
                each.tensor.name,
                dtype if _changes(each.tensor.dtype, main) else None,
                each.tensor.dtype,
                each.tensor.shape,
            )
            for each in self.sources
        ]

    def pieces(self, entries: list[Entry]) -> Iterator[torch.Tensor]:
        """The merged tensors' numbers, in order, `PIECE` at most at once, in memory used again."""
        room = Room()
        for source, entry in zip(self.sources, entries, strict=True):
            pair = self.pairs.get(entry.name)
            numbers = read_pieces(source, entry, room, columns=pair[0].shape[1] if pair else 0)
            for start, value in numbers:
                if pair:
                    value = self._added(value, pair, start, room)
                if entry.dtype is torch.float16:
                    _refuse_too_large(entry.name, value)
                yield value if entry.dtype is None else room.out(entry.dtype, value)

    def _added(
        self, value: torch.Tensor, pair: tuple[torch.Tensor, torch.Tensor], start: int, room: "Room"
    ) -> torch.Tensor:
        """Some whole rows of a matrix, `[numbers]`, with B·A·scale, in fp32."""
        a, b = pair
        first, count = start // a.shape[1], len(value) // a.shape[1]
        rows = room.work[: len(value)].copy_(value).view(count, a.shape[1])
        rows.addmm_(b[first : first + count], a, alpha=self.scale)
        return rows.view(-1)


class Room:
    """Memory that is used again and again: fresh memory costs more time than the computing."""

    def __init__(self) -> None:
        self.read = bytearray(PIECE * 8)
        self.work = torch.empty(PIECE, dtype=torch.float32)
        self._outs = itertools.cycle([bytearray(PIECE * 4) for _ in range(AHEAD + 3)])

    def out(self, dtype: torch.dtype, value: torch.Tensor) -> torch.Tensor:
        """A value in another type, to be written."""
        if len(value) > PIECE:
            return value.to(dtype, copy=True)  # a row longer than a piece
        made = torch.frombuffer(next(self._outs), dtype=dtype, count=len(value))
        return made.copy_(value)


def read_pieces(
    source: Source, entry: Entry, room: Room, columns: int
) -> Iterator[tuple[int, torch.Tensor]]:
    """A stored tensor in pieces `[numbers]` in its own type, each with the place of its first.

    Args:
        source: Where it is.
        entry: How it is stored.
        room: Where to read it; each piece is overwritten by the next.
        columns: Pieces hold whole rows of so many numbers; 0 for any number.
    """
    kind = STORED.get(entry.stored, torch.uint8)
    size = kind.itemsize
    count = math.prod(entry.shape) * BITS[entry.stored] // 8 // size
    most = max(PIECE // columns, 1) * columns if columns else PIECE
    with source.file.open("rb") as file:
        file.seek(source.place)
        for start in range(0, count, most):
            wanted = min(most, count - start)
            if len(room.read) < wanted * size:  # one row is longer than a piece
                room.read, room.work = bytearray(wanted * size), torch.empty(wanted)
            into = memoryview(room.read)[: wanted * size]
            if file.readinto(into) != len(into):
                raise OSError(f"{source.file.name} ends too early")
            value = torch.frombuffer(room.read, dtype=kind, count=wanted)
            yield start, value.clone() if entry.dtype is None else value


def plan(base: Path, adapter: Path) -> Plan | None:
    """How to merge the adapter of a folder into the base model's files; None where it cannot be so.

    Raises:
        RefusedError: The adapter was trained on another model.
    """
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    if not _is_plain(config) or _brings_code(base) or is_quantised(base):
        return None
    pairs = read_pairs(adapter)
    sources = _sources(base)
    shapes = {each.tensor.name: each for each in sources}
    if pairs is None or not set(pairs) <= set(shapes):
        return None
    for name, (a, b) in pairs.items():
        if shapes[name].tensor.dtype not in FLOATS:
            return None
        if shapes[name].tensor.shape != (b.shape[0], a.shape[1]):
            raise RefusedError(
                tr("The base model is not the one that this run was trained on."),
                tr("The adapter in {folder} does not fit it.").format(folder=adapter),
                tr("Bring back the model that the run's recipe.yaml names, or train again."),
            )
    return Plan(sources, pairs, scale_of(config))


def whole(folder: Path) -> Plan:
    """How to write a model that needs no merging in another type."""
    return Plan(_sources(folder), {}, 0.0)


def write(planned: Plan, folder: Path, dtype: torch.dtype) -> None:
    """Write the weights, in shards with an index where they are many.

    Raises:
        RefusedError: A value is too large for fp16.
        OSError: The disk is full.
    """
    entries = planned.entries(dtype)
    with _alone():
        write_shards(folder, entries, planned.pieces(entries))


@contextmanager
def _alone() -> Iterator[None]:
    """One thread computes: a piece takes 3 ms, which several spend waiting for each other.

    Measured on two cores with other programs beside: a third of the CPU time, 2.4 times the speed.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def check_adapter(adapter: Path) -> None:
    """Look whether an adapter is whole.

    Raises:
        RefusedError: Its file is torn, or holds values that are no numbers.
    """
    file = adapter / "adapter_model.safetensors"
    try:
        read_header(file)
    except RefusedError as error:
        raise damaged_adapter(file, error.detail.rstrip(".")) from error
    with safe_open(file, framework="pt") as opened:
        for name in opened.keys():  # noqa: SIM118  (no mapping)
            if not torch.isfinite(opened.get_tensor(name)).all():
                raise damaged_adapter(file, tr("it holds values that are no numbers"))


def scale_of(config: dict[str, Any]) -> float:
    """What an adapter's product is multiplied by: alpha / rank, or alpha / √rank for rsLoRA."""
    rank = config["r"]
    return float(config["lora_alpha"] / (math.sqrt(rank) if config.get("use_rslora") else rank))


def read_pairs(adapter: Path) -> Pairs | None:
    """The matrices of an adapter by the tensor they change; None where it holds others too."""
    found: dict[str, dict[str, torch.Tensor]] = {}
    with safe_open(adapter / "adapter_model.safetensors", framework="pt") as opened:
        for key in opened.keys():  # noqa: SIM118  (no mapping)
            part = next((each for each in PARTS if key.endswith(each)), None)
            if part is None or not key.startswith(PREFIX):
                return None
            value = opened.get_tensor(key)
            name = key.removeprefix(PREFIX).removesuffix(part) + ".weight"
            found.setdefault(name, {})[part] = value
    if any(set(each) != set(PARTS) for each in found.values()):
        return None
    pairs = ((name, each[PARTS[0]], each[PARTS[1]]) for name, each in found.items())
    return {name: (a.float(), b.float()) for name, a, b in pairs}


def damaged_adapter(file: Path, why: str) -> RefusedError:
    """The refusal of an adapter that is damaged."""
    return RefusedError(
        tr("The adapter of this run is damaged."),
        tr("“{name}”: {why}.").format(name=file.name, why=why),
        tr("Take it from a checkpoint of the run again, or train again."),
    )


def _is_plain(config: dict[str, Any]) -> bool:
    """Whether nothing but a product is to be added to each matrix."""
    others = ("use_dora", "modules_to_save", "rank_pattern", "alpha_pattern", "fan_in_fan_out",
              "lora_bias", "target_parameters", "megatron_config", "use_qalora")  # fmt: skip
    if any(config.get(name) for name in others) or config.get("bias", "none") != "none":
        return False
    return bool(config.get("peft_type") == "LORA" and config.get("task_type") != "SEQ_CLS")


def is_quantised(base: Path) -> bool:
    """Whether a model's folder holds quantised weights."""
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    return bool(config.get("quantization_config"))


def _brings_code(base: Path) -> bool:
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    return bool(config.get("auto_map"))


def _sources(base: Path) -> list[Source]:
    index = base / INDEX
    if index.is_file():
        places = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        files = [base / name for name in sorted(set(places.values()))]
    else:
        whole = base / "model.safetensors"
        files = [whole] if whole.is_file() else weight_files(base)
    return [source for file in files for source in _located(file)]


def _located(file: Path) -> Iterator[Source]:
    """The tensors of a file, in the order of their places."""
    tensors = {each.name: each for each in read_header(file)}
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(length))
    starts = {name: header[name]["data_offsets"][0] for name in tensors}
    for name in sorted(tensors, key=lambda each: starts[each]):
        yield Source(file, tensors[name], 8 + length + starts[name])


def _changes(stored: str, main: str) -> bool:
    return stored in FLOATS and not (stored == "F32" and main in ("F16", "BF16"))


def _refuse_too_large(name: str, value: torch.Tensor) -> None:
    if len(value) and value.abs().max() > LARGEST_FP16:
        raise RefusedError(
            tr("This model does not fit into fp16."),
            tr("“{name}” has values beyond {largest:,.0f}.").format(
                name=name, largest=LARGEST_FP16
            ),
            tr("Export it in bf16 or fp32."),
        )
