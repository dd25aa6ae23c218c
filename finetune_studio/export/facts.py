"""What there is to say of a tuned model: gathered from its run, the export and what was measured.

What was not measured or is not known is None or empty, and the card says so. No path of this
machine is among the facts.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from finetune_studio import __version__
from finetune_studio.catalog.guardian import Judgement
from finetune_studio.catalog.licensing import judged
from finetune_studio.catalog.resolve import DEMO, HUB_ID
from finetune_studio.data.hub import PREFIX
from finetune_studio.errors import StudioError
from finetune_studio.export.about import CACHED
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.runs.events import EventReader
from finetune_studio.runs.folder import RunFolder
from finetune_studio.runs.state import RunState, fold

EVALUATION = "evaluation.json"
"""Where `evaluate` keeps its report in a run."""
LOOKED_AT = 200  # rows whose letters tell the data's language
SHARE = 0.1  # of the letters, from which a language counts
HANGUL, LATIN = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣ]"), re.compile(r"[A-Za-z]")


@dataclass(frozen=True)
class Base:
    """The base model as others may read it.

    Attributes:
        name: Its Hub id, or its folder's name.
        hub: Whether the name is a Hub id.
        revision: The version that was asked for; empty for the newest.
    """

    name: str
    hub: bool
    revision: str


@dataclass(frozen=True)
class Answered:
    """One prompt's answer before and after training."""

    prompt: str
    before: str
    after: str


@dataclass(frozen=True)
class Facts:
    """Everything that the card tells.

    Attributes:
        name: What the person calls it.
        recipe: What was decided.
        base: The base model.
        licences: What its licence and the data's say together.
        data: The names of the files and of the Hub's data sets that were learned from.
        datasets: Those of them that lie on the Hub, by id.
        languages: The languages of the data, as ISO 639-1 codes.
        in_use: What the trainer had in use, by name.
        versions: The libraries' versions.
        step: The steps that were done.
        seconds: How long it worked, in seconds.
        joules: The energy that the GPU took, as far as the run recorded it.
        before: The metrics on held-out rows before training.
        after: The same of the weights that were kept.
        answers: Answers before and after.
        evaluation: The report of `evaluate`; empty where it was not run.
    """

    name: str
    recipe: Recipe
    base: Base
    licences: Judgement
    data: tuple[str, ...]
    datasets: tuple[str, ...]
    languages: tuple[str, ...]
    in_use: Mapping[str, Any]
    versions: Mapping[str, Any]
    step: int
    seconds: float
    joules: float | None
    before: Mapping[str, float]
    after: Mapping[str, float]
    answers: tuple[Answered, ...]
    evaluation: Mapping[str, Any]
    program: str = f"Finetune Studio {__version__}"


def gather(run: RunFolder) -> Facts:
    """Read everything that a run has left.

    Raises:
        RefusedError: Its recipe cannot be read.
    """
    recipe = store.load(run.recipe)
    state = fold(EventReader(run.events).read())
    evaluation = read_json(run.path / EVALUATION)
    first, best = _measured(state)
    return Facts(
        name=recipe.name or run.info().name,
        recipe=recipe,
        base=base_of(recipe),
        licences=judged(recipe),
        data=tuple(_public(name) for name in recipe.data.files),
        datasets=tuple(_datasets(recipe.data.files)),
        languages=languages_of(_texts(recipe)),
        in_use=state.started.in_use if state.started else {},
        versions=state.started.versions if state.started else {},
        step=state.step,
        seconds=state.seconds,
        joules=state.joules or None,
        before=_figures(evaluation.get("base")) or first,
        after=_figures(evaluation.get("tuned")) or best,
        answers=tuple(_answers(state)),
        evaluation=evaluation,
    )


def base_of(recipe: Recipe) -> Base:
    """The base model; a folder of the Hub's cache is called by the id that it stands for."""
    source, revision = recipe.model.source, recipe.model.revision
    if cached := CACHED.search(source):
        return Base(f"{cached['maker']}/{cached['name']}", True, revision)
    if source == DEMO:
        return Base(DEMO, False, "")
    if Path(source).expanduser().exists() or not HUB_ID.fullmatch(source) or "/" not in source:
        return Base(re.split(r"[/\\]", source.rstrip("/\\"))[-1], False, "")
    return Base(source, True, revision)


def read_json(file: Path) -> dict[str, Any]:
    """The object in a JSON file that another part of the program writes; empty without one."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def languages_of(texts: Iterable[str]) -> tuple[str, ...]:
    """`ko`, `en` or both, by the letters of some texts; empty where there are none of either."""
    text = "".join(texts)
    counts = {"ko": len(HANGUL.findall(text)), "en": len(LATIN.findall(text)) / 2}
    whole = sum(counts.values())  # a syllable says about as much as two letters
    return tuple(code for code, count in counts.items() if whole and count / whole >= SHARE)


def _texts(recipe: Recipe) -> list[str]:
    """Some of what was learned; what was asked of the model where the files are gone."""
    from finetune_studio.data.sources import first_rows

    files = [name for name in recipe.data.files if not name.startswith(PREFIX)]
    try:
        rows = first_rows(files, LOOKED_AT) if files else []
    except StudioError:
        rows = []
    said = [str(value) for row in rows for value in row.values() if isinstance(value, str | list)]
    return said or list(recipe.evaluation.prompts)


def _public(name: str) -> str:
    return name if name.startswith(PREFIX) else re.split(r"[/\\]", name.rstrip("/\\"))[-1]


def _datasets(files: Iterable[str]) -> list[str]:
    named = [name.removeprefix(PREFIX).split(":")[0] for name in files if name.startswith(PREFIX)]
    return list(dict.fromkeys(named))


def _measured(state: RunState) -> tuple[dict[str, float], dict[str, float]]:
    """The metrics before training, and those of the evaluation whose weights were kept."""
    first = next((each for each in state.evaluations if each.step == 0), None)
    later = [each for each in state.evaluations if each.step > 0]
    kept = min(later, key=lambda each: _loss(each.metrics), default=None)
    return _figures(first and first.metrics), _figures(kept and kept.metrics)


def _loss(metrics: Mapping[str, float | None]) -> float:
    found = metrics.get("loss")
    return float("inf") if found is None else found


def _figures(metrics: object) -> dict[str, float]:
    if not isinstance(metrics, Mapping):
        return {}
    return {
        str(name): float(value)
        for name, value in metrics.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _answers(state: RunState) -> list[Answered]:
    """Each prompt as it was answered at the first and at the last evaluation."""
    said: dict[str, list[str]] = {}
    for each in state.samples:
        said.setdefault(each.prompt, []).append(each.text)
    pairs = ((prompt, texts) for prompt, texts in said.items() if len(texts) > 1)
    return [Answered(prompt, texts[0], texts[-1]) for prompt, texts in islice(pairs, 5)]
