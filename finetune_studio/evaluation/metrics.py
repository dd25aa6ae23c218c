"""The metrics there are: their names, and how they are read. Knows no model."""

from finetune_studio.i18n import mark, tr

NAMES = {
    "loss": mark("Validation loss"),
    "perplexity": mark("Perplexity"),
    "token_accuracy": mark("Token accuracy"),
    "accuracy": mark("Accuracy"),
    "macro_f1": mark("Macro F1"),
    "chrf": mark("chrF"),
    "rouge_l": mark("ROUGE-L"),
    "exact_match": mark("Exact match"),
}
EXPLAINED = {
    "loss": mark(
        "How surprised the model is by each token of the right answers, on rows it never learned."
    ),
    "perplexity": mark("Between how many equally likely tokens it wavers: e to the loss."),
    "token_accuracy": mark("The share of tokens that were its first guess."),
    "accuracy": mark("The share of rows with the right label."),
    "macro_f1": mark("Precision and recall as one share, every label counting the same."),
    "chrf": mark("How many short pieces of letters an answer shares with the reference; 0 to 100."),
    "rouge_l": mark(
        "The longest common sequence of words with the reference; each Hangul syllable is a word."
    ),
    "exact_match": mark("The share of answers that are the reference, blanks aside."),
}
LOWER = frozenset({"loss", "perplexity"})
"""What is better when smaller."""
SHARES = frozenset({"token_accuracy", "accuracy", "macro_f1", "rouge_l", "exact_match"})
"""What lies between 0 and 1 and is read in per cent."""


def name_of(metric: str) -> str:
    """What a metric is called."""
    return tr(NAMES[metric]) if metric in NAMES else metric


def value_of(metric: str, value: float) -> str:
    """A metric's value as it is read."""
    if metric in SHARES:
        return f"{value:.1%}".replace("%", " %")
    if metric == "chrf":
        return f"{value:.1f}"
    if metric == "perplexity":
        return f"{value:.1f}" if value < 100 else f"{value:,.0f}"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"


def change_of(metric: str, change: float) -> str:
    """A change of a metric as it is read, with its sign."""
    if metric in SHARES:
        return tr("{points} pts").format(points=f"{change * 100:+.1f}").replace("-", "−")
    if metric == "chrf":
        return f"{change:+.1f}".replace("-", "−")
    places = 1 if metric == "perplexity" else 3
    said = f"{change:+.{places}f}" if abs(change) < 100 else f"{change:+,.0f}"
    return said.replace("-", "−")


def better(metric: str, change: float) -> bool:
    """Whether a change of this sign is for the better."""
    return (change < 0) == (metric in LOWER)
