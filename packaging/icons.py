"""Makes the Windows icon from the drawing: `python packaging/icons.py`."""

import struct
import sys
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

HERE = Path(__file__).resolve().parent
SIZES = (16, 24, 32, 48, 64, 256)


def main() -> None:
    """Draw every size, and put them in one file."""
    QGuiApplication(["icons", "-platform", "offscreen"])
    drawing = QSvgRenderer(str(HERE / "linux" / "finetune-studio.svg"))
    pictures = [_png(drawing, size) for size in SIZES]
    (HERE / "windows" / "finetune-studio.ico").write_bytes(ico(pictures))


def _png(drawing: QSvgRenderer, size: int) -> bytes:
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    drawing.render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data().data())


def ico(pictures: list[bytes]) -> bytes:
    """The pictures as one icon file: a directory, then each picture as it is."""
    at = 6 + 16 * len(pictures)
    entries = b""
    for size, picture in zip(SIZES, pictures, strict=True):
        side = size % 256  # 0 stands for 256
        entries += struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(picture), at)
        at += len(picture)
    return struct.pack("<HHH", 0, 1, len(pictures)) + entries + b"".join(pictures)


if __name__ == "__main__":
    sys.exit(main())
