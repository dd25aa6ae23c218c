"""The bundled catalogue: models worth fine-tuning, to be sorted, filtered and searched.

Knows what is written in resources/catalog/models.json, and nothing of this machine: whether a model
fits a GPU is for hardware/fit.py to say.
"""

import functools
import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from finetune_studio import paths
from finetune_studio.catalog import refusals
from finetune_studio.catalog.licences import Commercial, licence
from finetune_studio.catalog.wording import worded
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

KoreanLevel = Literal["native", "official", "none"]
Gated = Literal["yes", "no", "unknown"]
SortKey = Literal["name", "maker", "parameters", "context", "download", "korean", "released"]


@dataclass(frozen=True)
class Korean:
    """How well a model knows Korean.

    Attributes:
        level: `native` (trained for Korean, or trained on in it), `official` (its maker names
            Korean among its languages), `none`.
        adapted: Whether Korean was added to another maker's model.
        source: Where that is from: a key of `sources()`.
    """

    level: KoreanLevel
    adapted: bool
    source: str


@dataclass(frozen=True)
class Entry:
    """One model of the catalogue.

    Attributes:
        id: Its name on the Hub.
        base: The base model it was tuned from, on the Hub; empty where it is one, or has none.
        released: The date, as `2025-04-27`; empty where unknown.
        parameters: Distinct parameters of the text model, counted from `config`.
        exact: Whether every figure that the count rests on was confirmed.
        vision_parameters: Parameters of a vision part that is loaded along.
        download_bytes: Size of the published weights.
        context: Tokens it reads; 0 where unknown.
        licence: A key of `licences.licence`.
        gated: Whether its maker lets people in one by one.
        custom_code: Whether it needs Python code of its own.
        safetensors: Whether its weights are published in that format; None where unknown.
        notes: Known limits, in both languages.
        sources: Where its figures are from: keys of `sources()`.
        config: The figures of its architecture, named as in config.json.
    """

    id: str
    base: str
    name: str
    maker: str
    family: str
    released: str
    parameters: int
    exact: bool
    download_bytes: int
    context: int
    licence: str
    gated: Gated
    korean: Korean
    tokenizer: str
    custom_code: bool
    safetensors: bool | None
    sources: tuple[str, ...]
    config: Mapping[str, Any]
    notes: tuple[Mapping[str, str], ...] = ()
    vision_parameters: int = 0
    aliases: tuple[str, ...] = field(default=(), compare=False)

    @property
    def limits(self) -> list[str]:
        """What is to be known of it beforehand, in the language in use."""
        said = [worded(note) for note in self.notes]
        return [obstacle(self), *said] if obstacle(self) else said

    @property
    def commercial(self) -> Commercial:
        """Whether its licence lets it be used commercially."""
        return licence(self.licence).commercial

    @functools.cached_property
    def searched(self) -> str:
        """What a search looks through."""
        words = (self.id, self.base, self.maker, self.family, self.tokenizer, *self.aliases)
        return normal(" ".join((*words, self.licence, licence(self.licence).name)))


def obstacle(entry: Entry) -> str:
    """Why the trainer cannot load the model, as a sentence; empty where it can."""
    if entry.custom_code:
        return tr("It needs to run its own code, which is off unless you turn it on.")
    try:
        refusals.refuse_unknown(entry.config)
    except RefusedError as refusal:
        return str(refusal)
    return ""


@functools.cache
def entries() -> tuple[Entry, ...]:
    """Every model of the bundled catalogue."""
    content = _content()
    makers: Mapping[str, list[str]] = content["makers"]
    return tuple(
        Entry(
            **{
                **each,
                "korean": Korean(**each["korean"]),
                "notes": tuple(each["notes"]),
                "sources": tuple(each["sources"]),
                "aliases": tuple(makers.get(each["maker"], ())),
            }
        )
        for each in content["models"]
    )


def entry(name: str) -> Entry | None:
    """The model of that Hub id, or the one that was tuned from it; None where there is none."""
    wanted = name.casefold()
    for each in entries():
        if each.id.casefold() == wanted:
            return each
    return next((each for each in entries() if each.base.casefold() == wanted), None)


def sources() -> Mapping[str, str]:
    """What the keys in `Entry.sources` stand for."""
    found: Mapping[str, str] = _content()["sources"]
    return found


@dataclass(frozen=True)
class Filter:
    """What a person wants to see; what is left at None or False lets everything through.

    Attributes:
        text: Words that all occur in a model's name, maker, family or licence.
        commercial: Only what may be used commercially, on conditions or not.
        korean: At least this level.
        loadable: Only what the trainer loads without more ado.
        open_access: Only what needs nobody's permission.
        largest: Parameters at most.
        among: Only these ids, such as those that fit a GPU.
    """

    text: str = ""
    commercial: bool = False
    korean: KoreanLevel | None = None
    loadable: bool = False
    open_access: bool = False
    largest: int | None = None
    among: frozenset[str] | None = None


LEVELS: tuple[KoreanLevel, ...] = ("none", "official", "native")


def select(models: Iterable[Entry], wanted: Filter) -> list[Entry]:
    """The models that pass the filter, in the order given."""
    words = normal(wanted.text).split()
    lowest = LEVELS.index(wanted.korean) if wanted.korean else 0
    return [
        each
        for each in models
        if all(word in each.searched for word in words)
        and LEVELS.index(each.korean.level) >= lowest
        and not (wanted.commercial and each.commercial not in ("yes", "conditional"))
        and not (wanted.open_access and each.gated != "no")
        and not (wanted.largest is not None and each.parameters > wanted.largest)
        and not (wanted.among is not None and each.id not in wanted.among)
        and not (wanted.loadable and obstacle(each))
    ]


KEYS: Mapping[SortKey, Callable[[Entry], Any]] = {
    "name": lambda each: each.name.casefold(),
    "maker": lambda each: (each.maker.casefold(), each.parameters),
    "parameters": lambda each: each.parameters,
    "context": lambda each: each.context,
    "download": lambda each: each.download_bytes,
    "korean": lambda each: (LEVELS.index(each.korean.level), each.released),
    "released": lambda each: each.released,
}


def arrange(models: Iterable[Entry], key: SortKey, descending: bool = False) -> list[Entry]:
    """The models sorted by one column; equal ones keep their order."""
    return sorted(models, key=KEYS[key], reverse=descending)


def normal(text: str) -> str:
    """Text as it is compared: composed Hangul, no difference of case."""
    return unicodedata.normalize("NFC", text).casefold()


@functools.cache
def _content() -> dict[str, Any]:
    file = paths.resources() / "catalog" / "models.json"
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content
