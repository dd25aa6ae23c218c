"""What the window needs of the system: Qt's shared libraries, a display, fonts with Hangul.

Asked before Qt is imported: Qt aborts the process when its platform plugin cannot load.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass

from finetune_studio import paths

# Shared library -> Debian/Ubuntu package. Found with ldd over Qt's plugins on a bare system.
ALWAYS = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
}
X11 = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}


@dataclass(frozen=True)
class Desktop:
    """What was found.

    Attributes:
        missing: Shared libraries that Qt needs and the system lacks.
        display: Whether there is a screen to draw on.
        korean_font: Whether a font with Hangul is at hand; None where unknown.
    """

    missing: tuple[str, ...] = ()
    display: bool = True
    korean_font: bool | None = True


def read_desktop() -> Desktop:
    """Look at this system; on Windows and macOS Qt brings all it needs."""
    if not sys.platform.startswith("linux"):
        return Desktop(korean_font=True)
    wanted = {**ALWAYS, **X11} if os.environ.get("DISPLAY") else ALWAYS
    missing = tuple(name for name in wanted if not _loads(name))
    display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return Desktop(missing, display, _korean_font())


def packages(missing: tuple[str, ...]) -> str:
    """The Debian packages that hold the missing libraries, as `apt install` takes them."""
    return " ".join((ALWAYS | X11).get(name, name) for name in missing)


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _korean_font() -> bool | None:
    bundled = paths.resources() / "fonts"
    if any(bundled.glob("Pretendard*.otf")):
        return True
    if not shutil.which("fc-list"):
        return None
    with suppress(OSError, subprocess.SubprocessError):
        answer = subprocess.run(
            ["fc-list", ":lang=ko", "family"], capture_output=True, timeout=10, check=False
        )
        return bool(answer.stdout.strip())
    return None
