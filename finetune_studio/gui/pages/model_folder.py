"""What stands where a model of one's own is chosen. Knows nothing of models."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from finetune_studio.gui.language import tr
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.layout import column
from finetune_studio.gui.widgets.notice import empty_state


def folder_card(chosen: Callable[[], None]) -> QWidget:
    """An empty place with the button that chooses a folder."""
    choose = Button(lambda: tr("Choose a folder"), "primary", "folder-open")
    choose.clicked.connect(chosen)
    empty = empty_state(
        "folder-open",
        lambda: tr("A model on this disk"),
        lambda: tr("Its folder holds config.json, the safetensors weights and the tokenizer."),
        choose,
    )
    return Card(column(empty, pad=Space.xl), fill="canvas")
