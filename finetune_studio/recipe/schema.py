"""The recipe: everything a person decides about one fine-tuning, immutable and declarative.

Limits of a single setting are here; what concerns several settings, or a machine, is in checks.py.
"""

from typing import Any, Literal

from pydantic import Field

from finetune_studio.recipe.fields import Settings, setting
from finetune_studio.recipe.measuring import Checkpoints, Evaluation
from finetune_studio.recipe.methods import Lora, Method
from finetune_studio.recipe.tasks import Chat, Task
from finetune_studio.recipe.training import Training

VERSION: Literal[1] = 1

Shape = Literal[
    "auto",
    "messages",
    "sharegpt",
    "alpaca",
    "prompt-completion",
    "question-answer",
    "text",
    "labelled-text",
    "preference",
    "kto",
]


class Model(Settings):
    """The base model."""

    source: str = setting(
        "demo",
        min_length=1,
        title="Base model",
        help="A Hub id, a local folder, or `demo`, the embedded model.",
    )
    revision: str = setting(
        "",
        title="Revision",
        help="A branch, tag or commit on the Hub; empty takes main.",
        level="advanced",
    )
    trust_remote_code: bool = setting(
        False,
        title="Run the model's own code",
        help=(
            "Some models bring Python code that runs on this machine with all your rights. Off "
            "refuses them."
        ),
        level="advanced",
    )


class Split(Settings):
    """Which rows are kept aside to measure with."""

    validation: float = setting(
        0.1,
        ge=0,
        le=0.5,
        title="Validation share",
        help=(
            "The share of rows that is measured on and never learned. 5 to 10 % is usual; "
            "without it nobody can tell learning from learning by heart."
        ),
    )
    group: str = setting(
        "",
        title="Keep together by",
        help="A column whose equal values stay on one side, such as a film or a customer.",
        level="advanced",
    )
    seed: int = setting(
        0,
        ge=0,
        title="Split seed",
        help=(
            "Decides by chance which rows are kept aside. The same number keeps the same "
            "rows; another number makes another split."
        ),
        level="advanced",
    )


class Data(Settings):
    """The rows to learn from."""

    files: tuple[str, ...] = setting(
        (), title="Files", help="Files or folders; relative ones start at the recipe."
    )
    validation_files: tuple[str, ...] = setting(
        (),
        title="Validation files",
        help="Measure on the rows of these files, instead of keeping some of the others aside.",
        level="advanced",
    )
    shape: Shape = setting("auto", title="Shape", help="How rows are laid out; auto recognises it.")
    mapping: dict[str, str] = setting(
        dict,
        title="Column mapping",
        help="Which column plays which role, as role: column; empty takes the suggestion.",
    )
    fixes: tuple[dict[str, Any], ...] = setting(
        (),
        title="Fixes",
        help="Repairs applied to rows as they are read; the files stay as they are.",
        level="advanced",
    )
    max_rows: int = setting(
        0,
        ge=0,
        title="Row limit",
        help="Use only so many rows from the beginning, for a quick try; 0 uses all.",
        unit="rows",
        level="advanced",
    )
    split: Split = Field(default_factory=Split)


class Export(Settings):
    """What is made of the result."""

    formats: tuple[Literal["adapter", "merged"], ...] = setting(
        (), title="Formats", help="Exported when the run has finished.", level="advanced"
    )


class Licence(Settings):
    """What is known of the licences."""

    model: str = setting(
        "unknown",
        title="Model licence",
        help=(
            "The base model's licence. It goes into the model card, and what it forbids stops "
            "an upload."
        ),
        level="advanced",
    )
    data: str = setting(
        "unknown",
        title="Data licence",
        help=(
            "Under which terms your data may be used. It goes into the model card; what it forbids "
            "stops an upload."
        ),
        level="advanced",
    )


class Recipe(Settings):
    """One fine-tuning, whole."""

    version: Literal[1] = VERSION
    name: str = setting("", title="Name", help="What the run is called in the history.")
    model: Model = Field(default_factory=Model)
    task: Task = Field(default_factory=Chat)
    data: Data = Field(default_factory=Data)
    method: Method = Field(default_factory=Lora)
    training: Training = Field(default_factory=Training)
    evaluation: Evaluation = Field(default_factory=Evaluation)
    checkpoints: Checkpoints = Field(default_factory=Checkpoints)
    export: Export = Field(default_factory=Export)
    licence: Licence = Field(default_factory=Licence)
