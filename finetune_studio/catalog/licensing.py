"""The licences that a recipe's model and data are known to have, and what they say together.

Knows what makers wrote in the catalogue, in a model's or a data set's README, and nothing more: a
licence that nobody states is unknown.
"""

import functools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from finetune_studio import paths
from finetune_studio.catalog.figures import known_model
from finetune_studio.catalog.guardian import DATA, MODEL, Judgement, judge
from finetune_studio.catalog.licences import licence
from finetune_studio.catalog.local import readme_licence
from finetune_studio.errors import StudioError
from finetune_studio.i18n import mark
from finetune_studio.recipe.findings import Finding
from finetune_studio.recipe.schema import Recipe

UNKNOWN = "unknown"


def known_licences(recipe: Recipe) -> dict[str, str]:
    """What `licence.model` and `licence.data` should say, where that is known; by dotted path.

    Asks the disk alone, never the Hub.
    """
    found = {
        MODEL: licence_of_model(recipe.model.source, recipe.model.revision),
        DATA: licence_of_data(recipe.data.files),
    }
    return {path: key for path, key in found.items() if key != UNKNOWN}


def licence_of_model(source: str, revision: str = "") -> str:
    """The key of a model's licence: from the catalogue, else from its README on this disk."""
    try:
        known = known_model(source, revision)
    except StudioError:
        return UNKNOWN
    if known.entry and licence(known.entry.licence).key != UNKNOWN:
        return licence(known.entry.licence).key
    return licence(readme_licence(known.folder)).key if known.folder else UNKNOWN


def licence_of_data(files: Iterable[str]) -> str:
    """The key of the data's licence, where every file states the same one."""
    found = {_licence_of_file(name) for name in files}
    return found.pop() if len(found) == 1 else UNKNOWN


def licence_with(recipe: Recipe, files: Iterable[str]) -> dict[str, str]:
    """What `licence.data` becomes with other files, by its path; empty where it stays.

    That of the program's own samples comes and goes with them, unless the recipe says another.
    """
    before, now = _licence_of_samples(recipe.data.files), _licence_of_samples(files)
    said = licence(recipe.licence.data).key
    return {DATA: now} if said in (UNKNOWN, before) and now != said else {}


def _licence_of_samples(files: Iterable[str]) -> str:
    found = {_licence_of_sample(name) for name in files}
    return found.pop() if len(found) == 1 else UNKNOWN


def judged(recipe: Recipe) -> Judgement:
    """What the licences of a recipe say together: those it names, else those that are known."""
    known = known_licences(recipe)
    named = {MODEL: recipe.licence.model, DATA: recipe.licence.data}
    model, data = (
        named[path] if licence(named[path]).key != UNKNOWN else known.get(path, named[path])
        for path in (MODEL, DATA)
    )
    return judge(model, data)


def licence_findings(recipe: Recipe) -> list[Finding]:
    """What the person should know of the licences before training, each with a fix where known."""
    return [*_differing(recipe, known_licences(recipe)), *judged(recipe).findings]


def _differing(recipe: Recipe, known: Mapping[str, str]) -> list[Finding]:
    """Where the recipe says another licence than the maker does."""
    found = []
    for path, said in ((MODEL, recipe.licence.model), (DATA, recipe.licence.data)):
        key = known.get(path)
        if key is None or licence(said).key in (UNKNOWN, key):
            continue
        text = mark("The recipe says {said}, but its maker states {stated}.")
        values = {"said": licence(said).name, "stated": licence(key).name}
        found.append(Finding("warning", "licence-differs", path, text, values, fix={path: key}))
    return found


def _licence_of_file(name: str) -> str:
    try:
        if _is_sample(here := _place_of(name)):
            return _licence_of_sample(name)
        folder = here if here.is_dir() else here.parent
    except (OSError, ValueError, RuntimeError):
        return UNKNOWN
    return licence(readme_licence(folder)).key


def _licence_of_sample(name: str) -> str:
    """The licence of a sample that comes with the program; unknown for every other file."""
    try:
        here = _place_of(name)
        return _samples().get(here.name, UNKNOWN) if _is_sample(here) else UNKNOWN
    except (OSError, ValueError, RuntimeError):
        return UNKNOWN


def _place_of(name: str) -> Path:
    return Path(name.partition("#")[0]).expanduser().resolve()


def _is_sample(here: Path) -> bool:
    return here.parent == (paths.resources() / "samples").resolve()


@functools.cache
def _samples() -> Mapping[str, str]:
    file = paths.resources() / "licences" / "samples.json"
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))["samples"]
    return found
