"""The families of language models, and what sets each apart.

Each is what its class in transformers makes; a test compares the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Attention = Literal["grouped", "fused", "latent", "neox", "gpt2", "exaone"]
Feed = Literal["gated", "fused", "neox", "gpt2", "exaone", "lfm2", "experts", "shared-experts"]
HeadNorm = Literal["", "head", "whole"]


@dataclass(frozen=True)
class Family:
    """What sets a family apart.

    Attributes:
        attention: How queries, keys and values are made.
        feed: How the feed-forward part is made.
        norms: Norms as wide as the model in each layer.
        norm_size: Numbers in a norm for each place: 2 with a bias.
        head_norm: Whether queries and keys are normed: each `head`, or the `whole` projection.
        bias: Whether queries, keys and values always have biases.
        out_bias: Whether the attention's output always has one.
        hybrid: What stands in for attention in some layers.
        sinks: Whether every head has a learned sink.
        cap: Whether logits are softly capped.
        centred: Whether norms subtract the mean, in steps that are kept.
        post_norms: Whether a layer norms what it adds to the stream.
        eager: Whether transformers has no quicker attention for it than computing every score.
    """

    attention: Attention = "grouped"
    feed: Feed = "gated"
    norms: int = 2
    norm_size: int = 1
    head_norm: HeadNorm = ""
    bias: bool = False
    out_bias: bool = False
    hybrid: Literal["", "linear", "convolution"] = ""
    sinks: bool = False
    cap: bool = False
    centred: bool = False
    post_norms: bool = False
    eager: bool = False


LLAMA = Family()
FAMILIES: Mapping[str, Family] = {
    **dict.fromkeys(("llama", "mistral", "ministral3", "gemma", "smollm3", "granite"), LLAMA),
    **dict.fromkeys(("seed_oss", "kormo"), LLAMA),
    **dict.fromkeys(("qwen3", "kanana2_tiny"), Family(head_norm="head")),
    **dict.fromkeys(("olmo2", "olmo3"), Family(head_norm="whole", post_norms=True)),
    **dict.fromkeys(("cohere", "cohere2"), Family(norms=1, centred=True)),
    "qwen2": Family(bias=True),
    "gemma2": Family(norms=4, cap=True, post_norms=True, eager=True),
    "gemma3_text": Family(norms=4, head_norm="head", post_norms=True),
    "exaone4": Family(head_norm="head", post_norms=True),
    "hyperclovax": Family(norms=4, post_norms=True),
    "phi3": Family("fused", "fused"),
    "glm": Family(feed="fused", bias=True),
    "glm4": Family(feed="fused", norms=4, bias=True, post_norms=True),
    "exaone": Family("exaone", "exaone"),
    "gpt2": Family("gpt2", "gpt2", norm_size=2, bias=True, out_bias=True),
    "gpt_neox": Family("neox", "neox", norm_size=2, bias=True, out_bias=True),
    "mixtral": Family(feed="experts"),
    "qwen3_moe": Family(feed="experts", head_norm="head"),
    "gpt_oss": Family(feed="experts", bias=True, out_bias=True, sinks=True, eager=True),
    **dict.fromkeys(("deepseek_v3", "glm4_moe_lite"), Family("latent", "shared-experts")),
    "qwen3_5_text": Family(head_norm="head", hybrid="linear"),
    "lfm2": Family(feed="lfm2", head_norm="head", hybrid="convolution"),
}

FIXED_HEADS = {
    *("gemma", "gemma2", "gemma3_text", "qwen3", "kanana2_tiny", "gpt_oss", "qwen3_5_text"),
    *("ministral3", "seed_oss", "glm", "glm4"),
}
"""Types whose head width does not follow from the hidden size where it is not given."""
FIXED_KV = {
    *("mistral", "ministral3", "gemma", "gemma2", "gemma3_text", "smollm3", "glm", "glm4"),
    *("mixtral", "qwen3_moe", "gpt_oss", "qwen3", "qwen2", "qwen3_5_text", "lfm2", "seed_oss"),
    "exaone4",
}
"""Types that take a number of their own for key heads that are not given."""
SLIDING = {"gemma3_text": 6, "olmo3": 4, "cohere2": 4, "gemma2": 2, "gpt_oss": 2, "exaone4": 4}
"""Types of which every so many-th layer sees everything and the others slide over a window."""
