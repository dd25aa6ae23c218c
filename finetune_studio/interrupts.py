"""Ctrl+C at a moment when nobody can answer it yet waits until somebody can.

A Python that still starts answers an interrupt with a traceback. Therefore the program's processes
are started with the signal held back: the system keeps it, and delivers it once they say that they
are ready. Windows cannot hold an interrupt back; nothing of this happens there.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


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


def end_silently() -> None:
    """From here on an interrupt ends the process at once: a Python that ends would quote itself."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def raise_interrupts() -> None:
    """From here on an interrupt is a KeyboardInterrupt."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
