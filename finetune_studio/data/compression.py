"""Opens a file's bytes, compressed or not, and says it plainly when the compression is broken."""

import gzip
import io
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

BUFFER = 1 << 20
SMALL = 256 << 20  # a file that unpacks to less than this may be packed as tightly as it likes
RATIO = 300  # text packs 3 to 20 times; beyond this it is made to fill a disk


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, unpacked while they are read."""
    ending = path.suffix.lower()
    if ending in UNPACKERS:
        return cast("BinaryIO", io.BufferedReader(_Unpacked(path, UNPACKERS[ending](path)), BUFFER))
    return path.open("rb", buffering=BUFFER)


def damaged(path: Path, error: Exception) -> RefusedError:
    """The refusal of a packed file that does not unpack."""
    return RefusedError(
        tr("“{name}” is cut off or damaged.").format(name=path.name),
        tr("Unpacking it stopped: {why}.").format(why=str(error).split("\n")[0][:200].rstrip(".")),
        tr("Download or copy the file again."),
    )


def bomb(path: Path) -> RefusedError:
    """The refusal of a packed file that would fill the disk."""
    return RefusedError(
        tr("“{name}” unpacks to far more than data does.").format(name=path.name),
        tr("It is more than {ratio} times its size.").format(ratio=RATIO),
        tr("Unpack it yourself if you trust it, and choose the file inside."),
    )


def _gzip(path: Path) -> Any:
    return gzip.open(path, "rb")


def _zstd(path: Path) -> Any:
    import pyarrow as pa

    return pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")


UNPACKERS: dict[str, Callable[[Path], Any]] = {".gz": _gzip, ".zst": _zstd, ".zstd": _zstd}


class _Unpacked(io.RawIOBase):
    """A packed file that refuses in a sentence where its library raises three kinds of errors."""

    def __init__(self, path: Path, inner: Any) -> None:
        self._path = path
        self._inner = inner
        self._left = max(SMALL, path.stat().st_size * RATIO)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer with unpacked bytes; 0 at the end."""
        try:
            block = self._inner.read(len(buffer))
        except (EOFError, OSError, zlib.error) as error:
            raise damaged(self._path, error) from error
        size = len(block)
        buffer[:size] = block
        self._left -= size
        if self._left < 0:
            raise bomb(self._path)
        return size

    def close(self) -> None:
        """Close the file behind it."""
        self._inner.close()
        super().close()
