"""What is measured while training, when it stops by itself, and which checkpoints are kept."""

from pydantic import Field

from finetune_studio.recipe.fields import Settings, setting


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
        help=(
            "One question a line, answered at every evaluation, to be read beside the curve. In "
            "the window they come from the held-out rows at first; put yours in their place."
        ),
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
