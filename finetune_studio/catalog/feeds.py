"""The feed-forward part of a layer: plain, gated, fused, or a mixture of experts."""

from collections.abc import Iterator

from finetune_studio.catalog.configuration import Figures
from finetune_studio.catalog.families import Family
from finetune_studio.catalog.layers import Experts, Matrix


def feed_of(figures: Figures, family: Family, expert: bool) -> Iterator[Matrix]:
    """The linear layers of a feed-forward part; with experts, those beside them."""
    hidden = figures.size("hidden_size")
    if expert:
        if family.feed == "shared-experts" and (shared := figures.size("n_shared_experts", 0, 0)):
            inner = shared * figures.size("moe_intermediate_size")
            yield from _gated("shared_experts", hidden, inner)
        return
    if family.feed == "gpt2":
        inner = figures.size("intermediate_size", 4 * hidden)
        yield Matrix("c_fc", "mlp", hidden, inner, True)
        yield Matrix("c_proj", "mlp", inner, hidden, True)
        return
    inner = figures.size("intermediate_size")
    if family.feed == "neox":
        yield Matrix("dense_h_to_4h", "mlp", hidden, inner, True)
        yield Matrix("dense_4h_to_h", "mlp", inner, hidden, True)
    elif family.feed == "fused":
        yield Matrix("gate_up_proj", "mlp", hidden, 2 * inner)
        yield Matrix("down_proj", "mlp", inner, hidden)
    elif family.feed == "exaone":
        yield from _gated("mlp", hidden, inner, ("c_fc_0", "c_fc_1", "c_proj"))
    elif family.feed == "lfm2":
        yield from _gated("feed_forward", hidden, _adjusted(figures, inner), ("w1", "w3", "w2"))
    else:
        yield from _gated("mlp", hidden, inner, bias=figures.flag("mlp_bias"))


def _gated(
    block: str,
    hidden: int,
    inner: int,
    names: tuple[str, str, str] = ("gate_proj", "up_proj", "down_proj"),
    bias: bool = False,
) -> Iterator[Matrix]:
    gate, up, down = names
    yield Matrix(gate, block, hidden, inner, bias)
    yield Matrix(up, block, hidden, inner, bias)
    yield Matrix(down, block, inner, hidden, bias)


def _adjusted(figures: Figures, inner: int) -> int:
    """LFM2's inner width: two thirds of what is given, up to a whole number of blocks."""
    if not figures.flag("block_auto_adjust_ff_dim", True):
        return inner
    multiple = figures.size("block_multiple_of")
    factor = figures.given("block_ffn_dim_multiplier")
    wide = int((1.0 if factor is None else float(factor)) * int(2 * inner / 3))
    return multiple * -(-wide // multiple)


def experts_of(figures: Figures) -> tuple[Experts, int]:
    """A layer's experts, and the parameters of the router that chooses among them."""
    hidden = figures.size("hidden_size")
    count = figures.size("num_local_experts")
    own = figures.model_type in ("mixtral", "gpt_oss")
    inner = figures.size("intermediate_size" if own else "moe_intermediate_size")
    bias = figures.model_type == "gpt_oss"
    chosen = min(count, figures.size("num_experts_per_tok"))
    return Experts(count, chosen, inner, bias), count * (hidden + bias)
