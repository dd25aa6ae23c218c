"""What lets tokens see each other: attention in its kinds, and linear attention."""

from collections.abc import Iterator

from finetune_studio.catalog.configuration import Figures, wrong
from finetune_studio.catalog.families import FIXED_HEADS, FIXED_KV, Family
from finetune_studio.catalog.layers import Matrix, Mixer
from finetune_studio.i18n import tr


def head_sizes(figures: Figures, mixer: Mixer = "attention") -> tuple[int, int, int]:
    """Query heads, key heads and the width of a head, as far as the mixer has them."""
    if mixer == "latent":
        heads = figures.size("num_attention_heads")
        return heads, heads, figures.size("qk_nope_head_dim") + figures.size("qk_rope_head_dim")
    hidden, heads = figures.size("hidden_size"), figures.size("num_attention_heads")
    given = figures.config.get("num_key_value_heads")
    kv_heads = figures.size("num_key_value_heads", heads) if given is not None else None
    head_dim = figures.config.get("head_dim")
    if head_dim is None and figures.model_type in FIXED_HEADS:
        head_dim = figures.given("head_dim")
    if head_dim is None and hidden % heads:
        raise wrong(
            tr("hidden_size ({hidden}) is no multiple of num_attention_heads ({heads})").format(
                hidden=hidden, heads=heads
            )
        )
    width = figures.size("head_dim") if head_dim is not None else hidden // heads
    return heads, kv_heads if kv_heads is not None else _kv_heads(figures, heads), width


def _kv_heads(figures: Figures, heads: int) -> int:
    """What a silent configuration means: the type's own default, or as many as query heads."""
    if figures.config.get("num_attention_heads") is None or figures.model_type in FIXED_KV:
        return figures.size("num_key_value_heads", heads)
    return heads


def attention_of(figures: Figures, family: Family) -> Iterator[Matrix]:
    """The linear layers of ordinary attention."""
    hidden = figures.size("hidden_size")
    heads, kv_heads, width = head_sizes(figures)
    queries, keys = heads * width, kv_heads * width
    bias = (family.bias and figures.flag("attention_bias", True)) or figures.flag("attention_bias")
    out = family.out_bias or (bias and not family.bias and figures.model_type != "seed_oss")
    if family.attention == "gpt2":
        yield Matrix("c_attn", "attn", hidden, 3 * hidden, True)
        yield Matrix("c_proj", "attn", hidden, hidden, True)
    elif family.attention == "neox":
        yield Matrix("query_key_value", "attention", hidden, 3 * hidden, bias)
        yield Matrix("dense", "attention", hidden, hidden, bias)
    elif family.attention == "fused":
        yield Matrix("qkv_proj", "self_attn", hidden, queries + 2 * keys)
        yield Matrix("o_proj", "self_attn", queries, hidden)
    else:
        block = "attention" if family.attention == "exaone" else "self_attn"
        last = "out_proj" if family.attention == "exaone" or family.feed == "lfm2" else "o_proj"
        doubled = 2 if figures.model_type == "qwen3_5_text" else 1  # a gate beside the queries
        yield Matrix("q_proj", block, hidden, queries * doubled, bias)
        yield Matrix("k_proj", block, hidden, keys, bias)
        yield Matrix("v_proj", block, hidden, keys, bias)
        yield Matrix(last, block, queries, hidden, out)


def latent_of(figures: Figures) -> tuple[list[Matrix], int]:
    """Multi-head latent attention: its matrices, and the parameters of its inner norms."""
    hidden, heads = figures.size("hidden_size"), figures.size("num_attention_heads")
    nope, rope = figures.size("qk_nope_head_dim"), figures.size("qk_rope_head_dim")
    value, latent = figures.size("v_head_dim"), figures.size("kv_lora_rank")
    silent = "q_lora_rank" in figures.config and figures.config["q_lora_rank"] is None
    rank = 0 if silent else figures.size("q_lora_rank")
    queries = heads * (nope + rope)
    made = [Matrix("q_proj", "self_attn", hidden, queries)]
    if rank:
        made = [
            Matrix("q_a_proj", "self_attn", hidden, rank),
            Matrix("q_b_proj", "self_attn", rank, queries),
        ]
    made += [
        Matrix("kv_a_proj_with_mqa", "self_attn", hidden, latent + rope),
        Matrix("kv_b_proj", "self_attn", latent, heads * (nope + value)),
        Matrix("o_proj", "self_attn", heads * value, hidden),
    ]
    return made, rank + latent


def linear_of(figures: Figures, small: int) -> tuple[list[Matrix], int]:
    """Gated delta-net linear attention: its matrices, and the layer's small parameters."""
    hidden = figures.size("hidden_size")
    value_heads = figures.size("linear_num_value_heads")
    value_width = figures.size("linear_value_head_dim")
    keys = figures.size("linear_num_key_heads") * figures.size("linear_key_head_dim")
    values = value_heads * value_width
    mixed = 2 * keys + values
    small += mixed * figures.size("linear_conv_kernel_dim") + 2 * value_heads + value_width
    return [
        Matrix("in_proj_qkv", "linear_attn", hidden, mixed),
        Matrix("in_proj_z", "linear_attn", hidden, values),
        Matrix("in_proj_b", "linear_attn", hidden, value_heads),
        Matrix("in_proj_a", "linear_attn", hidden, value_heads),
        Matrix("out_proj", "linear_attn", values, hidden),
    ], small
