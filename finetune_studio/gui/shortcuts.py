"""The keys of the whole window. Knows them by the names of what they do, not what that is."""

from collections.abc import Callable, Mapping

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

KEYS: dict[str, QKeySequence.StandardKey | str] = {
    "new": QKeySequence.StandardKey.New,
    "open": QKeySequence.StandardKey.Open,
    "save": QKeySequence.StandardKey.Save,
    "undo": QKeySequence.StandardKey.Undo,
    "redo": QKeySequence.StandardKey.Redo,
    "help": QKeySequence.StandardKey.HelpContents,
    "history": "Ctrl+H",
    "preferences": "Ctrl+,",
}


def add_shortcuts(window: QWidget, acts: Mapping[str, Callable[[], None]]) -> None:
    """Let each key do what goes by its name."""
    for name, keys in KEYS.items():
        action = QAction(window)
        action.setObjectName(name)
        known = [QKeySequence(keys)] if isinstance(keys, str) else QKeySequence.keyBindings(keys)
        action.setShortcuts(known)
        action.triggered.connect(lambda _=False, act=acts[name]: act())
        window.addAction(action)
