"""Opens a file's bytes, compressed or not, and says it plainly when the compression is broken."""

import gzip
import io
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

BUFFER = 1 << 20
SMALL = 256 << 20  # a file that unpacks to less than this may be packed as tightly as it likes
RATIO = 300  # text packs 3 to 20 times; beyond this it is made to fill a disk


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, unpacked while they are read."""
    if path.suffix.lower() == ".gz":
        return cast("BinaryIO", io.BufferedReader(_Unpacked(path), BUFFER))
    return path.open("rb", buffering=BUFFER)


class _Unpacked(io.RawIOBase):
    """A gzip file that refuses in a sentence where Python's own raises three kinds of errors."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inner = gzip.open(path, "rb")  # noqa: SIM115 - closed in close()
        self._left = max(SMALL, path.stat().st_size * RATIO)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer with unpacked bytes; 0 at the end."""
        try:
            size = self._inner.readinto(buffer)
        except (EOFError, OSError, zlib.error) as error:
            raise RefusedError(
                tr("“{name}” is cut off or damaged.").format(name=self._path.name),
                tr("Unpacking it stopped: {why}.").format(why=error),
                tr("Download or copy the file again."),
            ) from error
        self._left -= size
        if self._left < 0:
            raise RefusedError(
                tr("“{name}” unpacks to far more than data does.").format(name=self._path.name),
                tr("It is more than {ratio} times its size.").format(ratio=RATIO),
                tr("Unpack it yourself if you trust it, and choose the file inside."),
            )
        return size

    def close(self) -> None:
        """Close the file behind it."""
        self._inner.close()
        super().close()
