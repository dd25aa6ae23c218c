"""Projects that no run shows: never trained, or changed since they were. Reads files, no widget."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from finetune_studio.errors import RefusedError
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.folder import RunFolder


@dataclass(frozen=True)
class Draft:
    """A project in a list.

    Attributes:
        path: Its recipe.
        name: As the person calls it.
        model: The base model as the recipe names it.
        method: `full`, `lora` or `qlora`.
        changed: When it was saved last, in seconds since 1970.
        trained: Whether a run of it is there, from before it was changed.
    """

    path: Path
    name: str
    model: str
    method: str
    changed: float
    trained: bool


def read_drafts(recent: Sequence[str], runs: Mapping[str, str], most: int) -> list[Draft]:
    """The projects among the recent ones that no run stands for, newest first.

    Args:
        recent: Recipes that were opened, newest first.
        runs: The newest run of a project, by the project's recipe.
        most: How many at most.
    """
    found = (_draft(Path(each), runs.get(each, "")) for each in recent)
    return [each for each in found if each is not None][:most]


def project_of(run: RunFolder, runs: Mapping[str, str]) -> Path | None:
    """The project that this run shows as it still is; None where it has none, or has changed."""
    owners = (Path(project) for project, path in runs.items() if Path(path) == run.path)
    return next((each for each in owners if _is_shown(_recipe(each), run)), None)


def _draft(path: Path, run: str) -> Draft | None:
    recipe = _recipe(path)
    if recipe is None:
        return None
    folder = RunFolder(Path(run)) if run else None
    if folder is not None and _is_shown(recipe, folder):
        return None
    return Draft(
        path,
        recipe.name or path.stem,
        recipe.model.source,
        recipe.method.kind,
        path.stat().st_mtime,
        folder is not None and folder.recipe.is_file(),
    )


def _is_shown(recipe: Recipe | None, run: RunFolder) -> bool:
    """Whether a run is of this very recipe; what it is called does not matter."""
    of_run = _recipe(run.recipe)
    return recipe is not None and of_run is not None and _unnamed(recipe) == _unnamed(of_run)


def _unnamed(recipe: Recipe) -> Recipe:
    return store.with_changes(recipe, {"name": ""})


def _recipe(path: Path) -> Recipe | None:
    """What a file says; None where it is gone, or is no recipe."""
    try:
        return store.load(path) if path.is_file() else None
    except (RefusedError, OSError):
        return None
