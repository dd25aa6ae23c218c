"""A project's name that nobody gave: after its data and its model, for as long as it stays so.

What the person calls it is never touched. Knows no widget.
"""

import re

from PySide6.QtCore import QObject

from finetune_studio.data.files import COMPRESSIONS, KINDS
from finetune_studio.gui.session import Session
from finetune_studio.recipe.schema import Recipe

NAMED_AFTER = frozenset({"data.files", "model.source"})
LONGEST = 40  # letters of each part


class SelfNamed(QObject):
    """Names a project of ours after its data and model, until the person names it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, self._given = session, called_after(session.recipe)
        session.changed.connect(self._follow)

    def _follow(self, changed: frozenset[str]) -> None:
        name = called_after(self._session.recipe)
        if not (changed & NAMED_AFTER and name and self._session.saves_itself):
            return
        path = self._session.path
        nobodys = {self._given, path.stem if path else ""}
        self._given = name
        if self._session.recipe.name in nobodys:
            self._session.complete({"name": name})


def called_after(recipe: Recipe) -> str:
    """What a recipe would be called after its data and its model; empty without data."""
    files = recipe.data.files
    if not files:
        return ""
    more = f" +{len(files) - 1}" if len(files) > 1 else ""
    return f"{_data(files[0])}{more} · {_last(recipe.model.source)[:LONGEST]}"


def _data(name: str) -> str:
    """A file's name without its folder, its endings and its sheet; a Hub's without its owner."""
    if name.startswith("hub:"):
        return _last(name.split(":")[1])[:LONGEST]
    plain = _last(name.partition("#")[0])
    short = plain
    for endings in (COMPRESSIONS, KINDS):
        end = next((each for each in endings if short.lower().endswith(each)), "")
        short = short[: len(short) - len(end)]
    return (short or plain)[:LONGEST]


def _last(path: str) -> str:
    return re.split(r"[\\/]", path.rstrip("\\/"))[-1]
