"""Writes safetensors files from a stream of pieces, so that no tensor is ever held in memory.

The format: eight bytes with the header's length, the header (JSON: type, shape and place of each
tensor), then the data. The library's own writer wants all tensors of a file at once.
"""

import json
import math
import os
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

import torch

from finetune_studio.catalog.weights import BITS, INDEX

LARGEST = 5_000_000_000  # bytes of a shard; what transformers 5 takes
NAMES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}
ALIGNED = 8  # the header's length is a multiple of it, as the library writes it
FLUSHED = 128 << 20  # bytes that are written before the disk is told to begin
AHEAD = 8  # pieces that may wait while one is being written


@dataclass(frozen=True)
class Entry:
    """One tensor as it will be written.

    Attributes:
        name: Its name.
        dtype: The type to write it in; None leaves it as it is stored.
        stored: Its present type, by the format's name.
        shape: Its shape.
    """

    name: str
    dtype: torch.dtype | None
    stored: str
    shape: tuple[int, ...]

    @property
    def type_name(self) -> str:
        """The type it is written in, by the format's name."""
        return self.stored if self.dtype is None else NAMES[self.dtype]

    @property
    def size(self) -> int:
        """Bytes."""
        return math.prod(self.shape) * BITS[self.type_name] // 8


def write_shards(folder: Path, entries: list[Entry], pieces: Iterator[torch.Tensor]) -> None:
    """Write `model.safetensors`, or numbered shards and their index.

    Args:
        folder: Where to.
        entries: What comes, in order.
        pieces: The tensors' numbers in order, in the types that `entries` say, in pieces of any
            size that hold parts of one tensor. A piece's memory may be used again once `AHEAD + 2`
            others have been taken.

    Raises:
        OSError: The disk is full.
    """
    shards = list(_divided(entries))
    places: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        name = "model.safetensors" if len(shards) == 1 else name
        _write_file(folder / name, shard, pieces)
        places |= {each.name: name for each in shard}
    if len(shards) > 1:
        total = {"total_size": sum(each.size for each in entries)}
        text = json.dumps({"metadata": total, "weight_map": places}, indent=2)
        (folder / INDEX).write_text(text + "\n", encoding="utf-8")


def _divided(entries: list[Entry]) -> Iterator[list[Entry]]:
    shard: list[Entry] = []
    for each in entries:
        if shard and sum(one.size for one in shard) + each.size > LARGEST:
            yield shard
            shard = []
        shard.append(each)
    yield shard


def _write_file(path: Path, entries: list[Entry], pieces: Iterator[torch.Tensor]) -> None:
    with path.open("wb") as file:
        file.write(_header(entries))
        with _writer(file) as put:
            for entry in entries:
                left = entry.size
                while left > 0:
                    piece = next(pieces)
                    left -= piece.nbytes
                    put(piece)
                if left:
                    raise ValueError(f"{entry.name}: {-left} bytes too many")
        file.flush()
        os.fsync(file.fileno())


def _header(entries: list[Entry]) -> bytes:
    about: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    place = 0
    for each in entries:
        offsets = [place, place + each.size]
        about[each.name] = {
            "dtype": each.type_name, "shape": list(each.shape), "data_offsets": offsets
        }  # fmt: skip
        place += each.size
    text = json.dumps(about, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % ALIGNED)
    return len(text).to_bytes(8, "little") + text


@contextmanager
def _writer(file: BinaryIO) -> Iterator[Callable[[torch.Tensor], None]]:
    """What writes pieces in a thread of its own, while the next is read and computed."""
    waiting: queue.Queue[torch.Tensor | None] = queue.Queue(AHEAD)
    failed: list[BaseException] = []

    def work() -> None:
        with _Flushing(file) as flushing:
            while (piece := waiting.get()) is not None:
                if failed:
                    continue  # the others are taken from the queue, so that nobody waits
                try:
                    file.write(memoryview(piece.reshape(-1).view(torch.uint8).numpy()))
                    flushing.wrote(piece.nbytes)
                except BaseException as error:  # noqa: BLE001  (raised in the other thread)
                    failed.append(error)

    def put(piece: torch.Tensor) -> None:
        if failed:
            raise failed[0]
        waiting.put(piece)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield put
    finally:
        waiting.put(None)
        thread.join()
    if failed:
        raise failed[0]


class _Flushing:
    """Sends to the disk what was written, in a thread of its own: it works from the beginning.

    Left to itself, a system begins when a tenth of its memory waits to be written.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._waiting = file, 0
        self._pool = ThreadPoolExecutor(1)
        self._now: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def wrote(self, count: int) -> None:
        """So many more bytes were written.

        Raises:
            OSError: The disk is full.
        """
        self._waiting += count
        if self._waiting < FLUSHED or not (self._now is None or self._now.done()):
            return
        if self._now:
            self._now.result()
        self._waiting = 0
        self._now = self._pool.submit(os.fsync, self._file.fileno())
