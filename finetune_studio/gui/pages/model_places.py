"""Where the models of the model's page come from. Knows no widget."""

from pathlib import Path
from typing import Literal

from finetune_studio.catalog.resolve import DEMO
from finetune_studio.gui.language import Words, tr
from finetune_studio.gui.project import Project

Place = Literal["catalogue", "hub", "folder", "kept", "demo"]
TABLES = ("catalogue", "hub")
"""Those that a table shows."""
NAMED: tuple[tuple[Place, Words], ...] = (
    ("catalogue", lambda: tr("Catalogue")),
    ("hub", lambda: "Hugging Face Hub"),
    ("folder", lambda: tr("My folder")),
    ("kept", lambda: tr("Downloaded")),
    ("demo", lambda: tr("Demo model")),
)
"""What each is called, in the order in which they are offered."""


def place_of(project: Project) -> Place:
    """Where the recipe's model comes from."""
    source = project.session.recipe.model.source
    own = source != DEMO and Path(source).expanduser().is_dir()
    return "folder" if own else "catalogue"
