"""An evaluation in a few lines of text, and the sentences that its report says too."""

from finetune_studio.evaluation import metrics, probe
from finetune_studio.evaluation.result import Contamination, Evaluation, Forgetting
from finetune_studio.i18n import mark, tr

VERDICTS = {
    "kept": mark("It still knows what it knew."),
    "some": mark("It forgot some of what it knew."),
    "much": mark("It forgot much of what it knew."),
}
REMEDY = mark(
    "Fewer epochs, a lower learning rate or a smaller rank forget less; so do general rows among"
    " your own."
)
PHASES = {
    "rows": (mark("measuring the base model"), mark("measuring the tuned model")),
    "answers": (mark("the base model answers"), mark("the tuned model answers")),
    "probe": (mark("what the base model knows"), mark("what the tuned model still knows")),
}
"""What is done to the base model, and to the tuned one, while it is measured."""
PROBE = {
    "accuracy": mark("Questions answered right"),
    "accuracy_ko": mark("Korean questions answered right"),
    "accuracy_en": mark("English questions answered right"),
    "perplexity_ko": mark("Perplexity of Korean texts"),
    "perplexity_en": mark("Perplexity of English texts"),
}


def told(found: Evaluation) -> str:
    """The figures as a terminal shows them."""
    rows = [[tr("metric"), tr("base"), tr("tuned"), tr("change"), tr("95 % interval")]]
    rows += [[metrics.name_of(name), *figures(found, name)] for name in found.base]
    rested = " ".join(filter(None, (measured_on(found), took(found))))
    lines = [headline(found), rested, "", *_table(rows), ""]
    lines += filter(None, [forgotten(found.forgetting), leaked(found.contamination)])
    return "\n".join(lines)


def headline(found: Evaluation) -> str:
    """Whether it got better, in a few words: by loss, and only where that is sure."""
    change = found.changes["loss"]
    if not change.sure:
        return tr("The loss is as it was: the difference may be chance.")
    if change.value < 0:
        return tr("It got better on rows that it never learned.")
    return tr("It got worse on rows that it never learned.")


def measured_on(found: Evaluation) -> str:
    """Which rows the figures rest on."""
    every = found.rows == found.held_out
    if found.source:
        some = tr("Measured on {rows:,} of {total:,} rows of other files.")
        text = tr("Measured on all {rows:,} rows of other files.") if every else some
    else:
        some = tr("Measured on {rows:,} of {total:,} rows that were kept out of training.")
        whole = tr("Measured on all {rows:,} rows that were kept out of training.")
        text = whole if every else some
    said = text.format(rows=found.rows, total=found.held_out)
    if found.answered == found.rows:
        return f"{said} {tr('Each was answered, too.')}"
    if found.answered:
        said += " " + tr("{count:,} of them were answered.").format(count=found.answered)
    return said


def took(found: Evaluation) -> str:
    """How long it took; empty where that was not kept."""
    return tr("It took {seconds:,.0f} s.").format(seconds=found.seconds) if found.seconds else ""


def figures(found: Evaluation, name: str) -> list[str]:
    """A metric of both models, its change, and the change's interval."""
    change = found.changes[name]
    return [
        metrics.value_of(name, found.base[name]),
        metrics.value_of(name, found.tuned[name]),
        metrics.change_of(name, change.value),
        f"{metrics.change_of(name, change.low)} … {metrics.change_of(name, change.high)}",
    ]


def forgotten(found: Forgetting) -> str:
    """What the forgetting probe says."""
    if found.verdict is None:
        return found.why
    name = probe.weightiest(found)
    if name == "accuracy":
        text = tr(
            "{verdict} Of {count} general questions {before:.0%} were right before, {after:.0%}"
            " now."
        )
    else:
        text = tr("{verdict} {figure}: {before:,.0f} before, {after:,.0f} now.")
    return text.format(
        verdict=tr(VERDICTS[found.verdict]),
        figure=tr(PROBE[name]),
        count=found.questions,
        before=found.base[name],
        after=found.tuned[name],
    )


def leaked(found: Contamination) -> str:
    """Whether held-out rows were learned."""
    if found.any:
        text = tr(
            "{exact:,} of {rows:,} held-out rows stand among the learned ones, {near:,} more"
            " nearly: figures on them measure memory."
        )
        return text.format(exact=found.exact, rows=found.rows, near=found.near)
    if found.asked:
        text = tr("No held-out row was learned, but {count:,} of their questions were.")
        return text.format(count=found.asked)
    return tr("None of the held-out rows was learned, nor one that is nearly equal.")


def _table(rows: list[list[str]]) -> list[str]:
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(c + " " * (w - _width(c)) for c, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _width(text: str) -> int:
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
