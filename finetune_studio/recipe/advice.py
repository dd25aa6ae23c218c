"""Recommended values, each with its reason and its source. Knows the recipe alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from finetune_studio import paths
from finetune_studio.i18n import mark, tr
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe

STEADY = 16
"""Rows of an effective batch."""
LONGEST = {
    "english_qa.jsonl": 76,
    "korean_qa.csv": 44,
    "korean_sentiment.csv": 81,
    "korean_text.txt": 62,
}
"""Tokens in the longest row of each bundled sample, with the demo model's tokenizer."""
STEP = 64
"""Lengths are multiples of this, as those that follow from counted rows (tokens/lengths.py)."""


@dataclass(frozen=True)
class Advice:
    """One recommended value.

    Attributes:
        path: The setting, dotted.
        value: What is recommended.
        text: Why, to be translated; `{name}` places are filled from `values`.
        source: Where the recommendation comes from.
        values: What fills the places.
    """

    path: str
    value: Any
    text: str
    source: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def why(self) -> str:
        """Why, in the language in use, as a part of a sentence."""
        return tr(self.text).format(**self.values).removesuffix(".")

    @property
    def reason(self) -> str:
        """Why, in the language in use, with the source."""
        return f"{self.why} [{tr(self.source)}]"


def recommend(recipe: Recipe) -> list[Advice]:
    """What task, method and model suggest, for the settings whose best value depends on them."""
    return [_learning_rate(recipe), _batch(recipe), *_small_model(recipe)]


def advised(recipe: Recipe) -> dict[str, Any]:
    """The recommended values, by dotted path; the last word of several counts."""
    return {each.path: each.value for each in recommend(recipe)}


def with_advised(recipe: Recipe) -> Recipe:
    """A recipe that begins with what is recommended for it."""
    return store.with_changes(recipe, advised(recipe))


def following(recipe: Recipe, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes, and with them the settings that nobody has decided: they follow what is recommended.

    A setting is undecided where it stands at what was recommended before, or at its default.
    """
    before, after = advised(recipe), advised(store.with_changes(recipe, changes))
    undecided = {
        path: value
        for path, value in after.items()
        if _value(recipe, path) in (before.get(path), _value(Recipe(), path))
    }
    return {**undecided, **changes}


def _value(recipe: Recipe, path: str) -> Any:
    found: Any = recipe
    for name in path.split("."):
        found = getattr(found, name)
    return found


def _learning_rate(recipe: Recipe) -> Advice:
    if recipe.method.kind == "full":
        return Advice(
            "training.learning_rate",
            2e-5,
            mark("every weight moves, so small steps keep what it knows"),
            "Llama 2 paper: 2e-5 for supervised fine-tuning",
        )
    return Advice(
        "training.learning_rate",
        2e-4,
        mark("an adapter starts at zero and takes larger steps"),
        "QLoRA paper: 2e-4 up to 13B",
    )


def _batch(recipe: Recipe) -> Advice:
    return Advice(
        "training.accumulation",
        max(1, round(STEADY / recipe.training.batch_size)),
        mark("an effective batch of 16 rows is steady, and fits beside most models"),
        "QLoRA paper: batch 16",
    )


def _small_model(recipe: Recipe) -> list[Advice]:
    if recipe.model.source != "demo":
        return []
    rate = Advice(
        "training.learning_rate",
        5e-4 if recipe.method.kind == "full" else 2e-3,
        mark("a model this small takes larger steps than the safe range of large ones"),
        "own runs with the demo model",
    )
    return [*_samples_length(recipe), rate]


def _samples_length(recipe: Recipe) -> list[Advice]:
    samples = paths.resources() / "samples"
    files = [Path(each) for each in recipe.data.files]
    if not files or any(each.parent != samples or each.name not in LONGEST for each in files):
        return []  # rows of the person's own have lengths of their own
    longest = max(LONGEST[each.name] for each in files)
    return [
        Advice(
            "training.sequence_length",
            -(-longest // STEP) * STEP,
            mark("the longest row of these samples has {longest} tokens"),
            mark("lengths of the bundled samples"),
            {"longest": longest},
        )
    ]
