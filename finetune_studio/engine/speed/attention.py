"""Attention over rows laid end to end, without a mask: PyTorch's variable-length kernel.

Registered beside transformers' own attentions as `varlen`. Batches that carry the rows' edges
(`cu_seq_lens_q`, see collating) go through it; anything else, such as generation, through SDPA with
the mask that transformers makes. Families, windows and head sizes it does not serve keep their
attention, whose block-diagonal mask gives the same result. Where all rows of a batch are as long as
the run's rows can be, even.py may have a faster kernel.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend
from transformers import PreTrainedConfig
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS, sdpa_mask
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from finetune_studio.engine.device import Device
from finetune_studio.engine.speed import even
from finetune_studio.engine.speed.choice import Choice, choose
from finetune_studio.recipe.schema import Recipe

NAME = "varlen"
SERVED = {"full_attention", "sliding_attention"}
WIDEST = 256  # the widest head of the flash kernels
OLDEST = (8, 0)  # their oldest compute capability
TRIED = 32  # tokens that a kernel is tried on


class _Edges:
    """The edges of the rows in the model now; None where the batch brought none.

    Kept here and not handed down through the layers: families differ in what they hand down, and a
    compiled layer would be compiled anew for every other number of rows. What is computed again in
    the backward pass finds them too, since it comes before the next batch.
    """

    starts: torch.Tensor | None = None
    longest = 0
    full = 0  # tokens of a row that is as long as the recipe lets it be


def choose_attention(recipe: Recipe, device: Device, config: PreTrainedConfig) -> Choice:
    """Whether rows go through the variable-length kernel."""
    asked = recipe.training.speed.varlen_attention
    return choose(asked, "" if asked == "off" else _obstacle(device, config))


def _obstacle(device: Device, config: PreTrainedConfig) -> str:
    text, size = config.get_text_config(), head_size(config)
    if device.kind != "cuda":
        return "the kernel runs on NVIDIA GPUs"
    if kernel() is None:
        return f"PyTorch {torch.__version__} lacks it"
    if torch.cuda.get_device_capability(device.index) < OLDEST:
        return "it needs compute capability 8.0"
    if device.precision == "fp32":
        return "it computes in 16 bits"
    if size > WIDEST or size % 8:
        return f"it has no heads of size {size}"
    if getattr(text, "attn_logit_softcapping", None):
        return "it has no soft cap"
    kinds = set(getattr(text, "layer_types", None) or SERVED)
    if not kinds <= SERVED:
        return f"it has no {', '.join(sorted(kinds - SERVED))}"
    return ""


def head_size(config: PreTrainedConfig) -> int:
    """Numbers of one attention head."""
    text = config.get_text_config()
    return int(getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads)


def kernel() -> Callable[..., Any] | None:
    """PyTorch's `varlen_attn`; None before PyTorch 2.10."""
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return None
    found: Callable[..., Any] = varlen_attn
    return found


def install(model: nn.Module, full: int = 0) -> Callable[[], None]:
    """Let the model's text layers attend through this module.

    Args:
        model: The model.
        full: Tokens of a row that is as long as the recipe lets it be; 0 where none is.

    Returns:
        What takes back all but the choice of the attention.

    Raises:
        ValueError: The family does not let its attention be chosen.
    """
    ALL_ATTENTION_FUNCTIONS.register(NAME, torch.compiler.disable(attend))
    ALL_MASK_ATTENTION_FUNCTIONS.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)
    _Edges.full = full
    if model.config.get_text_config()._attn_implementation != NAME:
        raise ValueError("the family's attention cannot be chosen")
    return model.register_forward_pre_hook(_take, with_kwargs=True).remove


def _take(_module: nn.Module, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Take the edges out of a batch; in place of a mask, something that nobody reads.

    transformers hands a mask of four dimensions on as it is. Without one it looks where rows end by
    itself, and has to wait for the GPU to tell.
    """
    _Edges.starts = kwargs.pop("cu_seq_lens_q", None)
    _Edges.longest = kwargs.pop("max_length_q", 0)
    if _Edges.starts is not None:
        kwargs["attention_mask"] = _Edges.starts.new_empty(1, 1, 1, 1)
    return args, kwargs


def attend(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of one layer.

    Args:
        module: The layer.
        query: `[rows, heads, tokens, size]`; key and value may have fewer heads.
        key: See `query`.
        value: See `query`.
        attention_mask: For batches without edges.
        scaling: Of the products; None takes 1 / √size.
        dropout: Of the attention weights; the kernel has none.
        sliding_window: How many tokens, itself included, a token sees; None sees all before it.
        options: What other attentions take.

    Returns:
        `[rows, tokens, heads, size]`, and None for the weights.

    Raises:
        ValueError: The family asks for what the kernel lacks.
    """
    starts, longest = _Edges.starts, _Edges.longest
    if starts is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling,
            sliding_window=sliding_window, **options,
        )  # fmt: skip
    if dropout or options.get("softcap") is not None or options.get("s_aux") is not None:
        raise ValueError("the variable-length kernel has no dropout, soft cap or sinks")
    if _are_full(starts, longest, query, sliding_window) and even.serves(query, key, longest):
        rows = query, key, value
        return even.attend(rows, longest, scaling, SDPBackend.CUDNN_ATTENTION), None
    window = (sliding_window - 1 if sliding_window else -1, 0)
    return _apart((query, key, value), starts, longest, scaling, window), None


def _are_full(
    starts: torch.Tensor, longest: int, query: torch.Tensor, sliding_window: int | None
) -> bool:
    """Whether every row is as long as any can be; told without asking the GPU where they end."""
    rows, tokens = len(starts) - 1, query.shape[0] * query.shape[2]
    whole = not sliding_window or sliding_window >= longest
    return whole and longest == _Edges.full and rows * longest == tokens


def _apart(
    given: tuple[torch.Tensor, ...],
    starts: torch.Tensor,
    longest: int,
    scaling: float | None,
    window: tuple[int, int],
) -> torch.Tensor:
    """Attention of rows that do not see each other, by the kernel; shapes as in `attend`."""
    run = kernel()
    assert run is not None
    rows, _, tokens, _ = given[0].shape
    flat = [each.transpose(1, 2).flatten(0, 1).contiguous() for each in given]
    flat[1:], grouped = _heads(flat, run)
    edges = starts, starts, longest, longest
    out = run(*flat, *edges, scale=scaling, window_size=window, **grouped)
    made: torch.Tensor = out.unflatten(0, (rows, tokens))
    return made


def _heads(flat: list[torch.Tensor], run: Callable[..., Any]) -> tuple[list[torch.Tensor], Any]:
    """Keys and values with the heads that the kernel takes."""
    query, *others = flat
    groups = query.shape[1] // others[0].shape[1]
    if groups == 1:
        return others, {}
    if "enable_gqa" in (getattr(run, "__kwdefaults__", None) or {}):
        return others, {"enable_gqa": True}
    if takes_groups(run, query.dtype, query.device):
        return others, {}
    return [each.repeat_interleave(groups, 1) for each in others], {}


@cache
def takes_groups(run: Callable[..., Any], kind: torch.dtype, place: torch.device) -> bool:
    """Whether a kernel that does not say so reads shared key heads where they are.

    Tried on few numbers, forward and backward, beside copies of the heads: as PyTorch 2.11's does,
    which spares the copies that every layer would keep.
    """
    drawn = torch.Generator(place).manual_seed(0)
    query, key, value = (
        torch.randn(TRIED, heads, 16, generator=drawn, dtype=kind, device=place)
        for heads in (4, 2, 2)
    )
    edges = torch.tensor([0, TRIED], dtype=torch.int32, device=place)

    @torch.enable_grad()
    def attended(copies: int) -> list[torch.Tensor]:
        given = [each.clone().requires_grad_() for each in (query, key, value)]
        whole = [each.repeat_interleave(copies, 1) for each in given[1:]]
        out = run(given[0], *whole, edges, edges, TRIED, TRIED, window_size=(-1, 0))
        return [out.detach(), *torch.autograd.grad(out.float().sin().sum(), given)]

    try:
        shared, copied = attended(1), attended(2)
    except (RuntimeError, ValueError, IndexError):
        return False
    near = 8 * torch.finfo(kind).eps
    return all(
        one.shape == other.shape and torch.allclose(one, other, rtol=near, atol=near)
        for one, other in zip(shared, copied, strict=True)
    )
