"""Rows that share a line of a batch: packed once, or laid end to end in each batch.

Whether a model keeps such rows apart is not believed but tried, before the first step: short rows
alone and in one line must get the same answers, with the very attention that will train.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from accelerate import PartialState
from datasets import Dataset
from torch import nn

from finetune_studio.engine.collating import Collator, moved
from finetune_studio.engine.dataset import Prepared
from finetune_studio.engine.device import Device
from finetune_studio.engine.speed import attention
from finetune_studio.engine.speed.choice import Choice, Ideas, choose
from finetune_studio.i18n import mark
from finetune_studio.recipe.schema import Recipe

TRIED = (5, 11, 1, 8)  # tokens of the rows that are tried
CLOSE = {"fp32": 1e-3, "bf16": 0.05, "fp16": 0.02}
"""How far answers may be apart, as a share of their own size: rounding, many times over. Rows that
see each other are apart by a multiple of it, by 0.3 and more in tiny models of random weights."""

Emit = Callable[..., None]


def lay_out(
    recipe: Recipe, model: nn.Module, data: Prepared, device: Device, ideas: Ideas, emit: Emit
) -> Prepared:
    """The data in the lines that the recipe asks for and the model can keep apart.

    Args:
        recipe: What the person decided.
        model: The base model on its device; its attention may be exchanged.
        data: Tokenised rows, one a line.
        device: Where the model is.
        ideas: Hears what is in use.
        emit: Hears why packing is not, where it was asked for.
    """
    asked = recipe.training.speed.padding_free
    alone = recipe.task.kind == "classify" or (asked == "off" and not recipe.training.packing)
    kernel = _try_kernel(recipe, model, device, alone)
    ideas.note("varlen_attention", kernel)
    wanted = recipe.training.packing or asked == "on"
    apart = bool(kernel) or (wanted and not alone and keeps_apart(model, device, edges=False))
    collator = replace(data.collator, edges=bool(kernel))
    if recipe.training.packing and apart:
        ideas.note("padding_free", Choice(False, "the rows are packed"))
        return replace(data, train=pack(data.train, recipe), collator=collator)
    if recipe.training.packing:
        _tell_off(emit)
    flat = ideas.note("padding_free", _flat(recipe, bool(kernel), apart))
    return replace(data, collator=replace(collator, flat=bool(flat)))


def _flat(recipe: Recipe, kernel: bool, apart: bool) -> Choice:
    asked = recipe.training.speed.padding_free
    obstacle = "this model's rows would see each other" if asked == "on" and not apart else ""
    if recipe.task.kind == "classify":
        obstacle = "a classification reads the end of each line"
    worth = "" if kernel else "a mask over the whole line would cost more than padding"
    return choose(asked, obstacle, worth=worth)


def _try_kernel(recipe: Recipe, model: nn.Module, device: Device, alone: bool) -> Choice:
    if alone:
        return Choice(False, "no rows share a line")
    choice = attention.choose_attention(recipe, device, model.config)
    if not choice:
        return choice
    before, remove = model.config._attn_implementation, _nothing
    try:
        remove = attention.install(model, recipe.training.sequence_length)
        if keeps_apart(model, device, edges=True):
            return choice
        why = "this model's rows saw each other when it was tried"
    except (ValueError, TypeError, RuntimeError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        why = " ".join(str(error).split())[:200]
    remove()
    model.set_attn_implementation(before)
    return Choice(False, why)


def _nothing() -> None:
    """Take back what was never put in."""


@torch.no_grad()
def keeps_apart(model: nn.Module, device: Device, *, edges: bool) -> bool:
    """Whether rows in one line get the answers that they get alone; not where it cannot be asked.

    Args:
        model: A generating model on its device.
        device: Where it is.
        edges: Hand over where each row begins, for attention without a mask.
    """
    try:
        return _try(model, device, edges)
    except (TypeError, ValueError, RuntimeError) as error:  # families that know no positions
        if edges or isinstance(error, torch.OutOfMemoryError):
            raise
        return False


def _try(model: nn.Module, device: Device, edges: bool) -> bool:
    was_training = model.training
    model.eval()
    drawn = torch.Generator().manual_seed(7)
    size = model.get_input_embeddings().num_embeddings
    rows = [torch.randint(size, (length,), generator=drawn).tolist() for length in TRIED]
    line = Collator(0, flat=True, edges=edges)([{"input_ids": r, "labels": r} for r in rows])
    together = _answers(model, device, line)
    alone = [_answers(model, device, {"input_ids": torch.tensor([row])}) for row in rows]
    model.train(was_training)
    expected = torch.cat(alone)
    return bool((together - expected).norm() <= CLOSE[device.precision] * expected.norm())


def _answers(model: nn.Module, device: Device, batch: dict[str, Any]) -> torch.Tensor:
    given = moved({name: value for name, value in batch.items() if name != "labels"}, device.place)
    with torch.autocast(device.kind, device.dtype, enabled=device.precision != "fp32"):
        found: torch.Tensor = model(**given, use_cache=False).logits[0]
    return found.float()


def pack(rows: Dataset, recipe: Recipe) -> Dataset:
    """Rows packed into sequences of at most the sequence length, best fit first, once for all."""
    from trl import pack_dataset  # slow to import, and not every run packs

    with PartialState(cpu=not torch.cuda.is_available()).main_process_first():
        return pack_dataset(rows, recipe.training.sequence_length, "bfd")


def _tell_off(emit: Emit) -> None:
    emit(
        "notice",
        level="warning",
        code="packing-off",
        text=mark("Packing is off: this model does not keep packed rows apart."),
        values={},
    )
