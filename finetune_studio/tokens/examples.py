"""What the trainer gets of one row. Knows no tokenizer."""

from collections.abc import Callable
from dataclasses import dataclass, field

from finetune_studio.i18n import mark
from finetune_studio.tokens.loading import Offsets

IGNORED = -100
"""PyTorch's cross-entropy leaves this label out."""
PROBLEMS = {
    "template-refuses": mark("the chat template refuses the conversation"),
    "nothing-learned": mark("there is nothing to learn within the sequence length"),
    "empty-text": mark("there is no text in the row"),
    "unknown-label": mark("its label is none of the labels that are learned"),
}


def _none(text: str) -> Offsets:
    return []


@dataclass(slots=True)  # not frozen: to make a frozen one takes five times as long
class Example:
    """What the trainer gets of a row.

    Attributes:
        input_ids: `[tokens]`, at most the sequence length.
        labels: `[tokens]`, an id or -100; for `classify` all -100.
        learned: How many labels are learned.
        truncated: How many tokens were cut off.
        ends: Whether the last thing learned is the end of an answer or text.
        label: The label's number for `classify`, else -1.
        problem: One of `PROBLEMS`, or empty. Such a row is not trained on.
        detail: The template's own reason, where it refused.
        places: Makes the places of `text`'s tokens, of which `offsets` are the first.
        text: What was tokenised.
    """

    input_ids: list[int]
    labels: list[int]
    learned: int
    truncated: int
    ends: bool
    label: int = -1
    problem: str = ""
    detail: str = ""
    places: Callable[[str], Offsets] = field(default=_none, repr=False, compare=False)
    text: str = field(default="", repr=False)

    @property
    def offsets(self) -> Offsets:
        """`[tokens]`, each token's place in `text` in code points."""
        return self.places(self.text)[: len(self.input_ids)]


def refused(problem: str, detail: str = "") -> Example:
    """A row that is not trained on.

    Args:
        problem: One of `PROBLEMS`.
        detail: The template's own reason.
    """
    return Example([], [], 0, 0, False, problem=problem, detail=detail)
