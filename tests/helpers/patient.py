"""Waits for the window as long as a busy machine needs; how long that is proves nothing."""

from typing import Any

from pytestqt.qtbot import QtBot

PATIENCE = 60_000
"""Milliseconds; a test that fails waits so long, one that passes does not."""


class PatientBot(QtBot):
    """Waits a minute where pytest-qt waits five seconds."""

    def waitUntil(self, callback, *, timeout: int = 0):
        """Wait until something is so; no test wants less than a minute for that."""
        super().waitUntil(callback, timeout=max(timeout, PATIENCE))

    def waitSignal(self, signal, *, timeout: int = PATIENCE, **more: Any):
        """Wait until a signal comes."""
        return super().waitSignal(signal, timeout=timeout, **more)

    def waitSignals(self, signals, *, timeout: int = PATIENCE, **more: Any):
        """Wait until all signals have come."""
        return super().waitSignals(signals, timeout=timeout, **more)

    def waitExposed(self, widget, *, timeout: int = PATIENCE):
        """Wait until a window is shown."""
        return super().waitExposed(widget, timeout=timeout)

    def waitActive(self, widget, *, timeout: int = PATIENCE):
        """Wait until a window has the focus."""
        return super().waitActive(widget, timeout=timeout)
