"""What of a recipe decides the memory of a run, as plain figures.

The same rules as the trainer's, which asks torch instead: which precision a GPU computes in, which
optimiser `auto` stands for, whether activations are computed again.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from finetune_studio.recipe.methods import Full, Lora, Qlora
from finetune_studio.recipe.schema import Recipe

Kind = Literal["full", "lora", "qlora"]
BYTES = {"bf16": 2, "fp16": 2, "fp32": 4}
TILE = 8192
"""Tokens of which feed-forward parts are computed at a time, where they are tiled."""
TILED_FROM = 2 * TILE
"""Tokens of a batch from which they are: below, what is spared is less than the weights."""


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
        padded: Whether rows of a batch differ in length or share a sequence, which needs a mask
            where `mask_free` does not spare it.
        labels: Labels of a classification; 0 where every token is predicted.
        kept_layers: With checkpointing, how many of the last layers keep their activations.
        chunked: Whether the loss is made in chunks, without the whole logits.
        mask_free: Whether rows that share a line go through attention without a mask, in the
            families that it serves.
        fused: Whether adapters are added inside the products of their layers.
        offloaded: Whether what is computed again waits in the computer's own memory.
        tiled: Whether feed-forward parts are computed some thousand tokens at a time.
        kernels: Whether Liger's kernels are used, in the families that they know.
        heads_native: Whether attention reads shared key heads without copying them.
        on_gpu: Whether a GPU computes, and not the processor.
        capability: That GPU's compute capability; None where it is not known.
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
    mask_free: bool = False
    fused: bool = False
    offloaded: bool = False
    tiled: bool = False
    kernels: bool = False
    heads_native: bool = True
    on_gpu: bool = True
    capability: tuple[int, int] | None = None

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
    length = training.sequence_length if training.packing else longest
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
        length=length,
        accumulation=training.accumulation,
        padded=training.packing or training.batch_size > 1,
        labels=(named or labels) if classify else 0,
        **_ideas(recipe, capability, compute, training.batch_size * length),
        heads_native=capability is None or capability >= (8, 0),
        on_gpu=capability is not None,
        capability=capability,
    )


def _ideas(
    recipe: Recipe, capability: tuple[int, int] | None, compute: int, tokens: int
) -> dict[str, bool]:
    """Which ideas of `training.speed` the run will use, by their names in a setup."""
    method, training = recipe.method, recipe.training
    asked, on_gpu = training.speed, capability is not None
    generates = recipe.task.kind != "classify"
    modern = capability is not None and capability >= (8, 0) and compute < BYTES["fp32"]
    shares = training.packing or asked.padding_free != "off"
    wide = isinstance(method, Full) and method.master_weights
    long = asked.tiled_mlp == "auto" and tokens >= TILED_FROM
    known = asked.liger_kernels != "off" and find_spec("liger_kernel") is not None
    adapter = None if isinstance(method, Full) else method
    return {
        "chunked": asked.chunked_loss != "off" and generates,
        "mask_free": modern and generates and asked.varlen_attention != "off" and shares,
        "fused": asked.fused_adapters != "off" and _folds(adapter),
        "offloaded": on_gpu and asked.offload_checkpoints != "off" and not wide,
        "tiled": asked.tiled_mlp == "on" or long,
        "kernels": on_gpu and known,
    }


def _folds(adapter: Lora | Qlora | None) -> bool:
    """Whether an adapter is of a kind that is added inside its layer's product."""
    if adapter is None or adapter.dora or adapter.dropout:
        return False
    return not (isinstance(adapter, Qlora) and adapter.bits == 8)


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
