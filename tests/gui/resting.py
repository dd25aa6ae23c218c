"""Waiting until a page has heard everything, and shows it."""

from collections.abc import Callable

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot


def at_rest(qtbot: QtBot, resting: Callable[[], bool], timeout: int = 20_000) -> None:
    """Wait until something rests; what a layout took in comes into sight with the turn after it."""
    qtbot.waitUntil(resting, timeout=timeout)
    QApplication.processEvents()
