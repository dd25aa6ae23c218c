"""What the fixes of data are called in the window: the fault, the verb, what was done."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from finetune_studio.gui import amounts
from finetune_studio.gui.language import tr
from finetune_studio.gui.session import Session
from finetune_studio.recipe.findings import Finding

if TYPE_CHECKING:
    from finetune_studio.data.fixes import Fixed

SETTING = "data.fixes"
FAULTS: dict[str, Callable[[], str]] = {
    "empty-turn": lambda: tr("Empty turns"),
    "mojibake": lambda: tr("Wrongly read characters"),
    "decomposed": lambda: tr("Letters in parts (NFD)"),
    "control-characters": lambda: tr("Unseen characters"),
    "html": lambda: tr("Remains of HTML"),
    "personal-data": lambda: tr("Personal data"),
    "role-order": lambda: tr("Turns out of order"),
    "damaged-characters": lambda: tr("Lost characters"),
    "no-words": lambda: tr("Rows without words"),
    "too-long": lambda: tr("Very long rows"),
    "cut-answers": lambda: tr("Answers cut off"),
    "language-mix": lambda: tr("Other scripts"),
    "contradictions": lambda: tr("Contradicting labels"),
    "duplicates": lambda: tr("Repeated rows"),
    "near-duplicates": lambda: tr("Nearly equal rows"),
    "label-imbalance": lambda: tr("Uneven labels"),
    "leakage": lambda: tr("Learned rows among the measured"),
}
"""Every fix, by the fault that it is for."""
VERBS: dict[str, Callable[[], str]] = {
    "empty-turn": lambda: tr("Cut before it"),
    "mojibake": lambda: tr("Read rightly"),
    "decomposed": lambda: tr("Compose"),
    "control-characters": lambda: tr("Take out"),
    "html": lambda: tr("Take out"),
    "personal-data": lambda: tr("Mask"),
    "role-order": lambda: tr("Put in order"),
    "duplicates": lambda: tr("Keep the first"),
    "near-duplicates": lambda: tr("Keep the first"),
    "label-imbalance": lambda: tr("Even out"),
}


def fault(code: str) -> str:
    """What is wrong with the rows that a fix is for."""
    return FAULTS[code]() if code in FAULTS else code


def verb(code: str) -> str:
    """What its press will do."""
    return VERBS[code]() if code in VERBS else tr("Leave out")


def mending(found: Finding, session: Session) -> dict[str, Any]:
    """The settings that mend a finding now: fixes that came into use since it was found stay."""
    fixes = found.fix.get(SETTING)
    if not fixes:
        return dict(found.fix)
    own = dict(fixes[-1])
    return {SETTING: [*without(session.recipe.data.fixes, own["code"]), own]}


def said(found: Finding) -> str:
    """What the press of a finding with a fix of the data will do; empty for any other."""
    fixes = found.fix.get(SETTING)
    return verb(str(fixes[-1]["code"])) if fixes else ""


def did(fixed: "Fixed | None") -> str:
    """What a fix in use has done to the rows."""
    if fixed is None:
        return ""
    if not (fixed.changed or fixed.left_out):
        return tr("It finds nothing any more.")
    parts = []
    if fixed.changed:
        parts.append(tr("{rows} mended").format(rows=amounts.rows(fixed.changed)))
    if fixed.left_out:
        parts.append(tr("{rows} left out").format(rows=amounts.rows(fixed.left_out)))
    return " · ".join(parts)


def without(fixes: Sequence[Mapping[str, Any]], code: str) -> list[dict[str, Any]]:
    """The fixes but one."""
    return [dict(each) for each in fixes if each.get("code") != code]
