"""What the licences of a base model and of the data say together: findings, and what to publish.

Training at home is one thing, publishing another: a conflict is a warning before training, and it
stops an upload.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from finetune_studio.catalog.licences import Commercial, Licence, licence
from finetune_studio.i18n import mark
from finetune_studio.recipe.findings import Finding

MODEL, DATA = "licence.model", "licence.data"
WORST: tuple[Commercial, ...] = ("no", "unknown", "conditional", "yes")


@dataclass(frozen=True)
class Judgement:
    """What follows from two licences.

    Attributes:
        model: The base model's licence.
        data: The data's licence.
        commercial: Whether the result may be used commercially.
        findings: What the person should know before training.
        conflicts: The codes of those findings that stop an upload.
        notices: What has to be shown with the published result.
        name_prefix: How the published result's name must begin; empty where it need not.
        result: The licence that the result can carry; `unknown` where none can be named.
    """

    model: Licence
    data: Licence
    commercial: Commercial
    findings: tuple[Finding, ...]
    conflicts: tuple[str, ...]
    notices: tuple[str, ...]
    name_prefix: str
    result: str

    def before_upload(self, name: str) -> list[Finding]:
        """The findings for publishing under that name: conflicts are errors now."""
        found = [
            replace(each, level="error") if each.code in self.conflicts else each
            for each in self.findings
        ]
        return [*_naming(self, name), *found]


def judge(model: str, data: str) -> Judgement:
    """Judge a base model's licence and the data's together; both as keys or names."""
    base, rows = licence(model), licence(data)
    findings = tuple(finding for look in _LOOKS for finding in look(base, rows))
    notices = tuple(each.notice for each in (base, rows) if each.notice)
    found = {finding.code for finding in findings}
    conflicts = tuple(sorted(found & _CONFLICTS))
    result = "unknown" if conflicts or "unknown" in (base.key, rows.key) else _result(base, rows)
    return Judgement(
        base, rows, _worst(base, rows), findings, conflicts, notices, base.name_prefix, result
    )


def _worst(base: Licence, rows: Licence) -> Commercial:
    return min((base.commercial, rows.commercial), key=WORST.index)


def _result(base: Licence, rows: Licence) -> str:
    """The data's licence where it asks for itself; else the stricter of the two; else the base's.

    Weights made from a model stay under that model's licence, so the base's is the rule.
    """
    if rows.share_alike:
        return rows.key
    if rows.commercial == "no" and base.commercial != "no":
        return rows.key
    return base.key


def _unknown(base: Licence, rows: Licence) -> Iterator[Finding]:
    if base.key == "unknown":
        text = mark("The base model's licence is not known: find out what it allows.")
        yield Finding("warning", "licence-model-unknown", MODEL, text)
    elif base.commercial == "unknown":
        text = mark("What the base model's licence ({name}) allows was not confirmed: read it.")
        yield Finding("warning", "licence-model-unknown", MODEL, text, {"name": base.name})
    if rows.commercial == "unknown":
        text = mark(
            "The data's licence is not known; say it before you publish or sell the result."
        )
        yield Finding("warning", "licence-data-unknown", DATA, text)


def _non_commercial(base: Licence, rows: Licence) -> Iterator[Finding]:
    for each, where, code in (
        (base, MODEL, "licence-model-non-commercial"),
        (rows, DATA, "licence-data-non-commercial"),
    ):
        if each.commercial == "no":
            text = mark("{name} forbids commercial use, and so of the result too.")
            yield Finding("warning", code, where, text, {"name": each.name})


def _conditional(base: Licence, rows: Licence) -> Iterator[Finding]:
    if base.commercial == "conditional":
        text = mark("{name} allows commercial use on conditions: {sentence}")
        values: dict[str, Any] = {"name": base.name, "sentence": base.commercial_sentence}
        yield Finding("advice", "licence-model-conditional", MODEL, text, values)


def _share_alike(base: Licence, rows: Licence) -> Iterator[Finding]:
    if not (base.share_alike or rows.share_alike) or base.key == rows.key:
        return
    asking, other, where = (rows, base, DATA) if rows.share_alike else (base, rows, MODEL)
    values = {"asking": asking.name, "other": other.name}
    if _contradicts(asking, other):
        text = mark("{asking} wants the result under itself, which {other} does not allow.")
        yield Finding("warning", "licence-conflict", where, text, values)
    else:
        text = mark("{asking} wants what is made of it to carry the same licence.")
        yield Finding("advice", "licence-share-alike", where, text, values)


def _contradicts(asking: Licence, other: Licence) -> bool:
    """Whether the result cannot be under `asking`, because `other` allows less or wants itself."""
    if other.share_alike or other.name_prefix:
        return True
    return WORST.index(other.commercial) < WORST.index(asking.commercial)


def _no_derivatives(base: Licence, rows: Licence) -> Iterator[Finding]:
    for each, where in ((base, MODEL), (rows, DATA)):
        if each.no_derivatives:
            text = mark("{name} forbids passing on changed versions, and a tuned model may be one.")
            yield Finding("warning", "licence-no-derivatives", where, text, {"name": each.name})


def _naming(judged: Judgement, name: str) -> Iterator[Finding]:
    prefix = judged.name_prefix
    if prefix and not name.rpartition("/")[2].casefold().startswith(_joined(prefix)):
        yield Finding(
            "error",
            "licence-name",
            "name",
            mark("{licence} wants the published name to begin with “{prefix}”."),
            {"licence": judged.model.name, "prefix": prefix},
        )


def _joined(prefix: str) -> str:
    """Repository names have no spaces: `Llama 3` is written `Llama-3`."""
    return prefix.casefold().replace(" ", "-")


_LOOKS: tuple[Callable[[Licence, Licence], Iterator[Finding]], ...] = (
    _unknown,
    _non_commercial,
    _share_alike,
    _no_derivatives,
    _conditional,
)
_CONFLICTS = {"licence-conflict", "licence-no-derivatives"}
