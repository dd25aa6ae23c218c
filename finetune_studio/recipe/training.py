"""How the learning goes: rate, batches, lengths, optimiser. Limits of single settings are here."""

from typing import Literal

from pydantic import Field

from finetune_studio.recipe.fields import Settings, setting
from finetune_studio.recipe.speed import Speed

Schedule = Literal["cosine", "linear", "constant", "warmup-stable-decay"]
Optimizer = Literal["auto", "adamw", "adamw-8bit", "paged-adamw-8bit", "adafactor"]


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
    engine: Literal["studio", "unsloth"] = setting(
        "studio",
        title="Engine",
        help=(
            "Whose layers are trained: this program's own, or Unsloth's where it is installed. "
            "Data, curves and results stay the same."
        ),
        level="advanced",
    )
    speed: Speed = Field(default_factory=Speed)
