"""The rows of the table of models, whatever they come from; how they are searched and sorted.

Knows no Qt and no table: ten thousand rows are filtered and sorted here in a few milliseconds,
where Qt's own proxy would call back into Python for every comparison.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from finetune_studio.catalog.entries import LEVELS, Entry, Gated, KoreanLevel, entry, normal
from finetune_studio.catalog.licences import Commercial, licence
from finetune_studio.catalog.search import Found
from finetune_studio.hardware.memory import Verdict
from finetune_studio.hardware.target import Target

Key = Literal[
    "suits", "korean", "name", "maker", "parameters", "licence", "context", "download", "fits"
]
Fits = Mapping[str, Verdict]
OK = ("fits", "tight")
COMMERCIAL: tuple[Commercial, ...] = ("no", "unknown", "conditional", "yes")


@dataclass(frozen=True)
class Row:
    """One model that can be looked at.

    Attributes:
        source: What `model.source` becomes: a Hub id, a folder or `demo`.
        name: What it is called.
        maker: Who made it; empty where unknown.
        parameters: Distinct parameters; 0 where unknown.
        licence: A key of `licences.licence`.
        korean: How well it knows Korean; empty where nobody says.
        context: Tokens that it reads; 0 where unknown.
        download: Bytes of its weights; 0 where unknown.
        gated: Whether its maker lets people in.
        on_disk: Whether it is on this disk, whole or in part.
        released: Its date; empty where unknown.
        downloads: From the Hub in the last month; 0 where unknown.
        custom_code: Whether it needs Python code of its own.
        limits: What is to be known of it beforehand, in the language in use.
        fits: By method, whether it fits; None where that is not known.
        slow: Seconds that a small job takes on the processor, where that is too long; else 0.
        config: The figures of its architecture; empty where unknown.
        entry: Its row of the catalogue; None for others.
    """

    source: str
    name: str
    maker: str = ""
    parameters: int = 0
    licence: str = "unknown"
    korean: KoreanLevel | Literal[""] = ""
    context: int = 0
    download: int = 0
    gated: Gated = "unknown"
    on_disk: bool = False
    released: str = ""
    downloads: int = 0
    custom_code: bool = False
    fits: Fits | None = None
    slow: float = 0.0
    config: Mapping[str, Any] = field(default_factory=dict, compare=False)
    entry: Entry | None = field(default=None, compare=False)
    found: Found | None = field(default=None, compare=False)

    @property
    def limits(self) -> list[str]:
        """What is to be known of it beforehand, in the language in use."""
        if self.entry:
            return self.entry.limits
        return [self.found.obstacle] if self.found and self.found.obstacle else []

    @property
    def commercial(self) -> Commercial:
        """Whether its licence lets it be used commercially."""
        return licence(self.licence).commercial

    @property
    def trains(self) -> bool:
        """Whether LoRA fits, and is not too slow."""
        return not self.slow and bool(self.fits) and (self.fits or {}).get("lora") in OK

    @cached_property
    def searched(self) -> str:
        """What a search looks through."""
        if self.entry:
            return self.entry.searched
        return normal(f"{self.source} {self.name} {self.licence}")


@dataclass(frozen=True)
class Wanted:
    """What the person wants to see; what is left alone lets everything through."""

    text: str = ""
    commercial: bool = False
    korean: bool = False
    fits: bool = False
    on_disk: bool = False

    @property
    def anything(self) -> bool:
        """Whether nothing is asked for."""
        return self == Wanted()


def of_entry(each: Entry, here: frozenset[str]) -> Row:
    """The row of a model of the catalogue."""
    return Row(
        source=each.id,
        name=each.name,
        maker=each.maker,
        parameters=each.parameters,
        licence=each.licence,
        korean=each.korean.level,
        context=each.context,
        download=each.download_bytes,
        gated=each.gated,
        on_disk=each.id in here,
        released=each.released,
        custom_code=each.custom_code,
        config=each.config,
        entry=each,
    )


def of_found(found: Found, here: frozenset[str]) -> Row:
    """The row of a model of the Hub; the catalogue's own knowledge of it comes first."""
    known = entry(found.id)
    if known and known.id == found.id:
        return replace(of_entry(known, here), downloads=found.downloads, found=found)
    maker, _, name = found.id.rpartition("/")
    return Row(
        source=found.id,
        name=name,
        maker=maker,
        parameters=found.parameters or 0,
        licence=found.licence,
        download=found.weight_bytes or 0,
        gated="yes" if found.gated else "no",
        on_disk=found.id in here,
        released=found.updated,
        downloads=found.downloads,
        found=found,
    )


def with_fits(rows: Iterable[Row], target: Target) -> list[Row]:
    """The rows with what each method comes to on a GPU; rows of unknown build stay without."""
    return [placed(each, target) for each in rows]


def placed(each: Row, target: Target) -> Row:
    """A row with what each method comes to on a GPU or the processor, and whether that is slow."""
    from finetune_studio.hardware.pace import job_seconds, too_slow

    waits = target.capability is None and too_slow(each.parameters, target.tflops)
    slow = job_seconds(each.parameters, target.tflops) if waits else 0.0
    return replace(each, fits=verdicts_of(each.config, target), slow=slow)


def verdicts_of(config: Mapping[str, Any], target: Target) -> Fits | None:
    """By method, whether a model fits; None where its architecture is not known."""
    from finetune_studio.catalog.architecture import read_architecture
    from finetune_studio.errors import RefusedError
    from finetune_studio.hardware.fit import verdicts

    if not config:
        return None
    try:
        return verdicts(read_architecture(config), target.free, target.capability)
    except RefusedError:
        return None


def select(rows: Iterable[Row], wanted: Wanted) -> list[Row]:
    """The rows that pass, in the order given."""
    words = normal(wanted.text).split()
    return [
        each
        for each in rows
        if all(word in each.searched for word in words)
        and not (wanted.commercial and each.commercial not in ("yes", "conditional"))
        and not (wanted.korean and each.korean != "native")
        and not (wanted.fits and not each.trains)
        and not (wanted.on_disk and not each.on_disk)
    ]


RANK = ("does-not-fit", "tight", "fits")
KEYS: Mapping[Key, Callable[[Row], Any]] = {
    "suits": lambda each: (_ease(each), _level(each), each.commercial != "no", *_newness(each)),
    "name": lambda each: each.name.casefold(),
    "maker": lambda each: (each.maker.casefold(), each.parameters),
    "parameters": lambda each: each.parameters,
    "licence": lambda each: (COMMERCIAL.index(each.commercial), each.licence),
    "korean": lambda each: (_level(each), *_newness(each)),
    "context": lambda each: each.context,
    "download": lambda each: (each.on_disk, -each.download),
    "fits": lambda each: (
        (not each.slow, *(RANK.index(each.fits[m]) for m in each.fits)) if each.fits else ()
    ),
}


def _level(each: Row) -> int:
    return LEVELS.index(each.korean) if each.korean else -1


def _newness(each: Row) -> tuple[bool, str]:
    """The newest first, and of all those without code of their own first."""
    return not each.custom_code, each.released


def _ease(each: Row) -> int:
    """How easily it is trained there: with LoRA, with QLoRA alone, too slowly, or not at all."""
    fits = each.fits or {}
    if each.slow:
        return int(fits.get("qlora") in OK)
    return 3 if each.trains else 2 * int(fits.get("qlora") in OK)


def arrange(rows: Sequence[Row], key: Key, *, descending: bool) -> list[Row]:
    """The rows sorted by one column; equal ones keep their order, unknown ones come last."""
    if key in ("parameters", "context") and not descending:
        known = [each for each in rows if KEYS[key](each)]
        rest = [each for each in rows if not KEYS[key](each)]
        return [*sorted(known, key=KEYS[key]), *rest]
    return sorted(rows, key=KEYS[key], reverse=descending)
