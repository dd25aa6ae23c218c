"""Weight files, judged by their headers: whole or torn, how many parameters, in what type.

A safetensors file is eight bytes with the header's length, the header (JSON), then the data; so a
truncated download shows in the file's size alone. No tensor is read.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

INDEX = "model.safetensors.index.json"
LARGEST_HEADER = 100_000_000  # bytes; the format's own limit

BITS = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("I8", "U8", "BOOL"), 8),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
}


@dataclass(frozen=True)
class Tensor:
    """One tensor as a header describes it."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


def read_weights(folder: Path) -> list[Tensor]:
    """The tensors of a model folder, from all its shards.

    Raises:
        RefusedError: A file is torn or damaged, or a shard that the index names is missing.
    """
    index = folder / INDEX
    if index.is_file():
        return _read_shards(folder, index)
    whole = folder / "model.safetensors"
    files = [whole] if whole.is_file() else weight_files(folder)
    return [tensor for file in files for tensor in read_header(file)]


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files that belong to the model (not the maker's second copy of it)."""
    found = sorted(folder.glob("*.safetensors"))
    return [file for file in found if not file.name.startswith(("consolidated", "adapter_"))]


def _read_shards(folder: Path, index: Path) -> list[Tensor]:
    places = _index(index)
    tensors = []
    for name in sorted(set(places.values())):
        if not (folder / name).is_file():
            raise RefusedError(
                tr("The model is incomplete."),
                tr("“{name}” is missing, which {index} names.").format(name=name, index=index.name),
                tr("Download the model again."),
            )
        tensors += read_header(folder / name)
    if absent := set(places) - {tensor.name for tensor in tensors}:
        raise RefusedError(
            tr("The model is incomplete."),
            tr("{count} tensors that {index} names are in no file, such as “{name}”.").format(
                count=len(absent), index=index.name, name=min(absent)
            ),
            tr("Download the model again."),
        )
    return tensors


def _index(file: Path) -> dict[str, str]:
    try:
        places = json.loads(file.read_text(encoding="utf-8"))["weight_map"]
        if not places or any(Path(name).name != name for name in places.values()):
            raise ValueError("names")
        return dict(places)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(file, tr("it is no list of weight files")) from error


def read_header(file: Path) -> list[Tensor]:
    """The tensors of one safetensors file.

    Raises:
        RefusedError: The file is torn, damaged or cannot be read.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if size < 8 or length > min(LARGEST_HEADER, size - 8):
                raise damaged(file, tr("it ends within its header"))
            header = json.loads(stream.read(length))
    except OSError as error:
        raise damaged(file, error.strerror or str(error)) from error
    except ValueError as error:
        raise damaged(file, tr("its header cannot be read")) from error
    return _tensors(file, header, size - 8 - length)


def _tensors(file: Path, header: Any, room: int) -> list[Tensor]:
    tensors, end = [], 0
    try:
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            tensor = Tensor(name, entry["dtype"], tuple(int(n) for n in entry["shape"]))
            start, stop = entry["data_offsets"]
            if min(tensor.shape, default=0) < 0 or not 0 <= start <= stop:
                raise ValueError(name)
            if (stop - start) * 8 != tensor.count * BITS.get(tensor.dtype, 0):
                raise ValueError(name)
            tensors.append(tensor)
            end = max(end, stop)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(file, tr("its header contradicts itself")) from error
    if end > room:
        raise damaged(
            file,
            tr("{missing} of its {total} bytes are missing").format(missing=end - room, total=end),
        )
    return tensors


def damaged(file: Path, why: str) -> RefusedError:
    """The refusal of a file that is torn or damaged."""
    return RefusedError(
        tr("A model file is damaged."),
        tr("“{name}”: {why}.").format(name=file.name, why=why),
        tr("Download or copy the model again."),
    )


def dtypes(tensors: Iterable[Tensor]) -> dict[str, int]:
    """How many numbers are stored in each type, most first."""
    counts: dict[str, int] = {}
    for tensor in tensors:
        counts[tensor.dtype] = counts.get(tensor.dtype, 0) + tensor.count
    return dict(sorted(counts.items(), key=lambda item: -item[1]))
