"""Merges an adapter piece by piece: read some rows, change them in fp32, write them.

What is in memory is a few pieces, never the model, so that a model of any size is merged in the
time the disk takes. A matrix that was quantised for the run is in memory whole, for its rounding
depends on all of it. Only where each matrix of the adapter has its own tensor in the base model's
files; `plan` says None elsewhere, and the model is loaded whole (merge.py).
"""

import io
import itertools
import json
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from finetune_studio.catalog.weights import BITS, INDEX, Tensor, read_header, weight_files
from finetune_studio.engine.deltas import FILE, Adapter, Delta
from finetune_studio.engine.device import one_thread
from finetune_studio.engine.quantised import Rounding
from finetune_studio.engine.shards import AHEAD, Entry, write_shards
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

STORED = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
}
FLOATS = set(STORED)
PIECE = 1 << 18
"""Numbers that are read, changed and written at once: few enough to stay in a processor's cache.

Measured on two cores: half the CPU time of pieces of 1 << 21, and half the time.
"""
LARGEST_FP16 = torch.finfo(torch.float16).max


@dataclass(frozen=True)
class Source:
    """A tensor, the file it is in, and its place there in bytes.

    Attributes:
        learned: Whether it comes from the adapter and not from the base model.
    """

    file: Path
    tensor: Tensor
    place: int
    learned: bool = False


@dataclass(frozen=True)
class Plan:
    """What is to be written.

    Attributes:
        sources: Every tensor, in the order of their files.
        deltas: What an adapter does, by the name of the tensor.
        rounding: How the base model was quantised for the run; None where it was not.
    """

    sources: list[Source]
    deltas: dict[str, Delta] = field(default_factory=dict)
    rounding: Rounding | None = None

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
                dtype if each.learned or _changes(each.tensor.dtype, main) else None,
                each.tensor.dtype,
                each.tensor.shape,
            )
            for each in self.sources
        ]

    def pieces(self, entries: list[Entry]) -> Iterator[torch.Tensor]:
        """The merged tensors' numbers, in order, `PIECE` at most at once, in memory used again."""
        room = Room()
        for source, entry in zip(self.sources, entries, strict=True):
            delta = self.deltas.get(entry.name)
            columns = delta.shape[1] if delta else 0
            if self.rounding and entry.name in self.rounding.names:
                numbers = _rounded(self.rounding, source, entry, columns)
            else:
                numbers = read_pieces(source, entry, room, columns)
            for start, value in numbers:
                made = _changed(delta, value, start, room) if delta else value
                if entry.dtype is torch.float16:
                    _refuse_too_large(entry.name, made)
                yield made if entry.dtype is None else room.out(entry.dtype, made)


def _changed(delta: Delta, value: torch.Tensor, start: int, room: "Room") -> torch.Tensor:
    """Some whole rows of a matrix, `[numbers]`, as the adapter makes them, in fp32."""
    columns = delta.shape[1]
    rows = room.numbers(value).view(-1, columns)
    delta.put(rows, start // columns)
    return rows.view(-1)


def _rounded(
    rounding: Rounding, source: Source, entry: Entry, columns: int
) -> Iterator[tuple[int, torch.Tensor]]:
    """What quantising made of a matrix, in pieces as `read_pieces` gives them."""
    kind = STORED[entry.stored]
    whole = bytearray(source.tensor.count * kind.itemsize)
    with source.file.open("rb") as file:
        file.seek(source.place)
        _fill(memoryview(whole), file)
    stored = torch.frombuffer(whole, dtype=kind).view(entry.shape)
    made = rounding.of(stored).view(-1)
    most = _most(columns)
    for start in range(0, len(made), most):
        yield start, made[start : start + most]


class Room:
    """Memory that is used again and again: fresh memory costs more time than the computing."""

    def __init__(self) -> None:
        self.read = bytearray(PIECE * 8)
        self._work = torch.empty(PIECE, dtype=torch.float32)
        self._outs = itertools.cycle([bytearray(PIECE * 4) for _ in range(AHEAD + 3)])

    def numbers(self, value: torch.Tensor) -> torch.Tensor:
        """A value in fp32, to be changed."""
        if len(self._work) < len(value):  # one row is longer than a piece
            self._work = torch.empty(len(value))
        return self._work[: len(value)].copy_(value)

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
    most = _most(columns)
    with source.file.open("rb") as file:
        file.seek(source.place)
        for start in range(0, count, most):
            wanted = min(most, count - start)
            if len(room.read) < wanted * size:  # one row is longer than a piece
                room.read = bytearray(wanted * size)
            _fill(memoryview(room.read)[: wanted * size], file)
            value = torch.frombuffer(room.read, dtype=kind, count=wanted)
            yield start, value.clone() if entry.dtype is None else value


def _most(columns: int) -> int:
    """How many numbers a piece has: whole rows of so many, or any."""
    return max(PIECE // columns, 1) * columns if columns else PIECE


def _fill(room: memoryview, file: io.BufferedReader) -> None:
    if file.readinto(room) != len(room):
        raise OSError(f"{file.name} ends too early")


def plan(
    base: Path,
    folder: Path,
    adapter: Adapter | None,
    rounding: Rounding | None = None,
    wanted: Collection[str] | None = None,
) -> Plan | None:
    """How to merge an adapter into the base model's files; None where it cannot be done so.

    Args:
        base: The base model's folder.
        folder: The adapter's.
        adapter: The adapter; one of a kind that is not known here is None.
        rounding: How the base model was quantised for the run.
        wanted: The tensors that the merged model has, where they are others than the base model's.

    Raises:
        RefusedError: The adapter was trained on another model.
    """
    if adapter is None or _brings_code(base) or is_quantised(base):
        return None
    sources = [each for each in _sources(base) if each.tensor.name not in adapter.learned]
    sources += _learned(folder, adapter)
    if wanted is not None:
        sources = [each for each in sources if each.tensor.name in wanted]
    kept = {each.tensor.name: each.tensor for each in sources}
    changed = set(adapter.deltas) | (rounding.names if rounding else set())
    if not (changed | set(wanted or ())) <= set(kept):
        return None
    if any(kept[name].dtype not in FLOATS for name in changed):
        return None
    if any(kept[name].shape != delta.shape for name, delta in adapter.deltas.items()):
        raise RefusedError(
            tr("The base model is not the one that this run was trained on."),
            tr("The adapter in {folder} does not fit it.").format(folder=folder),
            tr("Bring back the model that the run's recipe.yaml names, or train again."),
        )
    return Plan(sources, adapter.deltas, rounding)


def whole(folder: Path) -> Plan:
    """How to write a model that needs no merging in another type."""
    return Plan(_sources(folder))


def write(planned: Plan, folder: Path, dtype: torch.dtype) -> None:
    """Write the weights, in shards with an index where they are many.

    Raises:
        RefusedError: A value is too large for fp16.
        OSError: The disk is full.
    """
    entries = planned.entries(dtype)
    with one_thread():
        write_shards(folder, entries, planned.pieces(entries))


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


def _learned(folder: Path, adapter: Adapter) -> list[Source]:
    """The tensors that the adapter brings whole, under the names they have in the model."""
    if not adapter.learned:
        return []
    places = {each.tensor.name: each for each in _located(folder / FILE)}
    return [
        replace(places[key], tensor=replace(places[key].tensor, name=name), learned=True)
        for name, key in adapter.learned.items()
    ]


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
