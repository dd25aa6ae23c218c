"""Ctrl+C at a moment when nobody can answer it yet waits until somebody can.

A Python that still starts answers an interrupt with a traceback. Therefore the program's processes
are started with the signal held back: the system keeps it, and delivers it once they say that they
are ready. Windows cannot hold an interrupt back; nothing of this happens there.
"""

import atexit
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


def hold() -> None:
    """From here on an interrupt waits until this process is ready."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def ready() -> None:
    """From here on an interrupt is heard; one that waited is heard now."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextmanager
def held() -> Iterator[None]:
    """Meanwhile an interrupt waits: here to the end, in a process that is started to its `ready`.

    Start only processes of this program so: another would never hear Ctrl+C.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def remember() -> None:
    """From here on it is known whether an interrupt came, whatever a library makes of it.

    An interrupt in the midst of an import may come out as another error of some extension module.
    """
    mine = threading.current_thread() is threading.main_thread()
    if mine and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _hear)


def came() -> bool:
    """Whether an interrupt came since `remember`."""
    return _came.is_set()


_came = threading.Event()


def _hear(number: int, frame: FrameType | None) -> None:
    _came.set()
    signal.default_int_handler(number, frame)


def end_silently() -> None:
    """From here on an interrupt ends the process at once: a Python that ends would quote itself.

    Once its threads have ended nothing is left to wait for: an interrupt waits then, and the exit
    code stays what the program said. Python itself also sends one, at its very end, where an
    interrupt had come in the midst of an `exec` of text, as dataclasses do it: it takes it for one
    that nobody answered.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    atexit.register(hold)


def raise_interrupts() -> None:
    """From here on an interrupt is a KeyboardInterrupt."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
