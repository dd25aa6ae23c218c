"""The methods of fine-tuning: a discriminated union, so that a new one is a new class."""

from typing import Annotated, Literal

from pydantic import Field

from finetune_studio.recipe.fields import Settings, setting

LORA_SOURCE = "Hu et al. 2021, LoRA; defaults of peft"
Precision = Literal["auto", "bf16", "fp16", "fp32"]


def _precision() -> Precision:
    value: Precision = setting(
        "auto",
        title="Precision of the base model",
        help="auto: bf16 where the device computes in it, else fp16 on a GPU and fp32 on a CPU.",
        level="advanced",
    )
    return value


class Full(Settings):
    """Every weight is trained."""

    kind: Literal["full"] = "full"
    base_precision: Precision = _precision()
    master_weights: bool = setting(
        True,
        title="fp32 master weights",
        help="Keep the trained weights in fp32 while computing in half precision: more memory for "
        "them, but small updates are not lost to rounding.",
        source="Micikevicius et al. 2018, Mixed precision training",
        level="advanced",
    )


class _Adapter(Settings):
    rank: int = setting(
        16,
        ge=1,
        le=1024,
        title="Rank r",
        help=(
            "The width of the adapter: more can be learned with more, and more overfitted. 8 "
            "to 64 is usual."
        ),
        source=LORA_SOURCE,
    )
    alpha: int = setting(
        32,
        ge=1,
        le=4096,
        title="Alpha",
        help="The adapter's weight is alpha / r (alpha / √r with rsLoRA); twice the rank is usual.",
        source=LORA_SOURCE,
    )
    dropout: float = setting(
        0.0,
        ge=0,
        le=0.9,
        title="Dropout",
        help="The share of adapter inputs dropped in training; 0.05 to 0.1 helps on few rows.",
        source=LORA_SOURCE,
    )
    targets: tuple[str, ...] = setting(
        ("all-linear",),
        min_length=1,
        title="Target modules",
        help="Which layers get an adapter: all-linear, attention, mlp, or names of layers.",
        source="Dettmers et al. 2023, QLoRA: adapters on all linear layers reach full fine-tuning",
        level="advanced",
    )
    dora: bool = setting(
        False,
        title="DoRA",
        help=(
            "Trains the size and the direction of each weight apart. Often better at small "
            "ranks; slower, with some more memory."
        ),
        source="Liu et al. 2024, DoRA",
        level="advanced",
    )
    rslora: bool = setting(
        False,
        title="rsLoRA",
        help="Scales by alpha / √r, so that large ranks learn as fast as small ones.",
        source="Kalajdzievski 2023, rsLoRA",
        level="advanced",
    )


class Lora(_Adapter):
    """A small adapter is trained beside frozen weights."""

    kind: Literal["lora"] = "lora"
    base_precision: Literal["auto", "bf16", "fp16", "fp32", "fp8"] = setting(
        "auto",
        title="Precision of the base model",
        help="auto: bf16 where the device computes in it, else fp16 on a GPU and fp32 on a CPU. "
        "fp8: the frozen weights in 8-bit floats, half as large and faster, on GPUs of compute "
        "capability 8.9 and newer.",
        source="Micikevicius et al. 2022, FP8 Formats for Deep Learning",
        level="advanced",
    )


class Qlora(_Adapter):
    """An adapter beside frozen weights that are held in 4 or 8 bits."""

    kind: Literal["qlora"] = "qlora"
    base_precision: Precision = _precision()
    bits: Literal[4, 8] = setting(
        4,
        title="Bits of the base model",
        help=(
            "4: NF4 with double quantisation. 8: LLM.int8, closer to the original and twice as "
            "large."
        ),
        source="Dettmers et al. 2023, QLoRA; Dettmers et al. 2022, LLM.int8()",
    )


Method = Annotated[Full | Lora | Qlora, Field(discriminator="kind")]
