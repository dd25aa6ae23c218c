"""Builds every layer of a model from the figures of its configuration and its family."""

from finetune_studio.catalog.configuration import Figures, wrong
from finetune_studio.catalog.families import SLIDING, Family
from finetune_studio.catalog.feeds import experts_of, feed_of
from finetune_studio.catalog.layers import Layer, Matrix, Mixer
from finetune_studio.catalog.mixers import attention_of, head_sizes, latent_of, linear_of
from finetune_studio.i18n import tr


def build_layers(figures: Figures, family: Family) -> tuple[Layer, ...]:
    """Every decoder layer of the model, in order."""
    kinds = _mixers(figures, family)
    made = {each: _layer(figures, family, *each) for each in set(kinds)}
    return tuple(made[each] for each in kinds)


def _mixers(figures: Figures, family: Family) -> list[tuple[Mixer, bool]]:
    """For each layer how it mixes tokens, and whether it has experts."""
    count = figures.size("num_hidden_layers")
    if count > 10_000:
        raise wrong(tr("{count} layers are too many to be true").format(count=count))
    dense = figures.size("first_k_dense_replace", 0, 0) if family.feed == "shared-experts" else 0
    every = figures.size("decoder_sparse_step", 1)
    alone = set(figures.given("mlp_only_layers") or ())
    expert = family.feed in ("experts", "shared-experts")
    return [
        (
            _mixer(figures, family, index),
            expert and index >= dense and (index + 1) % every == 0 and index not in alone,
        )
        for index in range(count)
    ]


def _mixer(figures: Figures, family: Family, index: int) -> Mixer:
    kinds = figures.given("layer_types")
    named = str(kinds[index]) if isinstance(kinds, list) and index < len(kinds) else ""
    if family.hybrid == "convolution":
        attending = figures.given("full_attn_idxs")
        attends = named == "full_attention" if named else index in (attending or range(index + 1))
        return "attention" if attends else "convolution"
    if family.hybrid == "linear":
        every = figures.size("full_attention_interval", 4)
        attends = named == "full_attention" if named else (index + 1) % every == 0
        return "attention" if attends else "linear"
    if family.attention == "latent":
        return "latent"
    return "sliding" if _slides(figures, named, index) else "attention"


def _slides(figures: Figures, named: str, index: int) -> bool:
    if named:
        return named == "sliding_attention"
    if figures.config.get("sliding_window", figures.given("sliding_window")) is None:
        return False
    pattern = figures.given("sliding_window_pattern")
    if isinstance(pattern, str) and pattern:
        return pattern[index % len(pattern)] == "L"
    every = pattern if isinstance(pattern, int) else SLIDING.get(figures.model_type, 1)
    return every > 0 and (index + 1) % every != 0


def _layer(figures: Figures, family: Family, mixer: Mixer, expert: bool) -> Layer:
    hidden = figures.size("hidden_size")
    heads, kv_heads, head_dim = head_sizes(figures, mixer)
    value_dim = head_dim
    matrices: list[Matrix]
    small = family.norms * family.norm_size * hidden
    if mixer == "linear":
        matrices, small = linear_of(figures, small)
        heads = figures.size("linear_num_value_heads")
        kv_heads = figures.size("linear_num_key_heads")
        head_dim = figures.size("linear_key_head_dim")
        value_dim = figures.size("linear_value_head_dim")
    elif mixer == "convolution":
        kernel = figures.size("conv_L_cache")
        biased = figures.flag("conv_bias")
        matrices = [
            Matrix("in_proj", "conv", hidden, 3 * hidden, biased),
            Matrix("out_proj", "conv", hidden, hidden, biased),
        ]
        small += hidden * (kernel + biased)
    elif mixer == "latent":
        matrices, norms = latent_of(figures)
        small += norms
        head_dim = figures.size("qk_nope_head_dim") + figures.size("qk_rope_head_dim")
        value_dim = figures.size("v_head_dim")
    else:
        matrices = list(attention_of(figures, family))
        small += {"": 0, "head": 2 * head_dim, "whole": (heads + kv_heads) * head_dim}[
            family.head_norm
        ]
        small += heads if family.sinks else 0
    experts, router = experts_of(figures) if expert else (None, 0)
    feed = list(feed_of(figures, family, expert))
    return Layer(
        mixer,
        tuple(matrices + feed),
        heads,
        kv_heads,
        head_dim,
        value_dim,
        inner=_inner(feed),
        gated=family.feed not in ("gpt2", "neox"),
        small=small + router,
        norms=family.norms + family.centred,
        head_norm=bool(family.head_norm) and mixer in ("attention", "sliding"),
        window=figures.size("sliding_window") if mixer == "sliding" else 0,
        experts=experts,
        post_norms=family.post_norms,
        eager=family.eager,
    )


def _inner(feed: list[Matrix]) -> int:
    return feed[-1].inputs if feed else 0
