"""Bytes that a layer's forward pass keeps for its backward pass, a token at a time.

Counted from what autograd saves in transformers' layers: whatever is multiplied by something that
is trained, or by something that depends on it. `c` is the size of a number in products (2 in half
precision); norms compute in 32 bits whatever the rest does.
"""

from finetune_studio.catalog.layers import Architecture, Layer
from finetune_studio.hardware.adapters import target_names, targets_in
from finetune_studio.hardware.setup import TILE, Setup

WIDE = 4
"""Bytes of a number in norms, losses and logits."""
CHUNK = 64
"""Tokens that transformers' linear attention computes together."""
WIDEST = 256
"""The widest head of the variable-length kernel."""
LIGER = {
    "exaone4", "gemma2", "gemma3", "gemma3_text", "glm4", "gpt_oss", "granite", "llama", "mistral",
    "mixtral", "olmo2", "olmo3", "phi3", "qwen2", "qwen3", "qwen3_moe", "smollm3",
}  # fmt: skip
"""Families of the catalogue whose norms liger-kernel 0.8 computes in one pass."""
POST_NORM = 26
"""Bytes a token and place of the stream that the backward pass of a norm works with."""


def residual_bytes(model: Architecture, setup: Setup) -> int:
    """Bytes a token of what flows from layer to layer, which checkpointing keeps of each."""
    return stream_bytes(setup) * model.hidden


def stream_bytes(setup: Setup) -> int:
    """Bytes of a number between layers: trained 32-bit embeddings make it wide."""
    return setup.weight_bytes if setup.full else setup.compute_bytes


def saved_bytes(model: Architecture, layer: Layer, setup: Setup) -> float:
    """Bytes a token that one layer keeps without checkpointing."""
    return (
        _norms(model, layer, setup)
        + _inputs(model, layer, setup)
        + _mixing(model, layer, setup)
        + _feed(model, layer, setup)
        + _experts(model, layer, setup)
    )


def working_bytes(model: Architecture, layer: Layer, setup: Setup) -> float:
    """Bytes a token that the backward pass of one layer needs beyond what was kept of it."""
    c = setup.compute_bytes
    inner = max(layer.inner, layer.heads * layer.value_dim // 2)
    if layer.experts:
        inner = max(inner, layer.experts.chosen * layer.experts.inner)
    if setup.full:
        return 2 * c * inner + 2 * WIDE * model.hidden
    norming = POST_NORM * model.hidden if layer.post_norms else 0
    sorting = 2 * c * layer.experts.chosen * model.hidden if layer.experts else 0
    casts = WIDE if _casts(setup) else 0
    chosen = targets_in(layer, target_names(model, setup.targets))
    cast = max((each.inputs for each in chosen), default=0)
    feeding = (
        c * _widest_feed(model, layer, setup, inner)
        + casts * cast
        + (5 * c + casts // 2) * model.hidden
    )
    mixing = _linear(layer, setup) / 4 if layer.mixer == "linear" else 0
    return max(feeding + sorting, norming, mixing)


def scores_bytes(layer: Layer, setup: Setup) -> float:
    """Bytes of the attention scores that one layer keeps where each is computed."""
    if not layer.eager or layer.mixer not in ("attention", "sliding"):
        return 0.0
    scores = setup.batch * layer.heads * setup.length**2
    return (2 * setup.compute_bytes + WIDE) * scores


def borrowed_bytes(layer: Layer, setup: Setup) -> float:
    """Bytes, whatever the tokens, that a layer's passes borrow: weights in another type."""
    widest = max((each.weights for each in layer.matrices), default=0)
    if setup.full and setup.weight_bytes > setup.compute_bytes:
        own = sum(each.weights for each in layer.matrices)
        return setup.compute_bytes * (own + widest)
    if setup.bits:
        return setup.compute_bytes * widest
    return 0


def weighing_bytes(model: Architecture, layer: Layer, setup: Setup) -> float:
    """Bytes, whatever the tokens, that DoRA borrows for the norm of a layer's changed weight.

    peft multiplies both thin matrices with a unit matrix as wide as the layer's input, in 32 bits
    and in the type of products.
    """
    if not setup.dora:
        return 0.0
    c = setup.compute_bytes
    sizes = (
        (WIDE + c) * each.inputs**2 + c * each.weights
        for each in targets_in(layer, target_names(model, setup.targets))
    )
    return float(max(sizes, default=0))


def tile_share(setup: Setup) -> float:
    """The share of a batch's tokens whose feed-forward part is there at once."""
    return min(1.0, TILE / setup.tokens) if setup.tiled else 1.0


def _widest_feed(model: Architecture, layer: Layer, setup: Setup, inner: int) -> float:
    """Numbers a token that the backward pass of the feed-forward part works with.

    A tile's are computed again by itself: nothing of them was kept before.
    """
    if tile_share(setup) == 1.0:
        return inner
    return tile_share(setup) * (2 + _factors(model, layer, setup)) * layer.inner


def is_masked(model: Architecture, setup: Setup) -> bool:
    """Whether attention gets a mask, because rows are filled up or share a line."""
    return setup.padded and not (setup.mask_free and all(_unmasked(each) for each in model.layers))


def _unmasked(layer: Layer) -> bool:
    """Whether the variable-length kernel serves a layer."""
    fits = layer.head_dim <= WIDEST and not layer.head_dim % 8
    return layer.mixer in ("attention", "sliding") and fits and not layer.eager


def _casts(setup: Setup) -> bool:
    return setup.method == "lora" and setup.compute_bytes < WIDE and not setup.fused


def _kernels(model: Architecture, setup: Setup) -> bool:
    return setup.kernels and model.model_type in LIGER


def _norms(model: Architecture, layer: Layer, setup: Setup) -> float:
    width = layer.norms * model.hidden
    if layer.head_norm:
        width += (layer.heads + layer.kv_heads) * layer.head_dim
    if _kernels(model, setup):  # the input as it is, and a number
        flowing = model.hidden * (layer.norms - 2 if layer.post_norms else layer.norms)
        wider = stream_bytes(setup) - setup.compute_bytes
        return setup.compute_bytes * width + wider * flowing + WIDE * layer.norms
    kept = WIDE * width  # the input, in 32 bits
    if setup.full:
        kept += setup.weight_bytes * width  # its normed form, for the gradient of the norm's weight
    return kept + 2 * WIDE * layer.norms


def _inputs(model: Architecture, layer: Layer, setup: Setup) -> float:
    """Inputs of products whose weights are trained."""
    c = setup.compute_bytes
    if setup.full:
        shared = setup.weight_bytes == c  # no cast: one input serves all that read it
        return c * _full_inputs(layer, shared, tiled=tile_share(setup) < 1.0)
    chosen = targets_in(layer, target_names(model, setup.targets))
    each_input = sum(each.inputs for each in chosen)
    if setup.dropout:  # what is left of each adapter's input, and which numbers are
        kept = (c + 1) * each_input
    elif _casts(setup):  # peft casts each adapter's input to and fro
        kept = c * each_input
    else:
        ends = _ends_of_attention(layer)  # what they read is kept already
        read = {(each.block, each.inputs) for each in chosen if each.name not in ends}  # once
        tiled = tile_share(setup) < 1.0
        kept = c * sum(width for block, width in read if not (tiled and "mlp" in block))
    magnitudes = 2 * c * sum(each.outputs for each in chosen) if setup.dora else 0
    return kept + c * len(chosen) * setup.rank + magnitudes


def _ends_of_attention(layer: Layer) -> set[str]:
    """Names of the matrices that read an attention's output, the last of their block."""
    following = (*layer.matrices[1:], None)
    return {
        each.name
        for each, after in zip(layer.matrices, following, strict=True)
        if "att" in each.block and (after is None or after.block != each.block)
    }


def _full_inputs(layer: Layer, shared: bool, *, tiled: bool) -> int:
    """Widths of the inputs that are kept for weight gradients.

    What the last layer of an attention reads is kept already, as the attention's own output; what
    a tiled feed-forward part reads is made again.
    """
    widths, seen, ends = 0, set(), _ends_of_attention(layer)
    for each in layer.matrices:
        if each.name in ends or (tiled and "mlp" in each.block):
            continue
        if not shared or (each.block, each.inputs) not in seen:
            widths += each.inputs
        seen.add((each.block, each.inputs))
    return widths


def _mixing(model: Architecture, layer: Layer, setup: Setup) -> float:
    """What attention keeps: queries, keys, values, its output and a 32-bit sum for each head."""
    c = setup.compute_bytes
    if layer.mixer == "linear":
        return _linear(layer, setup)
    if layer.mixer == "convolution":  # gates and input in one, their product, both sides of it
        return 5 * c * layer.matrices[0].inputs
    queries, keys = layer.heads * layer.head_dim, layer.kv_heads * layer.head_dim
    values = layer.kv_heads * layer.value_dim
    output = layer.heads * layer.value_dim
    if any(each.outputs == queries + keys + values for each in layer.matrices):
        values += queries + keys  # the values are part of a fused product that stays whole
    if is_masked(model, setup) or not setup.heads_native:  # shared key heads are copied out
        keys, values = queries, output
    latent = WIDE * layer.matrices[-5].outputs if layer.mixer == "latent" else 0
    return c * (queries + keys + values + output) + WIDE * layer.heads + latent


def _linear(layer: Layer, setup: Setup) -> float:
    """What the gated delta rule keeps, computed in chunks of 64 tokens by transformers' own code.

    Keys, values and chunk products several times, in 32 bits and in the type of products.
    """
    c, heads = setup.compute_bytes, layer.heads
    keys, values = heads * layer.head_dim, heads * layer.value_dim
    states = keys * layer.value_dim / CHUNK
    chunks = heads * CHUNK
    mixed = layer.matrices[0].outputs
    return (
        (6 * WIDE + 6 * c) * keys
        + (5 * WIDE + 4 * c) * values
        + (2 * WIDE + 3 * c) * chunks
        + (WIDE + 2 * c) * states
        + 2 * c * mixed
    )


def _feed(model: Architecture, layer: Layer, setup: Setup) -> float:
    """What the feed-forward part keeps: gate, its activation, and the other factor."""
    if tile_share(setup) < 1.0:
        return stream_bytes(setup) * model.hidden  # the whole input, of which tiles are parts
    return _factors(model, layer, setup) * setup.compute_bytes * layer.inner


def _factors(model: Architecture, layer: Layer, setup: Setup) -> int:
    """How many tensors of the inner width are kept; Liger computes the activation again."""
    return 1 if not layer.gated else 2 if _kernels(model, setup) else 3


def _experts(model: Architecture, layer: Layer, setup: Setup) -> float:
    """What the chosen experts keep: inner products, outputs, and inputs where they are trained."""
    if layer.experts is None:
        return 0
    c, chosen, inner = setup.compute_bytes, layer.experts.chosen, layer.experts.inner
    widths = 2 * model.hidden + 4 * inner if setup.full else model.hidden + 3 * inner
    return chosen * c * widths + 2 * WIDE * layer.experts.count
