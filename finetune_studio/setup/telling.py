"""How the first start speaks while there is no window: the terminal, the desktop's own dialogs.

Standard library only. Where there is neither, it stays silent and the log has it all.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from finetune_studio.errors import StudioError

TITLE = "Finetune Studio"


@contextmanager
def shown(text: str) -> Iterator[Callable[[str], None]]:
    """Show that something is being done; gives the function that says what."""
    dialog = _dialog(text)

    def tell(words: str) -> None:
        if sys.stderr is not None:
            print(words, file=sys.stderr, flush=True)  # noqa: T201
        if dialog is not None and dialog.stdin is not None:
            with suppress(OSError):  # the person closed it
                dialog.stdin.write(f"# {words}\n".encode())
                dialog.stdin.flush()

    try:
        tell(text)
        yield tell
    finally:
        if dialog is not None:
            dialog.terminate()
            dialog.wait()


def complain(error: StudioError) -> None:
    """Say what went wrong where the person sees it."""
    if sys.stderr is not None:
        print(f"finetune-studio: {error}", file=sys.stderr, flush=True)  # noqa: T201
    said = "\n\n".join(part for part in (error.title, error.detail, error.hint) if part)
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.MessageBoxW(None, said, TITLE, 0x10)
    elif _on_desktop():
        for name, *options in (
            ("zenity", "--error", "--no-markup", f"--title={TITLE}", f"--text={said}"),
            ("kdialog", "--title", TITLE, "--error", said),
            ("xmessage", said),
        ):
            if found := shutil.which(name):
                subprocess.run([found, *options], check=False)
                return


def _dialog(text: str) -> "subprocess.Popen[bytes] | None":
    found = shutil.which("zenity")
    if not found or not _on_desktop():
        return None
    options = ("--progress", "--pulsate", "--no-cancel", "--auto-close")
    return subprocess.Popen(
        [found, *options, f"--title={TITLE}", f"--text={text}", "--width=420"],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _on_desktop() -> bool:
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(screen) and not (sys.stderr is not None and sys.stderr.isatty())
