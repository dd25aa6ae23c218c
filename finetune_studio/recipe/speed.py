"""The ideas that make training faster: each can be switched on or off, or left to the trainer."""

from typing import Any, Literal

from pydantic import field_validator

from finetune_studio.recipe.fields import Settings, setting


def _idea(title: str, what: str, source: str) -> Literal["auto", "on", "off"]:
    """An idea that makes training faster; `started` says whether it is in use, and why not."""
    value: Literal["auto", "on", "off"] = setting(
        "auto", title=title, help=what, source=source, level="advanced"
    )
    return value


class Speed(Settings):
    """What makes training faster without changing what is learned from."""

    length_grouping: Literal["auto", "on", "off"] = setting(
        "auto",
        title="Length grouping",
        help=(
            "Rows of like length share a batch, so that little is padded; the batches come in a"
            " random order. auto: on where rows are not packed."
        ),
        source="transformers: train_sampling_strategy=group_by_length",
        level="advanced",
    )
    padding_free: Literal["auto", "on", "off"] = _idea(
        "No padding",
        "The rows of a batch are laid end to end in one line, where they do not see each other,"
        " instead of being filled up to the longest. auto: on where the attention needs no mask.",
        "Krell et al. 2021, Efficient sequence packing; TRL: padding_free",
    )
    varlen_attention: Literal["auto", "on", "off"] = _idea(
        "Attention without a mask",
        "Rows that share a line go through PyTorch's variable-length kernel, which never computes"
        " what a mask would hide. auto: on where the GPU and the model have it.",
        "Dao 2023, FlashAttention-2; torch.nn.attention.varlen",
    )
    chunked_loss: Literal["auto", "on", "off"] = _idea(
        "Loss in chunks",
        "The loss is made a few tokens at a time, only where something is learned, so that the"
        " logits of a whole batch are never kept. auto: on for every model it is proven for.",
        "Hsu et al. 2024, Liger Kernel; Wijmans et al. 2024, Cut Your Losses",
    )
    selective_checkpointing: Literal["auto", "on", "off"] = _idea(
        "Activations in free memory",
        "Where gradient checkpointing is auto, as many layers as fit keep their activations, and"
        " only the others compute them again. auto: on for a GPU; it fills up to 90 % of what is"
        " free.",
        "Chen et al. 2016; Korthikanti et al. 2022, Reducing Activation Recomputation",
    )
    compile: Literal["auto", "on", "off"] = _idea(
        "Compiled layers",
        "Each layer's small operations become few kernels, which takes up to a minute at the"
        " start. auto: on for full fine-tuning on a GPU, where packed rows have one length and the"
        " run is long enough to earn it.",
        "Ansel et al. 2024, PyTorch 2: torch.compile",
    )
    fused_adapters: Literal["auto", "on", "off"] = _idea(
        "Adapters in one product",
        "The adapter's small products are added inside the product of the layer they belong to,"
        " instead of in passes of their own. auto: on for LoRA and 4-bit QLoRA without DoRA and"
        " dropout.",
        "Hu et al. 2021, LoRA; BLAS: gemm with beta = 1",
    )
    float8_products: Literal["auto", "on", "off"] = _idea(
        "4-bit base multiplied in 8-bit floats",
        "The 4-bit weights of QLoRA are unpacked into 8-bit floats and multiplied in them, inputs"
        " and gradients rounded alike: faster on GPUs of compute capability 8.9 and newer, with a"
        " little more rounding. auto: off.",
        "Micikevicius et al. 2022, FP8 Formats for Deep Learning",
    )
    joined_layers: Literal["auto", "on", "off"] = _idea(
        "Layers of one input together",
        "Layers that read the same input, such as those of queries, keys and values, compute at"
        " once: their adapters share a product, and their gradients are summed inside products."
        " auto: on where adapters are in one product and the layers are not compiled.",
        "Vaswani et al. 2017: queries, keys and values of one input",
    )
    unread_products: Literal["auto", "on", "off"] = _idea(
        "Unread products left out",
        "Where a layer computes its activations again, its last product is left out of the second"
        " pass if its gradients never read it, which is tried before the first step. auto: on"
        " where adapters are in one product and the layers are not compiled.",
        "Chen et al. 2016; torch.utils.checkpoint: early stop",
    )
    offload_checkpoints: Literal["auto", "on", "off"] = _idea(
        "Checkpoints in the computer's memory",
        "What gradient checkpointing keeps of each layer waits in the computer's own memory and"
        " comes back just before it is needed. auto: on for a GPU where layers compute their"
        " activations again.",
        "Rajbhandari et al. 2021, ZeRO-Infinity",
    )
    tiled_mlp: Literal["auto", "on", "off"] = _idea(
        "Feed-forward in tiles",
        "The feed-forward part of a layer, the widest there is, is computed some thousand tokens at"
        " a time, and again in the backward pass. auto: on from 16,384 tokens a batch.",
        "Bekman et al. 2025, Arctic Long Sequence Training",
    )
    liger_kernels: Literal["auto", "on", "off"] = _idea(
        "Liger kernels",
        "Norms, rotary places and MLPs computed by Triton kernels of one pass each. auto: on for a"
        " GPU where liger-kernel is installed, knows the model and its layers are not compiled.",
        "Hsu et al. 2024, Liger Kernel",
    )
    prefetch: Literal["auto", "on", "off"] = _idea(
        "Batches made ahead",
        "The next batches are read and put together while a step computes. auto: on for a GPU.",
        "",
    )

    @field_validator("*", mode="before")
    @classmethod
    def _words(cls, value: Any) -> Any:
        """YAML reads on and off, where they are not quoted, as true and false."""
        return {True: "on", False: "off"}[value] if isinstance(value, bool) else value
