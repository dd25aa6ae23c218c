"""What a model is made of, counted from its config.json alone: no weights, no torch.

A family that is not known is said to be unknown; nothing is guessed.
"""

from collections.abc import Mapping
from typing import Any

from finetune_studio.catalog.building import build_layers
from finetune_studio.catalog.configuration import Figures
from finetune_studio.catalog.families import FAMILIES
from finetune_studio.catalog.layers import Architecture, Matrix
from finetune_studio.catalog.local import context_length, text_config
from finetune_studio.errors import RefusedError
from finetune_studio.i18n import tr

TEXT_OF = {"gemma3": "gemma3_text", "qwen3_5": "qwen3_5_text"}
"""Multimodal types, and the type of the text model inside them."""
SEEING = {"gemma3"}
"""Types whose vision part is loaded for training on text, too."""


def read_architecture(config: Mapping[str, Any]) -> Architecture:
    """What the model of this configuration is made of.

    Args:
        config: The content of config.json.

    Raises:
        RefusedError: The family is not known, or a figure is missing or makes no sense.
    """
    outer = str(config.get("model_type") or "")
    inner = text_config(config)
    model_type = TEXT_OF.get(outer, outer)
    if model_type not in FAMILIES:
        raise RefusedError(
            tr("The plan does not know this kind of model."),
            tr("How a model of the type “{kind}” is built is not known here.").format(
                kind=outer or "?"
            ),
            tr("It can be trained nevertheless; the dry run measures what it needs."),
        )
    figures = Figures(model_type, inner)
    family = FAMILIES[model_type]
    hidden = figures.size("hidden_size")
    seen, seen_small = _vision(config, hidden) if outer in SEEING else ((), 0)
    return Architecture(
        model_type=outer,
        hidden=hidden,
        vocabulary=figures.size("vocab_size"),
        context=context_length(config),
        layers=build_layers(figures, family),
        tied=figures.flag("tie_word_embeddings"),
        positions=figures.size("max_position_embeddings") if model_type == "gpt2" else 0,
        norm_size=family.norm_size,
        seen=seen,
        seen_small=seen_small,
        cap=family.cap or figures.given("final_logit_softcapping") is not None,
    )


def knows(config: Mapping[str, Any]) -> bool:
    """Whether the family of this configuration is known."""
    outer = str(config.get("model_type") or "")
    return TEXT_OF.get(outer, outer) in FAMILIES


def _vision(config: Mapping[str, Any], hidden: int) -> tuple[tuple[Matrix, ...], int]:
    """The SigLIP tower and its projection: linear layers, and all other parameters."""
    given = config.get("vision_config")
    if not isinstance(given, dict):
        return (), 0
    figures = Figures("siglip_vision_model", given)
    width, inner = figures.size("hidden_size"), figures.size("intermediate_size")
    patch, image = figures.size("patch_size"), figures.size("image_size")
    block = (
        *(Matrix(name, "self_attn", width, width, True) for name in ("q_proj", "k_proj", "v_proj")),
        Matrix("out_proj", "self_attn", width, width, True),
        Matrix("fc1", "mlp", width, inner, True),
        Matrix("fc2", "mlp", inner, width, True),
    )
    layers = figures.size("num_hidden_layers")
    patches = (patch * patch * 3 + 1) * width + (image // patch) ** 2 * width
    norms = (4 * layers + 2) * width
    projection = width * hidden + width
    pooling = _pooling(width, inner) if figures.flag("vision_use_head", True) else 0
    return block * layers, patches + norms + projection + pooling


def _pooling(width: int, inner: int) -> int:
    """The head that sums an image up: a probe, attention, a norm and a feed-forward part."""
    attention = 4 * (width * width + width)
    return width + attention + 2 * width + 2 * width * inner + inner + width
