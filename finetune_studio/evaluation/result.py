"""What an evaluation has found, as `RUN/evaluation.json` keeps it. Knows no model and no run.

The base model and the tuned one are measured on the same held-out rows. Metrics are named as
everywhere (`metrics.py`): losses in nats a token, shares from 0 to 1, chrF from 0 to 100. A change
is the tuned model's value less the base model's; its interval holds 95 of 100 of the changes that
other rows of the same kind would have given (`intervals.py`).
"""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from finetune_studio.errors import RefusedError, remedy
from finetune_studio.i18n import tr

Metrics = dict[str, float]
Kept = Literal["kept", "some", "much"]


class Part(BaseModel):
    """A part of the document; what a newer version wrote more is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Interval(Part):
    """From where to where."""

    low: float
    high: float


class Change(Interval):
    """The tuned model's value less the base model's, and its 95 % interval."""

    value: float

    @property
    def sure(self) -> bool:
        """Whether the interval leaves no doubt that there is a change, and which way."""
        return self.low > 0 or self.high < 0


class Answer(Part):
    """A held-out question, answered by both.

    Attributes:
        row: The row's number among the held-out rows, from 0.
        prompt: What was asked last.
        reference: The answer in the data.
        base: What the base model said.
        tuned: What the tuned model said.
        scores: For each text metric the base model's and the tuned model's value.
    """

    row: int
    prompt: str
    reference: str
    base: str
    tuned: str
    scores: dict[str, tuple[float, float]]


class Bin(Part):
    """Guesses of like confidence.

    Attributes:
        low: The least confidence, as a share.
        high: The greatest.
        rows: How many guesses.
        confidence: Their mean confidence; 0 where there are none.
        accuracy: The share of them that is right.
    """

    low: float
    high: float
    rows: int
    confidence: float
    accuracy: float


class Guesses(Part):
    """The guesses of one model.

    Attributes:
        confusion: `[truth][guess]`, rows counted.
        calibration_error: By how much confidence and accuracy differ, over all bins, weighted by
            their rows (Guo et al. 2017, ECE).
        bins: What that rests on.
    """

    confusion: list[list[int]]
    calibration_error: float
    bins: list[Bin]


class Classes(Part):
    """More about a classification.

    Attributes:
        labels: Their names, in the order of the tables.
        majority: The accuracy of always saying what is most frequent among the held-out rows.
        base: The base model's guesses: its head is new and untrained, so they are chance.
        tuned: The tuned model's.
    """

    labels: list[str]
    majority: float
    base: Guesses
    tuned: Guesses


class Forgetting(Part):
    """What the model knew before, asked again: questions and texts of `resources/probe`.

    Attributes:
        questions: How many were asked; 0 where it could not be measured.
        why: Why it could not; empty where it could.
        base: `accuracy`, `accuracy_ko`, `accuracy_en`: the share of questions whose right
            continuation is the likeliest; `perplexity_ko`, `perplexity_en`: of general texts.
        tuned: The same.
        changes: For each of them.
        verdict: `kept`; `some` or `much` was forgotten; None where it was not measured.
    """

    questions: int = 0
    why: str = ""
    base: Metrics = {}
    tuned: Metrics = {}
    changes: dict[str, Change] = {}
    verdict: Kept | None = None


class Contamination(Part):
    """Held-out rows that stand, or nearly, among the rows that were learned.

    Attributes:
        rows: Held-out rows that were looked at: all that there are.
        exact: Those that equal a learned row.
        near: Those that nearly equal one (0.8 of their five-letter pieces).
        asked: Those whose question was learned with whatever answer; 0 for other tasks than chat.
        examples: The first of them, as numbers among the held-out rows, from 0.
        base: The base model's metrics without them; empty where there are none.
        tuned: The tuned model's.
    """

    rows: int
    exact: int
    near: int
    asked: int = 0
    examples: list[int] = []
    base: Metrics = {}
    tuned: Metrics = {}

    @property
    def any(self) -> bool:
        """Whether a row was measured that was learned, or nearly."""
        return bool(self.exact or self.near)


class Evaluation(Part):
    """The whole of it.

    Attributes:
        version: Of this document.
        task: `chat`, `text` or `classify`.
        run: What the run is called.
        model: The base model, as the recipe names it.
        method: `full`, `lora` or `qlora`.
        rows: Held-out rows that were measured.
        held_out: Held-out rows that there are.
        source: The files of other held-out rows; empty for the run's own.
        seed: Of the choice of rows and the intervals.
        made: When, in seconds since 1970.
        seconds: How long it took.
        device: What computed, such as `cpu`.
        base: The base model's metrics.
        tuned: The tuned model's.
        base_intervals: 95 % intervals of the base model's metrics.
        tuned_intervals: Of the tuned model's.
        changes: For each metric.
        answered: Rows that were answered, for chat.
        answers: Some of the answers.
        classes: For `classify`.
        forgetting: What the model knew before.
        contamination: Rows measured that were learned.
        harness: What lm-evaluation-harness found: `{"base"|"tuned": {task: {metric: value}}}`.
    """

    version: Literal[1] = 1
    task: Literal["chat", "text", "classify"]
    run: str = ""
    model: str = ""
    method: str = ""
    rows: int
    held_out: int
    source: list[str] = []
    seed: int = 0
    made: float = 0.0
    seconds: float = 0.0
    device: str = ""
    base: Metrics
    tuned: Metrics
    base_intervals: dict[str, Interval] = {}
    tuned_intervals: dict[str, Interval] = {}
    changes: dict[str, Change] = {}
    answered: int = 0
    answers: list[Answer] = []
    classes: Classes | None = None
    forgetting: Forgetting = Forgetting()
    contamination: Contamination
    harness: dict[str, dict[str, Metrics]] = {}

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """Read it; None where there is no such file.

        Raises:
            RefusedError: It is broken, or of another version.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise RefusedError(
                tr("The evaluation of this run cannot be read."),
                str(path),
                remedy(
                    tr("Delete the file and run `finetune-studio evaluate` again."),
                    tr("Delete the file and measure again."),
                ),
            ) from error
