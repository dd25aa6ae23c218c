"""Model and data brought together, ready for the first step, with the ideas that are in use.

The trainer and the dry run stand on the same: what one measures is what the other does.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from finetune_studio.engine.adapters import with_adapter
from finetune_studio.engine.arguments import checkpointing_in_use
from finetune_studio.engine.by_unsloth import load_with_adapter
from finetune_studio.engine.dataset import Prepared
from finetune_studio.engine.device import Device
from finetune_studio.engine.lines import lay_out
from finetune_studio.engine.loading import keep_fewer_activations, load_model
from finetune_studio.engine.sharing import lengths_of
from finetune_studio.engine.speed.adapter import fuse_adapters
from finetune_studio.engine.speed.ahead import choose_ahead
from finetune_studio.engine.speed.choice import Choice, Ideas
from finetune_studio.engine.speed.compiled import choose_compiled, compile_layers
from finetune_studio.engine.speed.eighths import multiply_in_float8
from finetune_studio.engine.speed.head import Head, choose_head
from finetune_studio.engine.speed.joined import join_layers
from finetune_studio.engine.speed.kernels import use_kernels
from finetune_studio.engine.speed.offload import offload_checkpoints
from finetune_studio.engine.speed.selective import choose_selective, keep_activations
from finetune_studio.engine.speed.tiled import tile_feed_forward
from finetune_studio.engine.speed.unread import skip_unread
from finetune_studio.recipe import store
from finetune_studio.recipe.schema import Recipe
from finetune_studio.recipe.steps import Steps, count_steps

OF_LAYERS = (
    "fp8_base",
    "compile",
    "liger_kernels",
    "selective_checkpointing",
    "offload_checkpoints",
    "fused_adapters",
    "float8_products",
    "joined_layers",
    "tiled_mlp",
    "unread_products",
)
"""The ideas that are of the layers themselves."""


@dataclass(frozen=True)
class Footing:
    """What a run stands on.

    Attributes:
        model: With its adapter, on its device.
        data: In the lines that the model keeps apart.
        steps: How long the run is with them.
        head: Where the loss is made in chunks.
        ahead: Whether batches are made while steps compute.
        ideas: What is in use, and why not.
    """

    model: Any
    data: Prepared
    steps: Steps
    head: Head | None
    ahead: bool
    ideas: Ideas


def stand(
    recipe: Recipe, source: Path, device: Device, data: Prepared, emit: Callable[..., None]
) -> Footing:
    """Load the model and fit it and the data to each other.

    The order matters: what is tried on the model wants it without an adapter, what is compiled
    wants it with one.

    Args:
        recipe: What the person decided.
        source: The model's folder.
        device: Where to.
        data: Tokenised rows.
        emit: Hears what was asked for and cannot be.
    """
    if recipe.training.engine == "unsloth":
        return _stand_by_unsloth(recipe, source, device, data, emit)
    ideas = Ideas()
    model = load_model(recipe, source, device, data.labels, data.pad_id)
    ideas.note("fp8_base", _fp8(recipe, device))
    data = lay_out(recipe, model, data, device, ideas, emit)
    head, choice = choose_head(recipe, model, device)
    ideas.note("chunked_loss", choice)
    steps = count_steps(recipe, len(data.train), device.world)
    batches, packed = steps.total * recipe.training.accumulation, data.packed
    compiled = ideas.note("compile", choose_compiled(recipe, device, batches, packed=packed))
    kernels = use_kernels(recipe, model, device, compiled=bool(compiled))
    ideas.note("liger_kernels", kernels)
    tokens = _fullest(recipe, data)
    _keep_fewer(recipe, model, data, device, ideas)
    ideas.note("offload_checkpoints", offload_checkpoints(recipe, model, device, tokens))
    model = with_adapter(model, recipe)
    ideas.note("fused_adapters", fuse_adapters(recipe, model))
    ideas.note("float8_products", multiply_in_float8(recipe, model, device))
    ideas.note("joined_layers", join_layers(recipe, model, device, compiled=bool(compiled)))
    ideas.note("tiled_mlp", tile_feed_forward(recipe, model, device, tokens))
    unread = skip_unread(recipe, model, device, compiled=bool(compiled))
    ideas.note("unread_products", unread)
    if compiled:
        compile_layers(model)
    if compiled and packed:
        length = recipe.training.sequence_length
        data = replace(data, collator=replace(data.collator, length=length))
    ahead = ideas.note("prefetch", choose_ahead(recipe, device))
    return Footing(model, data, steps, head, bool(ahead), ideas)


def _stand_by_unsloth(
    recipe: Recipe, source: Path, device: Device, data: Prepared, emit: Callable[..., None]
) -> Footing:
    """The same with Unsloth's layers, which bring their own ideas of speed.

    Only one line a batch tells them which rows share it, so packed lines are laid end to end.
    """
    ideas = Ideas({name: Choice(False, "Unsloth's layers have their own") for name in OF_LAYERS})
    model = load_with_adapter(recipe, source, device, data.pad_id)
    plain = store.with_changes(recipe, {"training.speed.varlen_attention": "off"})
    data = lay_out(plain, model, data, device, ideas, emit)
    if data.packed:
        data = replace(data, collator=replace(data.collator, flat=True))
    head, choice = choose_head(recipe, model, device)
    ideas.note("chunked_loss", choice)
    ideas.note("varlen_attention", ideas.choices["compile"])
    ahead = ideas.note("prefetch", choose_ahead(recipe, device))
    steps = count_steps(recipe, len(data.train), device.world)
    return Footing(model, data, steps, head, bool(ahead), ideas)


def _fp8(recipe: Recipe, device: Device) -> Choice:
    if recipe.method.base_precision != "fp8":
        return Choice(False, "method.base_precision does not ask for it")
    slow = "" if device.kind == "cuda" else ", in plain operations: this processor has no products"
    return Choice(True, f"as asked{slow}")


def _fullest(recipe: Recipe, data: Prepared) -> int:
    """Tokens of the fullest batch there can be, padding included."""
    longest = int(lengths_of(data.train).max())
    if data.packed:
        longest = max(longest, recipe.training.sequence_length)
    return recipe.training.batch_size * longest


def _keep_fewer(recipe: Recipe, model: Any, data: Prepared, device: Device, ideas: Ideas) -> None:
    """Compute activations again, where that is in use: in the layers whose own do not fit."""
    longest = int(lengths_of(data.train).max())
    config, labels = model.config.to_dict(), len(data.label_names)
    kept, choice = choose_selective(recipe, device, config, longest, labels)
    ideas.note("selective_checkpointing", choice)
    if checkpointing_in_use(recipe, device):
        keep_fewer_activations(model)
        keep_activations(model, kept)
