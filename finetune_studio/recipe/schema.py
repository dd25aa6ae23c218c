"""The recipe: everything a person decides about one fine-tuning, immutable and declarative.

Limits of a single setting are here; what concerns several settings, or a machine, is in checks.py.
"""

from typing import Any, Literal

from pydantic import Field

from finetune_studio.recipe.fields import Settings, setting
from finetune_studio.recipe.methods import Lora, Method
from finetune_studio.recipe.speed import Speed
from finetune_studio.recipe.tasks import Chat, Task

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
Schedule = Literal["cosine", "linear", "constant", "warmup-stable-decay"]
Optimizer = Literal["auto", "adamw", "adamw-8bit", "paged-adamw-8bit", "adafactor"]


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


class Training(Settings):
    """How the learning goes."""

    learning_rate: float = setting(
        2e-4,
        gt=0,
        le=1,
        title="Learning rate",
        help=(
            "How far each step goes. Safe from 1e-5 to 5e-4; full fine-tuning wants the lower end."
        ),
        source="QLoRA paper: 2e-4 up to 13B, 1e-4 above",
    )
    epochs: float = setting(
        3.0,
        gt=0,
        le=1000,
        title="Epochs",
        help=(
            "How often every row is seen. 1 to 3 suit thousands of rows, 3 to 5 some "
            "hundreds; with many more the rows are learned by heart."
        ),
        unit="epochs",
    )
    max_steps: int = setting(
        0,
        ge=0,
        title="Step limit",
        help=(
            "Stops after so many steps, whatever the epochs say: good for a quick try. 0 "
            "leaves it to the epochs."
        ),
        unit="steps",
        level="advanced",
    )
    batch_size: int = setting(
        4,
        ge=1,
        le=4096,
        title="Batch size",
        help=(
            "Rows that are computed at once. More is faster and steadier, until memory is "
            "full; what does not fit is added up instead (gradient accumulation)."
        ),
        unit="rows",
    )
    accumulation: int = setting(
        4,
        ge=1,
        le=4096,
        title="Gradient accumulation",
        help=(
            "Batches that are added up before a step: a large batch in little memory. Batch "
            "size times this is the effective batch size."
        ),
        unit="batches",
    )
    sequence_length: int = setting(
        1024,
        ge=8,
        le=1_048_576,
        title="Sequence length",
        help=(
            "Rows with more tokens are cut here and lose their ends; memory grows with it. "
            "The Tokenizer page shows how many rows that would be."
        ),
        unit="tokens",
    )
    packing: bool = setting(
        False,
        title="Packing",
        help="Short rows share one sequence without seeing each other, so that nothing is padded.",
        source="Krell et al. 2021, Efficient sequence packing",
        level="advanced",
    )
    schedule: Schedule = setting(
        "cosine",
        title="Schedule",
        help=(
            "How the learning rate goes down after the warm-up: cosine gently at both ends, "
            "linear evenly, constant not at all, and warm-up, stable, decay only near the "
            "end."
        ),
        level="advanced",
    )
    warmup_ratio: float = setting(
        0.03,
        ge=0,
        le=0.5,
        title="Warm-up",
        help="The share of steps over which the learning rate rises from 0; 1 to 5 % is usual.",
        source="QLoRA paper: 0.03",
        level="advanced",
    )
    optimizer: Optimizer = setting(
        "auto",
        title="Optimiser",
        help="auto: AdamW, in 8 bits where a GPU trains with QLoRA.",
        source="Loshchilov and Hutter 2019; Dettmers et al. 2022, 8-bit optimizers",
        level="advanced",
    )
    weight_decay: float = setting(
        0.0,
        ge=0,
        le=1,
        title="Weight decay",
        help=(
            "Pulls the weights a little towards 0 at each step, against overfitting. Adapters "
            "rarely need it; full training often takes 0.01 to 0.1."
        ),
        level="advanced",
    )
    adam_beta1: float = setting(
        0.9,
        ge=0,
        lt=1,
        title="Adam beta 1",
        help=(
            "How long the running mean of the gradients remembers: 0.9 looks back about 10 "
            "steps. It is hardly ever worth changing."
        ),
        level="advanced",
    )
    adam_beta2: float = setting(
        0.999,
        ge=0,
        lt=1,
        title="Adam beta 2",
        help=(
            "How long the running size of the gradients remembers: 0.999 looks back about "
            "1,000 steps. 0.99 settles sooner in a short run."
        ),
        level="advanced",
    )
    max_grad_norm: float = setting(
        1.0,
        ge=0,
        title="Gradient clipping",
        help=(
            "Longer gradients are shortened to this, so that one odd row does not throw the "
            "model off. 1 is usual; 0 switches it off."
        ),
        source="usual for Llama-like models",
        level="advanced",
    )
    gradient_checkpointing: Literal["auto", "on", "off"] = setting(
        "auto",
        title="Gradient checkpointing",
        help=(
            "Computes activations again instead of keeping them: less memory, about a third "
            "slower. auto: on for a GPU."
        ),
        source="Chen et al. 2016",
        level="advanced",
    )
    seed: int = setting(
        42,
        ge=0,
        le=2**32 - 1,
        title="Seed",
        help="The same recipe with the same seed gives the same losses.",
    )
    engine: Literal["studio"] = setting(
        "studio", title="Engine", help="Which trainer runs. There is one so far.", level="advanced"
    )
    speed: Speed = Field(default_factory=Speed)


class EarlyStopping(Settings):
    """When to stop because nothing improves."""

    enabled: bool = setting(
        True,
        title="Early stopping",
        help=(
            "Stops when the validation loss no longer improves, and keeps the best "
            "checkpoint: against overfitting, and wasted hours."
        ),
    )
    patience: int = setting(
        3,
        ge=1,
        le=1000,
        title="Patience",
        help=(
            "So many evaluations in a row without improvement end the training. Fewer stop "
            "sooner, perhaps at a chance bump."
        ),
        unit="evaluations",
    )
    minimum_change: float = setting(
        0.0,
        ge=0,
        title="Minimum change",
        help="A smaller improvement of the validation loss counts as none; 0 counts every one.",
        level="advanced",
    )


class Evaluation(Settings):
    """What is measured while training."""

    every: float = setting(
        0.1,
        gt=0,
        title="Evaluate every",
        help=(
            "How often the validation rows are measured: below 1 a share of all "
            "steps (0.1 is ten times a run), from 1 so many steps."
        ),
    )
    batch_size: int = setting(
        0,
        ge=0,
        title="Evaluation batch size",
        help=(
            "Rows that are measured at once. Measuring takes less memory than learning, so "
            "more may fit; 0 takes the training's own."
        ),
        level="advanced",
    )
    max_rows: int = setting(
        2000,
        ge=1,
        title="Validation rows",
        help="At most so many validation rows are measured each time.",
        unit="rows",
        level="advanced",
    )
    early_stopping: EarlyStopping = Field(default_factory=EarlyStopping)
    prompts: tuple[str, ...] = setting(
        (),
        title="Sample prompts",
        help="Answered at every evaluation, to be read beside the curve.",
    )
    sample_tokens: int = setting(
        64,
        ge=1,
        le=4096,
        title="Sample length",
        help="At most so many tokens an answer.",
        unit="tokens",
        level="advanced",
    )


class Checkpoints(Settings):
    """What is kept to come back to."""

    every: float = setting(
        0.1,
        gt=0,
        title="Checkpoint every",
        help=(
            "How often a checkpoint is saved to come back to: below 1 a share of all "
            "steps (0.1 is ten times a run), from 1 so many steps."
        ),
        level="advanced",
    )
    keep: int = setting(
        2,
        ge=1,
        le=1000,
        title="Checkpoints kept",
        help=(
            "So many of the newest are kept, plus the best. Each needs disk: an adapter some "
            "MB, a full model some GB."
        ),
        level="advanced",
    )


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
            "The licence of your data, such as CC-BY-4.0 or your own. It goes into the model card."
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
