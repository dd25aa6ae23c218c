"""What of a recipe decides the memory of a run, as plain figures.

The same rules as the trainer's, which asks torch instead: which precision a GPU computes in, which
optimiser `auto` stands for, whether activations are computed again.
"""

from dataclasses import dataclass
from typing import Literal

from finetune_studio.recipe.methods import Full, Qlora
from finetune_studio.recipe.schema import Recipe

Kind = Literal["full", "lora", "qlora"]
BYTES = {"bf16": 2, "fp16": 2, "fp32": 4}


@dataclass(frozen=True)
class Setup:
    """A run as the memory plan sees it.

    Attributes:
        method: `full`, `lora` or `qlora`.
        bits: Bits of a quantised weight: 4 or 8; 0 where nothing is quantised.
        compute_bytes: Bytes of a number in products: 2 or 4.
        weight_bytes: Bytes of a weight that is not quantised.
        rank: Rank of the adapter; 0 without one.
        targets: Words of the recipe that say which layers get an adapter.
        dora: Whether the adapter trains magnitudes, too.
        dropout: Whether adapter inputs are dropped.
        optimizer: The optimiser in use, never `auto`.
        checkpointing: Whether activations are computed again.
        batch: Rows computed at once.
        length: Tokens of the longest row.
        accumulation: Batches added up before a step.
        padded: Whether rows of a batch differ in length or share a sequence, which needs a mask.
        labels: Labels of a classification; 0 where every token is predicted.
        kept_layers: With checkpointing, how many of the last layers keep their activations.
        chunked: Whether the loss is made in chunks, without the whole logits.
        heads_native: Whether attention reads shared key heads without copying them.
        on_gpu: Whether a GPU computes, and not the processor.
    """

    method: Kind
    bits: int
    compute_bytes: int
    weight_bytes: int
    rank: int
    targets: tuple[str, ...]
    dora: bool
    dropout: bool
    optimizer: str
    checkpointing: bool
    batch: int
    length: int
    accumulation: int
    padded: bool
    labels: int
    chunked: bool = False
    kept_layers: int = 0
    heads_native: bool = True
    on_gpu: bool = True

    @property
    def tokens(self) -> int:
        """Tokens computed at once."""
        return self.batch * self.length

    @property
    def full(self) -> bool:
        """Whether every weight is trained."""
        return self.method == "full"


def setup_of(
    recipe: Recipe, capability: tuple[int, int] | None, length: int = 0, labels: int = 2
) -> Setup:
    """The setup of a recipe on a GPU.

    Args:
        recipe: What the person decided.
        capability: The GPU's compute capability; None for the processor.
        length: Tokens of the longest row, where the data is known; 0 takes the sequence length.
        labels: How many labels a classification has, where the recipe does not name them.
    """
    method, training = recipe.method, recipe.training
    asked = method.base_precision
    precision = precision_on(recipe, capability)
    compute = BYTES[precision]
    adapter = None if isinstance(method, Full) else method
    longest = min(length or training.sequence_length, training.sequence_length)
    classify = recipe.task.kind == "classify"
    named = len(getattr(recipe.task, "labels", ()))
    return Setup(
        method=method.kind,
        bits=method.bits if isinstance(method, Qlora) else 8 if asked == "fp8" else 0,
        compute_bytes=compute,
        weight_bytes=4 if isinstance(method, Full) and method.master_weights else compute,
        rank=adapter.rank if adapter else 0,
        targets=adapter.targets if adapter else (),
        dora=bool(adapter and adapter.dora),
        dropout=bool(adapter and adapter.dropout),
        optimizer=optimizer_on(recipe, capability),
        checkpointing=checkpointing_on(recipe, capability),
        batch=training.batch_size,
        length=training.sequence_length if training.packing else longest,
        accumulation=training.accumulation,
        padded=training.packing or training.batch_size > 1,
        labels=(named or labels) if classify else 0,
        chunked=training.speed.chunked_loss != "off" and not classify,
        heads_native=capability is None or capability >= (8, 0),
        on_gpu=capability is not None,
    )


def precision_on(recipe: Recipe, capability: tuple[int, int] | None) -> str:
    """bf16 from compute capability 8.0 on, fp16 on older GPUs, fp32 on the processor."""
    asked = recipe.method.base_precision
    if asked not in ("auto", "fp8"):
        return asked
    if capability is None:
        return "fp32"
    return "bf16" if capability >= (8, 0) else "fp16"


def optimizer_on(recipe: Recipe, capability: tuple[int, int] | None) -> str:
    """What `auto` stands for: 8-bit AdamW for QLoRA on a GPU, AdamW elsewhere."""
    asked = recipe.training.optimizer
    if asked != "auto":
        return asked
    return "adamw-8bit" if recipe.method.kind == "qlora" and capability else "adamw"


def checkpointing_on(recipe: Recipe, capability: tuple[int, int] | None) -> bool:
    """`auto` computes activations again on a GPU only."""
    asked = recipe.training.gradient_checkpointing
    return capability is not None if asked == "auto" else asked == "on"
