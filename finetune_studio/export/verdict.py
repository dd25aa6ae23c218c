"""What a comparison with the trained model means: green, amber or red, with the reasons in words.

Knows figures, not how they were measured. The bounds come from measurements on SmolLM2-135M and the
demo model (tests/benchmarks/README.md): rounding to 16 bits moves the distribution of the next
token by 0.001 to 0.005 nats, 8 bits by 0.005 to 0.015, good 4-bit files by 0.07 to 0.16; beyond,
answers are other answers. Small models suffer most, so the bounds are generous to large ones.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from finetune_studio import speech
from finetune_studio.export.facts import read_json
from finetune_studio.i18n import tr

Verdict = Literal["green", "amber", "red"]
REPORT = "verify.json"
"""What a verdict is kept as, in the export's folder."""
ORDER: tuple[Verdict, ...] = ("green", "amber", "red")
KL = (0.02, 0.2)
"""Mean divergence of the next token's distribution, in nats: up to the first green, then amber."""
TOP = (0.95, 0.8)
"""Share of places with the same likeliest token: from the first on green, from the second amber."""
GREEDY = 0.5
"""Share of prompts answered word for word the same below which it is amber."""
PERPLEXITY = (1.02, 1.15)
"""Perplexity on held-out rows, as a multiple of the trained model's."""


@dataclass(frozen=True)
class Reason:
    """One thing that was found.

    Attributes:
        verdict: How grave it is.
        text: In words.
    """

    verdict: Verdict
    text: str


def judge(found: Mapping[str, Any]) -> tuple[Verdict, list[str]]:
    """The verdict over what was found, and every reason, gravest first.

    Args:
        found: `token_ids_equal`, `prompt_equal`, `mean_kl`, `top1_match`, `greedy_match`,
            `perplexity_ratio`; what was not measured is None or missing.
    """
    reasons = sorted(_reasons(found), key=lambda each: -ORDER.index(each.verdict))
    worst = reasons[0].verdict if reasons else "green"
    texts = [each.text for each in reasons]
    return worst, texts if worst != "green" else [
        tr("It says what the trained model says."),
        *texts,
    ]


def kept(export: Path, language: str) -> dict[str, Any]:
    """The report that is kept with an export, its reasons in a language; empty without one."""
    report = read_json(export / REPORT)
    if report:
        with speech.speaking(language):
            report |= {"reasons": reasons_of(report)}
    return report


def reasons_of(report: Mapping[str, Any]) -> list[str]:
    """The reasons of a kept report in the language in use; as written where figures are missing."""
    written = [str(each) for each in report.get("reasons") or ()]
    verdict, said = judge(report)
    return said if (verdict, len(said)) == (report.get("verdict"), len(written)) else written


def summary(report: Mapping[str, Any]) -> str:
    """A kept report in a few lines."""
    names = {"green": tr("green"), "amber": tr("amber"), "red": tr("red")}
    lines = [tr("Verdict: {verdict}.").format(verdict=names[report["verdict"]])]
    lines += [f"  {reason}" for reason in reasons_of(report)]
    text = tr("Same likeliest token {top1:.1%} of {places:,} places; KL divergence {kl:.2g} nats.")
    lines.append(
        text.format(top1=report["top1_match"], places=report["places"], kl=report["mean_kl"])
    )
    if report.get("greedy_match") is not None:
        text = tr("Answered word for word the same: {share:.0%} of {count} prompts.")
        lines.append(text.format(share=report["greedy_match"], count=report["prompts"]))
    return "\n".join(lines)


def _reasons(found: Mapping[str, Any]) -> Iterator[Reason]:
    if found.get("prompt_equal") is False:
        yield Reason("red", tr("The chat template makes another prompt of the same conversation."))
    if found.get("token_ids_equal") is False:
        yield Reason("red", tr("The same text becomes other tokens than in training."))
    if found.get("other_base"):
        text = tr("It was trained on quantised weights and is put on the original ones here.")
        yield Reason("green", text)
    yield from _likeness(found)
    yield from _answers(found)


def _likeness(found: Mapping[str, Any]) -> Iterator[Reason]:
    apart, same = found.get("mean_kl"), found.get("top1_match")
    if apart is not None and apart > KL[0]:
        text = tr("The next token's probabilities moved by {kl:.2g} nats (up to {limit} is usual).")
        yield Reason(_grade(apart, KL), text.format(kl=apart, limit=KL[0]))
    if same is not None and same < TOP[0]:
        text = tr("The likeliest next token is another one at {share:.1%} of all places.")
        yield Reason("amber" if same >= TOP[1] else "red", text.format(share=1 - same))
    ratio = found.get("perplexity_ratio")
    if ratio is not None and ratio > PERPLEXITY[0]:
        text = tr("The perplexity on rows it never learned is {ratio:.2f} times the trained one's.")
        yield Reason(_grade(ratio, PERPLEXITY), text.format(ratio=ratio))


def _answers(found: Mapping[str, Any]) -> Iterator[Reason]:
    greedy = found.get("greedy_match")
    if greedy is not None and greedy < GREEDY:
        text = tr("Only {share:.0%} of the prompts are answered word for word the same.")
        text = text if greedy else tr("No prompt is answered word for word the same.")
        yield Reason("amber", text.format(share=greedy))


def _grade(value: float, bounds: tuple[float, float]) -> Verdict:
    return "amber" if value <= bounds[1] else "red"
