"""The rows of a recipe to a file of the person's, in a shape of their choice, repairs included."""

from pathlib import Path
from typing import TYPE_CHECKING

from finetune_studio.data import pairs, turns
from finetune_studio.data.convert import FORMS, Converted, convert
from finetune_studio.data.layout import settle
from finetune_studio.data.sources import open_rows
from finetune_studio.data.usable import read_part

if TYPE_CHECKING:
    from finetune_studio.recipe.schema import Data


def targets(shape: str) -> tuple[str, ...]:
    """The shapes that rows of a shape can be saved in; none for texts."""
    if shape in turns.CHATS:
        return tuple(FORMS)
    if shape in pairs.GOOD_ALONE:
        return (*FORMS, "kto") if shape == "kto" else (*FORMS, "preference", "kto")
    return ()


def save_rows(
    data: "Data", to: str, out: Path, *, skip: bool = False, good_only: bool = False
) -> Converted:
    """Write the rows of a recipe to a new file.

    With fixes in use these are the repaired conversations, so that columns which play no role are
    gone; without any they are the rows of the files, whole.

    Raises:
        LossError: As `convert`.
        RefusedError: As `convert` and `read_part`.
        StudioError: The disk is full or not writable.
    """
    rows = open_rows(data.files).dataset
    found = settle(rows, data.shape, data.mapping)
    if data.fixes and found.shape in turns.CHATS:
        rows = read_part(data, data.files, "chat").rows
        return convert(rows, "messages", {"messages": "messages"}, to, out, skip=skip)
    return convert(rows, found.shape, found.mapping, to, out, skip=skip, good_only=good_only)
