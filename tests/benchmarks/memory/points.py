"""Which runs are measured: shapes, methods, batches, lengths. Knows no torch.

The order matters: whatever time there is, every shape and method has been seen.
"""

import itertools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

SHAPES = {
    "0.1B": "HuggingFaceTB/SmolLM2-135M-Instruct",
    "0.6B": "Qwen/Qwen3-0.6B",
    "1B": "google/gemma-3-1b-it",
    "4B": "Qwen/Qwen3-4B-Instruct-2507",
    "8B": "meta-llama/Llama-3.1-8B-Instruct",
    "14B": "Qwen/Qwen3-14B",
}
"""Six dense shapes, 0.1 to 14 B, by their row in the catalogue."""
FULL = ("0.1B", "0.6B", "1B", "4B")
"""Shapes whose every weight is trained."""
ASIDE = 3
"""One point in so many is kept aside: no constant is fitted to it."""


@dataclass(frozen=True)
class Point:
    """One run to measure.

    Attributes:
        shape: A key of `SHAPES`.
        rows: `even` (all of one length), `uneven` (padded) or `packed`.
        changes: What the recipe changes, by dotted paths.
    """

    shape: str
    rows: str
    changes: dict[str, Any] = field(hash=False)

    @property
    def key(self) -> str:
        """Its name, by which a stopped measurement goes on."""
        said = ",".join(f"{name}={value}" for name, value in sorted(self.changes.items()))
        return f"{self.shape} {self.rows} {said}"

    @property
    def aside(self) -> bool:
        """Whether it is kept aside, decided by its name alone."""
        return zlib.crc32(self.key.encode()) % ASIDE == 0


def points() -> list[Point]:
    """All of them, each once."""
    found = {point.key: point for point in (*_grid(), *_variants())}
    return list(found.values())


def _grid() -> Iterator[Point]:
    """Method by batch, length and checkpointing, for every shape."""
    sizes = {
        "0.1B": ((4, 512), (16, 1024), (2, 4096), (8, 2048)),
        "0.6B": ((1, 512), (8, 1024), (1, 8192), (4, 2048)),
        "1B": ((2, 512), (4, 1024), (1, 4096), (8, 1024)),
        "4B": ((1, 256), (4, 1024), (1, 8192), (2, 2048)),
        "8B": ((1, 512), (4, 1024), (2, 4096), (4, 2048)),
        "14B": ((1, 256), (2, 1024), (1, 8192), (1, 2048)),
    }
    for turn, shape in itertools.product(range(4), SHAPES):
        batch, length = sizes[shape][turn]
        for method in ("lora", "qlora", *(("full",) if shape in FULL else ())):
            kept = turn in (0, 3)  # small enough without checkpointing
            yield _point(shape, method, batch, length, "off" if kept else "on")


def _variants() -> Iterator[Point]:
    """What else the recipe decides, one at a time."""
    for shape in ("0.6B", "8B"):
        yield _point(shape, "lora", 4, 1024, "on", "packed", packing=True)
        yield _point(shape, "qlora", 4, 1024, "off", "packed", packing=True)
    for shape in ("0.1B", "4B"):
        yield _point(shape, "lora", 8, 1024, "on", "uneven")
        yield _point(shape, "qlora", 4, 1024, "off", "uneven")
    yield _point("0.6B", "full", 8, 1024, "on", "uneven")
    yield _point("0.6B", "full", 4, 1024, "on", accumulation=4)
    yield _point("4B", "full", 1, 1024, "on", optimizer="adamw-8bit")
    yield _point("1B", "full", 2, 1024, "on", optimizer="adafactor")
    yield _point("0.6B", "full", 2, 1024, "on", optimizer="paged-adamw-8bit")
    yield _point("4B", "full", 2, 1024, "on", master_weights=False)
    yield _point("8B", "lora", 2, 1024, "on", rank=128, alpha=256)
    yield _point("4B", "lora", 2, 1024, "off", dora=True)
    yield _point("0.6B", "lora", 4, 1024, "off", dropout=0.1)
    yield _point("8B", "qlora", 1, 1024, "on", bits=8)
    yield _point("1B", "qlora", 4, 1024, "on", bits=8)
    yield _point("8B", "qlora", 1, 16384, "on")
    yield _point("4B", "lora", 4, 1024, "on", targets=("attention",))
    yield _point("14B", "qlora", 2, 2048, "on", accumulation=2)


def _point(
    shape: str, method: str, batch: int, length: int, again: str, rows: str = "even", **more: Any
) -> Point:
    own = ("rank", "alpha", "dropout", "dora", "bits", "targets", "master_weights")
    changes: dict[str, Any] = {
        "method.kind": method,
        "training.batch_size": batch,
        "training.sequence_length": length,
        "training.gradient_checkpointing": again,
        "training.accumulation": 1,
    }
    for name, value in more.items():
        changes[f"{'method' if name in own else 'training'}.{name}"] = value
    return Point(shape, rows, changes)
